// Writes the table of formats in docs/writing-a-job.md from what the sources of tables say. What renders is pure: its
// test calls it, too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './ensure-installed.mjs';
import { withTable } from './gen-protocols.mjs';

/**
 * @param {readonly object[]} sources of tables (TableSource)
 * @returns {string} a Markdown table
 */
export function renderSources(sources) {
  const code = (words) => words.map((word) => `\`${word}\``).join(', ') || '–';
  const lines = sources.map(({ name, extensions, types, options, write }) => {
    const writes = write === undefined ? 'not written' : code(write.options);
    return `| ${name} | ${code(extensions)} | ${types} | ${code(options)} | ${writes} |`;
  });
  return [
    '| format | files | types of its columns | options of `readTable` beside `columns`, `types`, `signal` | options of `writeTable` |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/**
 * @param {string} page docs/writing-a-job.md
 * @param {readonly object[]} sources
 * @returns {string} the page with their table
 */
export function withSources(page, sources) {
  return withTable(page, 'formats', renderSources(sources), 'table');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(root, 'docs/writing-a-job.md');
  const { tableSources } = await import(pathToFileURL(join(root, 'dist/src/data/sources/index.js')).href);
  const before = readFileSync(path, 'utf8');
  const page = withSources(before, tableSources);
  if (page !== before) writeFileSync(path, page);
}
