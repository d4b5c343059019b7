// Writes the tables of costs in docs/protocols.md from what the protocols declare. `renderCosts` and `withTable` are pure: the drift test calls them, too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './ensure-installed.mjs';

/** Elements that costs are divided by: whole words, so that nothing is rounded up. */
const LENGTH = 6400;
const dims = { batch: 1, rows: 80, inner: 80, columns: 80 };

const rows = [
  ['shareA', 'share a number', (c) => c.shareA(0, LENGTH)],
  ['shareB', 'share a boolean', (c) => c.shareB(0, LENGTH, 1)],
  ['openA', 'open a number to all', (c) => c.openA(LENGTH)],
  ['openB', 'open a boolean to all', (c) => c.openB(LENGTH, 1)],
  ['mulSS', 'product in the ring', (c) => c.mulSS(LENGTH)],
  ['matmulSS', 'matrix product, an element of the result', (c) => c.matmulSS(dims)],
  ['mulTruncSS', 'product of fixed numbers (18 bits)', (c) => c.mulTruncSS(LENGTH, 18)],
  ['truncS', 'truncation, off by less than 1 (18 bits)', (c) => c.truncS(LENGTH, 18)],
  ['truncExactS', 'exact truncation (18 bits)', (c) => c.truncExactS(LENGTH, 18)],
  ['andSS', 'and of two bits', (c) => c.andSS(LENGTH, 1)],
  ['a2b', 'number to 64 bits', (c) => c.a2b(LENGTH, 64)],
  ['b2a', '64 bits to a number', (c) => c.b2a(LENGTH, 64)],
  ['bit2a', 'bit to a number', (c) => c.bit2a(LENGTH)],
  ['msbS', 'sign; a comparison', (c) => c.msbS(LENGTH)],
  ['eqzS', 'zero or not; an equality', (c) => c.eqzS(LENGTH)],
  ['randomA', 'random number', (c) => c.randomA(LENGTH)],
  ['shuffleS', 'shuffle, one column', (c) => c.shuffleS(LENGTH, 1)],
];

const number = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(2).replace(/0$/, ''));

/**
 * @param {object} costs what a protocol declares (ProtocolCosts)
 * @returns {string} a Markdown table
 */
export function renderCosts(costs) {
  const lines = rows.map(([name, what, of]) => {
    const { rounds, bytes } = of(costs);
    const each = bytes.map((total) => total / LENGTH);
    const mean = each.reduce((sum, share) => sum + share, 0) / each.length;
    return `| \`${name}\` | ${what} | ${rounds} | ${number(mean)} | ${each.map(number).join(', ')} |`;
  });
  return [
    '| primitive | what | rounds | bytes an element, mean of members | by member |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/**
 * @param {string} page
 * @param {string} name of the protocol, as in the markers around its table
 * @param {string} table
 * @returns {string} the page with this table
 */
export function withTable(page, name, table) {
  const [begin, end] = [`<!-- costs of ${name} (npm run gen) -->`, `<!-- end of costs of ${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/protocols.md has no place for the costs of ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}

/** @returns {Promise<Record<string, object>>} what protocols declare, by the names in the markers of the page */
export async function declaredCosts() {
  const load = (path) => import(pathToFileURL(join(root, 'dist/src/secure', path)).href);
  const { rep3Costs } = await load('protocols/rep3/costs.js');
  const { semi2kCosts } = await load('protocols/semi2k/costs.js');
  const { otCosts } = await load('correlation/ot-costs.js');
  const { dealerCosts } = await load('correlation/dealer-source.js');
  return {
    rep3: rep3Costs,
    'semi2k, two members without a dealer': semi2kCosts(2, { kind: 'pair', costs: otCosts(4) }),
    'semi2k, two members and a dealer': semi2kCosts(2, { kind: 'pair', costs: dealerCosts(2) }),
    'semi2k, three members and a dealer': semi2kCosts(3, { kind: 'group', costs: dealerCosts(3) }),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(root, 'docs/protocols.md');
  const before = readFileSync(path, 'utf8');
  let page = before;
  for (const [name, costs] of Object.entries(await declaredCosts())) {
    page = withTable(page, name, renderCosts(costs));
  }
  if (page !== before) writeFileSync(path, page);
}
