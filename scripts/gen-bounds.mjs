// Writes the table of bounds in docs/cli.md from the one list in src/supervisor/seam/bounds.ts: names, defaults, and
// what stands beside each. What renders is pure: its test calls it, too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { root } from './ensure-installed.mjs';
import { withTable } from './gen-protocols.mjs';

const LIST = 'DEFAULT_BOUNDS';

/** Units of `--bound`, the largest first. */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** @param {number} ms @returns {string} as `--bound` takes it */
function durationOf(ms) {
  const [unit, size] = UNITS.find(([, size]) => ms >= size && (ms / size) % 0.5 === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/** What is said before a node, as one paragraph of a page in docs/. */
function said(source, node) {
  const comment = source.slice(node.getFullStart(), node.getStart());
  const text = comment.replace(/^\s*\/?\*+\/?|\*\/\s*$/gm, '').replace(/\s+/g, ' ');
  return text.replace(/\bdocs\/([a-z-]+\.md)/g, '[$1]($1)').trim();
}

/** @param {string} source the text of bounds.ts */
function boundsIn(source) {
  const file = ts.createSourceFile('bounds.ts', source, ts.ScriptTarget.Latest, true);
  const statement = file.statements
    .filter(ts.isVariableStatement)
    .find(({ declarationList }) => declarationList.declarations[0]?.name.getText() === LIST);
  const list = statement?.declarationList.declarations[0]?.initializer;
  if (list === undefined || !ts.isObjectLiteralExpression(list)) throw new Error(`no list ${LIST}`);
  const bounds = list.properties.map((property) => ({
    name: property.name.getText(),
    ms: Number(property.initializer.getText().replaceAll('_', '')),
    text: said(source, property),
  }));
  return { about: said(source, statement), bounds };
}

/**
 * @param {string} page docs/cli.md
 * @param {string} source the text of bounds.ts
 * @returns {string} the page with the table of its bounds
 */
export function withBounds(page, source) {
  const { about, bounds } = boundsIn(source);
  const lines = bounds.map(
    ({ name, ms, text }) => `| \`${name}\` | ${ms.toLocaleString('en')} | \`${durationOf(ms)}\` | ${text} |`,
  );
  const head = ['| bound | default, in ms | as in `--bound` | |', '| --- | --- | --- | --- |'];
  return withTable(page, 'a run', [about, '', ...head, ...lines].join('\n'), 'bounds');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(root, 'docs/cli.md');
  const before = readFileSync(path, 'utf8');
  const page = withBounds(before, readFileSync(join(root, 'src/supervisor/seam/bounds.ts'), 'utf8'));
  if (page !== before) writeFileSync(path, page);
}
