// Writes the table of formats in docs/writing-a-job.md from what the sources of tables say, and that of kinds in
// docs/sources.md from what the sources of datasets say. What renders is pure: its test calls it, too.
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

/**
 * @param {Readonly<Record<string, object>>} kinds of sources of datasets (DatasetKind), by name
 * @returns {string} a Markdown table
 */
export function renderKinds(kinds) {
  const lines = Object.entries(kinds).map(([name, { schema, reads, types, extension }]) => {
    const keys = Object.entries(schema.shape).filter(([key]) => key !== 'kind');
    const cells = [
      `\`${name}\``,
      reads,
      keys.map(keyOf).join(', '),
      types,
      extension ? `\`${extension}\`` : '–',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| kind | what it is | keys, with their defaults (or `?`) | types of columns | extension of DuckDB |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function keyOf([key, { def }]) {
  if (def.type === 'default') return `\`${key}\` (\`${def.defaultValue}\`)`;
  return def.type === 'optional' ? `\`${key}\`?` : `\`${key}\``;
}

/**
 * @param {string} page docs/sources.md
 * @param {Readonly<Record<string, object>>} kinds
 * @returns {string} the page with their table
 */
export function withKinds(page, kinds) {
  return withTable(page, 'kinds', renderKinds(kinds), 'table');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { tableSources } = await import(pathToFileURL(join(root, 'dist/src/data/sources/index.js')).href);
  const { datasetKinds } = await import(pathToFileURL(join(root, 'dist/src/data/datasets/source.js')).href);
  write('docs/writing-a-job.md', (page) => withSources(page, tableSources));
  write('docs/sources.md', (page) => withKinds(page, datasetKinds));
}

function write(name, change) {
  const path = join(root, name);
  const before = readFileSync(path, 'utf8');
  const page = change(before);
  if (page !== before) writeFileSync(path, page);
}
