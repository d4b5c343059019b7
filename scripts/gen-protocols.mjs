// Writes what docs/protocols.md and docs/writing-a-job.md say of operations, from the catalogue and what protocols
// declare. What renders is
// pure: the tests of the pages call it, too.
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
  ['permuteByS', 'order of one member, the first, one column', (c) => c.permuteByS(0, LENGTH, 1)],
];

/** Fractional bits of the operations whose costs are shown, and their sizes. */
const FRAC_BITS = 18;
const SIZES = { count: LENGTH, rows: LENGTH, axis: 100, side: 80, keys: 1024, groups: 10 };

/** What the cost of a way of calling an operation is worked out from. */
function callOf({ name, result, ends }, { operands, params }) {
  const { shape } = result(operands, params, name);
  const words = ends?.(operands[0], params, FRAC_BITS);
  return { operands, params: words ? [words.min, words.max] : params, shape, fracBits: FRAC_BITS };
}

/**
 * Ways of calling operations: what a row is about, what its bytes are divided by, its cost from what a protocol
 * declares.
 * @param {{ catalogue: readonly object[], checkWithinCost: Function, permuteByCost: Function }} declared
 */
export function operationRows({ catalogue, checkWithinCost, permuteByCost }) {
  return [
    ...catalogue.flatMap((operation) =>
      operation
        .samples(SIZES)
        .filter(({ what }) => what !== undefined)
        .map((sample) => {
          const call = callOf(operation, sample);
          return [operation.name, sample.what, sample.per, (c) => operation.cost(c, call)];
        }),
    ),
    [
      'checkWithin',
      'keys that rest on an assumption, before `sort`',
      LENGTH,
      (c) => checkWithinCost(c, LENGTH),
    ],
    [
      'permuteBy',
      'order of one member, the first, one number a row',
      LENGTH,
      (c) => permuteByCost(c, 0, [LENGTH]),
    ],
  ].filter(([, , , cost]) => !isLocal(cost));
}

const isLocal = (cost) => cost(ANY_PROTOCOL).rounds === 0;
/** Whatever is asked of it takes a round. */
const ANY_PROTOCOL = new Proxy({}, { get: () => () => ({ rounds: 1, bytes: [1] }) });

/** Operations that send nothing in whatever way they are called. */
export function localOperations({ catalogue }) {
  return catalogue
    .filter((operation) =>
      operation
        .samples(SIZES)
        .every((sample) => isLocal((c) => operation.cost(c, callOf(operation, sample)))),
    )
    .map(({ name }) => name);
}

/** @returns {string} what is local, and what is opened on the way to a result */
export function renderNotes({ catalogue }) {
  const opening = new Map();
  for (const { name, opens } of catalogue)
    if (opens) opening.set(opens.what, [...(opening.get(opens.what) ?? []), name]);
  return [
    `These send nothing: ${listed(localOperations({ catalogue }))}.`,
    '',
    `Nothing is opened on the way to a result, but ${[...opening].map(([what, names]) => `by ${listed(names)}: ${what}`).join('; ')}.`,
  ].join('\n');
}

const listed = (names) => names.map((name) => `\`${name}\``).join(', ');

/** @returns {string} the names of all operations, in lines of a list item */
export function renderNames({ catalogue }) {
  const lines = [''];
  for (const [i, { name }] of catalogue.entries()) {
    const word = `\`${name}\`${i === catalogue.length - 1 ? '.' : ','}`;
    if (`${lines.at(-1)} ${word}`.length > 118) lines.push(`  ${word}`);
    else lines[lines.length - 1] = lines.at(-1) === '' ? `  ${word}` : `${lines.at(-1)} ${word}`;
  }
  return lines.join('\n');
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
 * @param {{ catalogue: readonly { name: string, bounds: object }[] }} declared
 * @returns {string} a Markdown table; operations with the same rule share a line
 */
export function renderBounds({ catalogue }) {
  const lines = new Map();
  for (const { name, bounds } of catalogue) {
    const words = `${bounds.domain} | ${bounds.result} | ${bounds.accuracy.text}`;
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
 * @param {string} kind `list`, `costs`, `bounds`, `notes` or `names`
 * @returns {string} the page with this table
 */
export function withTable(page, name, table, kind = 'costs') {
  const [begin, end] = [`<!-- ${kind} of ${name} (npm run gen) -->`, `<!-- end of ${kind} of ${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no place for the ${kind} of ${name}`);
  // In a list, the markers are indented as its text is.
  const indent = /[^\n]*$/.exec(page.slice(0, to))?.[0] ?? '';
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${indent}${page.slice(to)}`;
}

/** @returns {Promise<object>} what operations declare */
export async function declaredOperations() {
  const load = (name) => import(pathToFileURL(join(root, 'dist/src/secure/ops', name)).href);
  const { catalogue } = await load('catalogue.js');
  const { checkWithinCost } = await load('within.js');
  const { permuteByCost } = await load('permute.js');
  return { catalogue, checkWithinCost, permuteByCost };
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

/** @returns {Promise<readonly { path: string, text: string }[]>} the pages as they should be */
export async function renderPages() {
  const [costs, declared] = [await declaredCosts(), await declaredOperations()];
  const read = (path) => readFileSync(join(root, path), 'utf8');
  let page = read('docs/protocols.md');
  page = withTable(page, 'protocols', renderProtocols(await declaredProtocols()), 'list');
  for (const [name, own] of Object.entries(costs)) page = withTable(page, name, renderCosts(own));
  page = withTable(page, 'operations', renderOperations(operationRows(declared), costs));
  page = withTable(page, 'operations', renderBounds(declared), 'bounds');
  page = withTable(page, 'operations', renderNotes(declared), 'notes');
  const job = withTable(read('docs/writing-a-job.md'), 'operations', renderNames(declared), 'names');
  return [
    { path: 'docs/protocols.md', text: page },
    { path: 'docs/writing-a-job.md', text: job },
  ];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { path, text } of await renderPages())
    if (text !== readFileSync(join(root, path), 'utf8')) writeFileSync(join(root, path), text);
}
