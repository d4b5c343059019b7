// Writes the tables of costs in docs/protocols.md from what protocols and operations declare. What renders is pure: the tests of the page call it, too.
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

/** Fractional bits of the operations whose costs are shown. */
const FRAC_BITS = 18;
/** Rows of 100 elements, for what works along an axis; keys of a sort. */
const [ROWS, SIZE, KEYS] = [LENGTH, 100, 1024];

/**
 * Operations by their names in src/secure/ops: what a row is about, what its bytes are divided by, its cost from what a protocol declares.
 * What is missing is local.
 * @param {{ opCosts: object, tensorCosts: object, sortOnAverage: Function }} declared
 */
export function operationRows({ opCosts, tensorCosts: t, sortOnAverage }) {
  const each = (op, what = '') => [op, what, LENGTH, (c) => opCosts[op](c, LENGTH, FRAC_BITS)];
  const tensor = (op, what, of, by = LENGTH) => [op, what, by, of];
  const matrix = tensor('matmul', 'an element of the result, 80 × 80 by 80 × 80', (c) =>
    t.matmul(c, dims, FRAC_BITS),
  );
  return [
    each('mul', 'two fixed numbers'),
    tensor('mul', 'by a public fixed number', (c) => t.mulByPublic(c, LENGTH, FRAC_BITS)),
    tensor('mul', 'exact', (c) => t.mulExact(c, LENGTH, FRAC_BITS)),
    tensor('mul', 'exact, by a public fixed number', (c) => t.mulByPublicExact(c, LENGTH, FRAC_BITS)),
    tensor('mul', 'integers', (c) => t.mulOfIntegers(c, LENGTH)),
    each('square'),
    matrix,
    tensor('matmul', 'exact', (c) => t.matmulExact(c, dims, FRAC_BITS)),
    tensor('matmul', 'by a public matrix', (c) => t.matmulByPublic(c, dims, FRAC_BITS)),
    tensor('matmul', 'integers', (c) => t.matmulOfIntegers(c, dims)),
    tensor('dot', 'two vectors of 100', (c) => t.dot(c, ROWS, SIZE, FRAC_BITS), ROWS),
    tensor('mean', 'of 100 elements', (c) => t.mean(c, ROWS, SIZE, FRAC_BITS), ROWS),
    ...['lt', 'le', 'eq', 'abs', 'relu', 'minimum', 'maximum'].map((op) => each(op)),
    tensor(
      'max',
      'of 100 elements, for each of 99 comparisons',
      (c) => t.max(c, ROWS, SIZE),
      ROWS * (SIZE - 1),
    ),
    tensor('min', 'the same', (c) => t.min(c, ROWS, SIZE), ROWS * (SIZE - 1)),
    tensor('argmax', 'the same', (c) => t.argmax(c, ROWS, SIZE), ROWS * (SIZE - 1)),
    tensor('select', 'numbers', (c) => t.select(c, LENGTH, LENGTH)),
    tensor('select', 'booleans', (c) => t.selectOfBooleans(c, LENGTH)),
    tensor('and', '', (c) => t.and(c, LENGTH)),
    tensor('or', '', (c) => t.or(c, LENGTH)),
    tensor('clamp', '', (c) => t.clamp(c, LENGTH)),
    tensor('checkWithin', 'keys that rest on an assumption, before `sort`', (c) => t.checkWithin(c, LENGTH)),
    tensor('shift', 'by -18', (c) => t.shift(c, LENGTH, -18)),
    tensor('cast', 'boolean to number', (c) => t.cast(c, LENGTH, 'boolean', 'fixed', FRAC_BITS)),
    tensor('cast', 'number to boolean', (c) => t.cast(c, LENGTH, 'fixed', 'boolean', FRAC_BITS)),
    tensor('cast', 'fixed to integer', (c) => t.cast(c, LENGTH, 'fixed', 'integer', FRAC_BITS)),
    each('div'),
    tensor('div', 'by a public number up to 1', (c) => t.divByNumber(c, LENGTH, 1, FRAC_BITS)),
    ...['reciprocal', 'sqrt', 'rsqrt', 'log', 'exp', 'sigmoid', 'tanh'].map((op) => each(op)),
    tensor('softmax', 'of 100 elements, each', (c) => t.softmax(c, ROWS, SIZE, FRAC_BITS), ROWS * SIZE),
    tensor('shuffle', 'one number a row', (c) => t.shuffle(c, KEYS, 1), KEYS),
    tensor('sort', '1024 keys, on average', (c) => sortOnAverage(c, KEYS), KEYS),
    tensor(
      'groupSum',
      '10 secret groups, for each and each element',
      (c) => t.groupSum(c, LENGTH, 1, 10),
      10 * LENGTH,
    ),
  ];
}

/**
 * @param {readonly (readonly [string, string, number, Function])[]} operations {@link operationRows}
 * @param {Record<string, object>} costs what protocols declare, by name
 * @returns {string} a Markdown table: rounds, and bytes an element that a member sends on average
 */
export function renderOperations(operations, costs) {
  const names = Object.keys(costs);
  const lines = operations.map(([op, what, by, of]) => {
    const cells = Object.values(costs).map((declared) => {
      const { rounds, bytes } = of(declared);
      return `${rounds}; ${number(bytes.reduce((sum, own) => sum + own, 0) / bytes.length / by)}`;
    });
    return `| \`${op}\` | ${what} | ${cells.join(' | ')} |`;
  });
  return [
    `| operation | | ${names.join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(names.length)}`,
    ...lines,
  ].join('\n');
}

/**
 * @param {Record<string, { domain: string, result: string, accuracy: { text: string } }>} rules opBounds
 * @returns {string} a Markdown table; operations with the same rule share a line
 */
export function renderBounds(rules) {
  const lines = new Map();
  for (const [name, { domain, result, accuracy }] of Object.entries(rules)) {
    const words = `${domain} | ${result} | ${accuracy.text}`;
    lines.set(words, [...(lines.get(words) ?? []), `\`${name}\``]);
  }
  return [
    '| operation | domain | bound of the result | off by at most |',
    '| --- | --- | --- | --- |',
    ...[...lines].map(([words, names]) => `| ${names.join(', ')} | ${words} |`),
  ].join('\n');
}

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
 * @param {string} kind `list`, `costs` or `bounds`
 * @returns {string} the page with this table
 */
export function withTable(page, name, table, kind = 'costs') {
  const [begin, end] = [`<!-- ${kind} of ${name} (npm run gen) -->`, `<!-- end of ${kind} of ${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no place for the ${kind} of ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}

/** @returns {Promise<object>} what operations declare: for {@link operationRows} */
export async function declaredOperations() {
  const load = (name) => import(pathToFileURL(join(root, 'dist/src/secure/ops', name)).href);
  return { ...(await load('costs.js')), ...(await load('tensor-costs.js')) };
}

/** @returns {Promise<Record<string, object>>} the rule of each operation */
export async function declaredBounds() {
  return (await import(pathToFileURL(join(root, 'dist/src/secure/ops/bounds.js')).href)).opBounds;
}

/** @returns {Promise<Record<string, object>>} the table of protocols */
export async function declaredProtocols() {
  return (await import(pathToFileURL(join(root, 'dist/src/secure/protocols/table.js')).href)).protocols;
}

/** @returns {Promise<Record<string, object>>} what protocols declare, by the names in the markers of the page */
export async function declaredCosts() {
  const costs = await Promise.all(Object.values(await declaredProtocols()).map((entry) => entry.costs()));
  return Object.assign({}, ...costs);
}

/**
 * @param {Record<string, object>} protocols the table of them
 * @returns {string} a Markdown table
 */
export function renderProtocols(protocols) {
  const lines = Object.values(protocols).map(({ name, members: [min, max], dealerFrom, ...entry }) => {
    const counts = min === max ? `${min}` : `${min} to ${max}`;
    const dealer = dealerFrom === undefined ? '' : `, and a dealer; up to ${dealerFrom - 1} without`;
    return `| \`${name}\` | ${counts}${dealer} | ${entry.adversary} | ${entry.sharing} | ${entry.opens} | ${entry.from} |`;
  });
  return [
    '| protocol | members | adversary | sharing | opens on the way | from |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(root, 'docs/protocols.md');
  const before = readFileSync(path, 'utf8');
  let page = before;
  page = withTable(page, 'protocols', renderProtocols(await declaredProtocols()), 'list');
  const declared = await declaredCosts();
  for (const [name, costs] of Object.entries(declared)) page = withTable(page, name, renderCosts(costs));
  const operations = operationRows(await declaredOperations());
  page = withTable(page, 'operations', renderOperations(operations, declared));
  page = withTable(page, 'operations', renderBounds(await declaredBounds()), 'bounds');
  if (page !== before) writeFileSync(path, page);
}
