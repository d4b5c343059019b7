/**
 * What the examples of docstrings take for granted: names that they use and do not make. By example, as `NAME` or
 * `NAME.MEMBER`.
 */

const DEVICE = `const spu = secure([alice, bob, carol], { protocol: 'rep3' });`;
const NUMBERS = `const x = alice.run('x', () => 20);
const y = bob.run('y', () => 22);`;
const ROWS = `const rows = bob.run('rows', () => [1, 2, 3]);
const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;`;
const TABLE = `const table = await tableOf({
  id: ['a', 'b'], age: Float64Array.of(17, 30), euros: Float64Array.of(1.5, 2),
});`;

export const SETUPS: Readonly<Record<string, string>> = {
  job: 'const countLines = (file: string | undefined): number => (file ?? "").length;',
  At: `${DEVICE}
const rows = 2;
const features = alice.run('features', () => tensor([2, 15], new Float64Array(30)));
const x = alice.run('x', () => 20);`,
  Party: `${ROWS}
const releaseLock = async (lock: string | undefined, code: string): Promise<void> => void [lock, code];`,
  'JobContext.reveal': `const rows = alice.run('rows', () => [1, 2, 3]);`,
  'JobContext.parallel': NUMBERS,
  'JobContext.attempt': ROWS,
  'JobContext.retry': NUMBERS,
  'JobContext.deadline': NUMBERS,
  'JobContext.conclave': NUMBERS,
  'JobContext.quorum': `const localMean = (): number => 3;
const average = (of: readonly (number | undefined)[]): number => of.reduce<number>((sum, one) => sum + (one ?? 0), 0) / of.length;`,
  psi: `const loans = alice.run('loans', () => tableOf({ id: ['a', 'b'] }));
const clicks = bob.run('clicks', () => tableOf({ id: ['b', 'c'] }));`,
  secure: `const n = 2;
const heights = alice.run('heights', () => Float64Array.of(1.8, 1.6));`,
  'Secret.dot': `${DEVICE}
const rows = spu.constant(tensor([2, 2], Float64Array.of(1, 2, 3, 4)));
const weights = rows;`,
  Table: TABLE,
  writeTable: TABLE,
  explore: 'const assert = { equal: (actual: unknown, expected: unknown): void => void [actual, expected] };',
  PrivityError: `const error: unknown = new UsageError('PRIVITY_STEP_INVALID', 'no name');`,
};

const four = 'spu.constant([1, 2, 3, 4])';
const truths = 'spu.constant([1, 0, 1, 0]).gt(0)';
const whole = "spu.constant([1, 2, 3, 4]).cast('integer')";
const matrix = (rows: number): string =>
  `spu.constant(tensor([${rows}, 2], Float64Array.from({ length: ${2 * rows} }, (_, i) => i)))`;
const each = (names: string, value: string): [string, string][] =>
  names.split(' ').map((name) => [name, value]);

/** Secrets by the names that examples of their methods give them. */
const SECRETS: ReadonlyMap<string, string> = new Map([
  ...each(
    'atHome abroad online after before balance prices budget predicted actual income limit incomes',
    four,
  ),
  ...each('transactions bids claims limits offers price sales answers ages variance distances layer', four),
  ...each('scores spent earned codes today yesterday counts', four),
  ...each('isMember adult resident late overdrawn mine yours present', truths),
  ...each('quantities amounts regions', whole),
  ...each('rows features', matrix(12)),
  ...each('table patients', matrix(4)),
  ...each('x', matrix(2)),
  ...each('w weights step', 'spu.constant([1, 2])'),
  ...each('mean total', 'spu.constant(10)'),
  ...each('probability p', 'spu.constant([0.25, 0.75])'),
  ...each('vector', 'spu.constant(Float64Array.from({ length: 20 }, (_, i) => i))'),
]);

/** A device, and the secrets whose names stand in an example. */
export function secretsIn(example: string): string {
  const used = [...SECRETS].filter(([name]) => new RegExp(`\\b${name}\\b`).test(example));
  return [DEVICE, 'const n = 4;', ...used.map(([name, value]) => `let ${name} = ${value};`)].join('\n');
}

/** An example that stands for what goes wrong. */
export const FAILS: ReadonlySet<string> = new Set(['PublicError']);

/** Only compiled: hundreds of runs. */
export const LONG: ReadonlySet<string> = new Set(['explore']);
