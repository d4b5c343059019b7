// What surrounds the examples of a page: names that they use and do not make. The page shows it at its top, and the
// test of the examples (test/pages/examples.test.ts) compiles and runs each of them in what the page shows.

const DEVICE = `const spu = secure([alice, bob, carol], { protocol: 'rep3' });`;
const TABLE = `const table = await tableOf({ id: ['a', 'b'], age: Float64Array.of(17, 30), euros: Float64Array.of(1.5, 2) });`;
const ROWS = `const rows = bob.run('rows', () => [1, 2, 3]);`;
const MEAN = `const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;`;
const NUMBERS = [`const x = alice.run('x', () => 20);`, `const y = bob.run('y', () => 22);`];

const n = 5;
const numbers = 'spu.constant([3, 1, 4, 1, 5])';
const each = (names, value) => names.split(' ').map((name) => `const ${name} = ${value};`);
const matrix = (rows) =>
  `spu.constant(tensor([${rows}, 2], Float64Array.from({ length: ${2 * rows} }, (_, i) => i)))`;

const SECRETS = [
  `const n = ${n};`,
  `const heights = alice.run('heights', () => new Float64Array(${n}).fill(1.7));`,
  DEVICE,
  `const numbers = ${numbers};`,
  ...each('abroad actual after ages answers atHome balance before bids budget claims', 'numbers'),
  ...each('codes counts distances earned income incomes layer limit limits offers online', 'numbers'),
  ...each('predicted price prices sales scores spent today transactions variance yesterday', 'numbers'),
  `const truths = numbers.gt(2);`,
  ...each('adult isMember late mine overdrawn present resident yours', 'truths'),
  `const integers = numbers.cast('integer');`,
  ...each('amounts perGroup quantities regions', 'integers'),
  `const means = numbers;`,
  `const covariance = spu.constant(tensor([2, 2], Float64Array.of(2, 1, 1, 2)));`,
  `const gram = covariance;`,
  `const features = ${matrix(12)};`,
  `const errors = spu.constant(Float64Array.from({ length: 12 }, (_, i) => i));`,
  `const rows = features;`,
  `const patients = ${matrix(n)};`,
  `const table = patients;`,
  `const x = ${matrix(2)};`,
  `const w = spu.constant([1, 2]);`,
  `let weights = w;`,
  `const step = w;`,
  `const moments = w;`,
  `const total = spu.constant(10);`,
  `const mean = total;`,
  `const p = spu.constant([0.25, 0.75]);`,
  `const probability = p;`,
  `const vector = spu.constant(Float64Array.from({ length: 20 }, (_, i) => i));`,
];

/** A table of secrets, and what it is made of. */
const STUDY = [
  DEVICE,
  `const visits = alice.run('visits', () => tableOf({ id: ['a', 'b', 'c'], age: Float64Array.of(41, 17, 30), region: ['n', 's', 'n'], sex: ['f', 'm', 'm'] }));`,
  `const purchases = bob.run('purchases', () => tableOf({ id: ['b', 'a', 'c'], euros: Float64Array.of(3, 4, 9) }));`,
  `const clinicOne = alice.run('clinic', () => tableOf({ age: Float64Array.of(30, 50), sex: ['f', 'm'] }));`,
  `const clinicTwo = bob.run('clinic', () => tableOf({ age: Float64Array.of(40, 60), sex: ['m', 'm'] }));`,
  `const study = await vertical(spu, { alice: visits, bob: purchases }, {`,
  `  parties: { alice, bob },`,
  `  columns: { alice: { age: { min: 0, max: 120 }, region: { categories: ['n', 's'] }, sex: { categories: ['f', 'm'] } }, bob: { euros: { max: 50 } } },`,
  `  rows: 3,`,
  `});`,
  `const age = study.column('age');`,
  `const [before, after] = [age.values, age.values.add(1)];`,
];

/** A table at its owner, and rules for it. */
const ENCODED = [
  DEVICE,
  `const visits = alice.run('visits', () => tableOf({ id: ['a', 'b', 'c'], age: Float64Array.of(41, 17, 30), region: ['n', 's', 'x'] }));`,
  `const clean = encoding({ age: { fill: 'median', scale: 'minmax' } });`,
];

/** Scores and labels that are in no table, of which results are asked for. */
const SCORED = [
  DEVICE,
  `const rows = 100;`,
  `const places = Float64Array.from({ length: rows }, (_, row) => row);`,
  `const scores = spu.constant(places.map((row) => ((row * 37) % rows) / rows));`,
  `const labels = spu.constant(places.map((row) => (row * 7) % 3), { dtype: 'integer' });`,
  `const quality = binaryEvaluation(scores, labels);`,
  `const actual = secretColumn('spent', scores.add(1), { min: 1, max: 2 });`,
  `const predicted = secretColumn('model', scores.mul(0.5).add(1.25), { min: 1, max: 2 });`,
  `const fit = regressionEvaluation(predicted, actual);`,
  `const [before, after] = [spu.constant([10, 30, 50, 70]), spu.constant([30, 50, 70, 90])];`,
];

/** Rows of a trial at two parties, and columns of another. */
const TRIAL = [
  DEVICE,
  `const northern = alice.run('rows', () => tableOf({ days: Float64Array.of(7, 14, 21, 28, 35), died: Float64Array.of(1, 0, 1, 1, 0), arm: ['old', 'new', 'old', 'new', 'old'] }));`,
  `const southern = bob.run('rows', () => tableOf({ days: Float64Array.of(7, 21, 21, 35, 70), died: Float64Array.of(1, 1, 0, 1, 1), arm: ['new', 'new', 'old', 'old', 'new'] }));`,
  `const trial = lifeTable(spu, { alice: northern, bob: southern }, {`,
  `  parties: { alice, bob },`,
  `  ...{ time: 'days', event: 'died', group: { column: 'arm', categories: ['old', 'new'] } },`,
  `  grid: Array.from({ length: 104 }, (_, week) => 7 * (week + 1)),`,
  `});`,
  `const days = spu.constant([10, 20, 45, 70, 80, 85]);`,
  `const died = spu.constant([1, 1, 0, 1, 0, 1], { dtype: 'integer' });`,
];

/**
 * By page: whether its examples stand in a job of three parties or in a plain module, and the statements before them.
 *
 * @type {Readonly<Record<string, { readonly in: 'job' | 'module', readonly lines: readonly string[] }>>}
 */
export const SURROUNDINGS = {
  job: {
    in: 'job',
    lines: [...NUMBERS, ROWS, MEAN],
  },
  flow: { in: 'job', lines: [...NUMBERS, MEAN] },
  settings: { in: 'job', lines: [] },
  parties: {
    in: 'job',
    lines: [
      ROWS,
      MEAN,
      'const releaseLock = async (lock: string | undefined, code: string): Promise<void> => void [lock, code];',
    ],
  },
  values: {
    in: 'job',
    lines: [
      DEVICE,
      'const rows = 2;',
      `const features = alice.run('features', () => tensor([rows, 15], new Float64Array(30)));`,
      ...NUMBERS.slice(0, 1),
    ],
  },
  psi: {
    in: 'job',
    lines: [
      `const loans = alice.run('loans', () => tableOf({ id: ['a', 'b'], region: Float64Array.of(1, 2) }));`,
      `const clicks = bob.run('clicks', () => tableOf({ id: ['b', 'c'], sales: Float64Array.of(3, 4) }));`,
    ],
  },
  secrets: { in: 'job', lines: SECRETS },
  'statistics-tables': { in: 'job', lines: STUDY },
  statistics: { in: 'job', lines: STUDY },
  'statistics-encoding': { in: 'job', lines: ENCODED },
  'statistics-evaluation': { in: 'job', lines: SCORED },
  'statistics-survival': { in: 'job', lines: TRIAL },
  'statistics-report': { in: 'module', lines: [] },
  tables: { in: 'module', lines: [TABLE] },
  errors: {
    in: 'module',
    lines: [`const error: unknown = new UsageError('PRIVITY_STEP_INVALID', 'no name');`],
  },
  failure: { in: 'module', lines: [] },
  explore: { in: 'module', lines: [`import assert from 'node:assert/strict';`] },
  protocols: { in: 'module', lines: [] },
};

const CONTEXT = 'alice bob carol args reveal parallel attempt retry deadline conclave quorum'.split(' ');
const LINE_MAX = 110;

const has = (text, name) => new RegExp(`(?<![.\\w'])${name}\\b`).test(text);

/** An example that is a module of its own. */
export const isWhole = (example) => /^import /m.test(example);

/** What a text needs of the package. */
function importsOf(text, surface) {
  const seen = new Set();
  return Object.entries(surface).flatMap(([from, entries]) => {
    // Short names, which no example of a job means.
    if (from === 'privity/control') return [];
    const used = [...entries.values()].filter(({ name }) => has(text, name) && !seen.has(name));
    for (const { name } of used) seen.add(name);
    const names = used.map(({ name, kind }) => (kind === 'type' ? `type ${name}` : name));
    return names.length === 0 ? [] : [`import { ${names.join(', ')} } from '${from}';`];
  });
}

/** Statements that give many names one value, in fewer lines. */
function grouped(lines) {
  const groups = new Map();
  for (const line of lines) {
    const [, head = line, value] = /^const (\w+) = (\w+);$/.exec(line) ?? [];
    if (value === undefined) groups.set(line, line);
    else groups.set(value, [...(groups.get(value) ?? []), `${head} = ${value}`]);
  }
  return [...groups.values()].flatMap((group) =>
    typeof group === 'string' ? [group] : wrapped(`const ${group.join(', ')};`),
  );
}

function wrapped(text) {
  const lines = [''];
  for (const word of text.split(/(?<=,) /)) {
    const last = lines.at(-1);
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + word.length < LINE_MAX) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

/** In place of the example. */
const PLACE = '// the example';

/**
 * What the page says of the place of its examples: a module with a comment where each of them stands. Empty if each is
 * a module of its own.
 *
 * @param {string} page
 * @param {readonly string[]} examples
 * @param {Record<string, Map<string, { name: string, kind: string }>>} surface
 * @returns {string}
 */
export function surroundingsText(page, examples, surface) {
  const parts = examples.filter((example) => !isWhole(example));
  if (parts.length === 0) return '';
  const { in: place, lines } = SURROUNDINGS[page];
  const imports = lines.filter((line) => line.startsWith('import '));
  const setup = grouped(lines.filter((line) => !line.startsWith('import ')));
  const words = [...setup, ...parts].join('\n').replaceAll(/\/\/.*/g, '');
  const inner = [...setup, '{', `  ${PLACE}`, '}'];
  const given = CONTEXT.filter((name) => has(words, name)).join(', ');
  const head = `export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ ${given} }) => {`;
  const around =
    place === 'module'
      ? [...imports, ...importsOf(words, surface), '', ...inner]
      : [...importsOf(`job\n${words}`, surface), '', head, ...inner.map((line) => `  ${line}`), '});'];
  const rest = parts.length < examples.length ? ' that are no modules of their own' : '';
  const text = around.join('\n').trimStart();
  return `Examples${rest} stand in this module, in place of its comment:\n\n\`\`\`typescript\n${text}\n\`\`\``;
}
