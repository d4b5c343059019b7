/** A job that computes a representative operation of every kind on a secure device, and gives all results. */
import { type Job, job, type SecureOptions, secure, tensor } from 'privity';

type Name = 'x' | 'y' | 'm' | 'v' | 'k' | 'b';

export interface Input {
  readonly dtype: 'fixed' | 'integer' | 'boolean';
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly min?: number;
  readonly max?: number;
}

/** Shared by the members in turn, the first by the first. */
export const inputs: Readonly<Record<Name, Input>> = {
  x: { dtype: 'fixed', shape: [2, 3], values: [3, -1.5, 0.25, 2, -7.75, 5], max: 8 },
  y: { dtype: 'fixed', shape: [2, 3], values: [0.5, 100.25, 0.125, 2, 3.5, 1000], min: 0.125, max: 1000 },
  m: { dtype: 'fixed', shape: [3, 2], values: [1, -2, 0.5, 4, -3, 0.75] },
  v: { dtype: 'fixed', shape: [2], values: [12.5, -12.5] },
  k: { dtype: 'integer', shape: [2, 3], values: [5, -3, 1_000_000, 9, 0, -1] },
  b: { dtype: 'boolean', shape: [2, 3], values: [1, 0, 0, 1, 1, 0] },
};

export interface Operation {
  readonly name: string;
  readonly on: Name;
  readonly others?: readonly Name[];
  readonly params?: readonly unknown[];
  /** Largest error beside the plaintext twin, of which the docstring of each of both is half. */
  readonly error?: number;
}

const ulp = 2 ** -18;

export const operations: readonly Operation[] = [
  { name: 'add', on: 'x', others: ['y'] },
  { name: 'mul', on: 'x', others: ['y'], error: 2 * ulp },
  { name: 'matmul', on: 'x', others: ['m'], error: 2 * ulp },
  { name: 'dot', on: 'v', others: ['v'], error: 2 * ulp },
  { name: 'mean', on: 'x', params: [1], error: 2 * 7 * ulp },
  { name: 'lt', on: 'x', others: ['y'] },
  { name: 'eq', on: 'k', others: ['k'] },
  { name: 'relu', on: 'x' },
  { name: 'max', on: 'x', params: [1] },
  { name: 'argmax', on: 'y', params: [] },
  { name: 'select', on: 'b', others: ['x', 'y'] },
  { name: 'and', on: 'b', others: ['b'] },
  { name: 'cast', on: 'x', params: ['integer'] },
  { name: 'shift', on: 'k', params: [-2] },
  { name: 'div', on: 'x', others: ['y'], error: 8 * ulp },
  { name: 'sqrt', on: 'y', error: 2 * (2 * ulp + 32 * 2 ** -19) },
  { name: 'log', on: 'y', error: 4 * ulp },
  { name: 'exp', on: 'x', error: 2 * (2 * ulp + 150 * 2 ** -16) },
  { name: 'sigmoid', on: 'x', error: 6 * ulp },
  { name: 'softmax', on: 'x', error: 2 * (2 ** -15 + 6 * 2 ** -17) },
  { name: 'sort', on: 'v' },
  { name: 'groupSum', on: 'm', others: [], params: [[1, 0, 1], 2] },
  { name: 'concat', on: 'x', others: ['y'], params: [1] },
  { name: 'gather', on: 'x', params: [[2, 0], 1] },
];

/** In the order of the federation: the members, and the dealer behind them if there is one. */
export function operationsJob(parties: readonly string[], protocol: 'rep3' | 'semi2k', members: number): Job {
  return job({ parties: parties as readonly [string, ...string[]] }, async (context) => {
    // biome-ignore lint/suspicious/noExplicitAny: operations are called by their names
    type Untyped = any;
    const at = context as Untyped;
    const dealer = parties[members];
    const options: SecureOptions<'rep3' | 'semi2k'> = {
      protocol,
      ...(dealer === undefined ? {} : { dealer: at[dealer] }),
    };
    const device = secure(parties.slice(0, members).map((name) => at[name]) as Untyped, options as Untyped);
    const secrets = Object.fromEntries(
      Object.entries(inputs).map(([name, { values, ...declared }], i) => {
        const owner = at[parties[i % members] ?? ''];
        const located = owner.run(name, () => tensor(declared.shape, Float64Array.from(values)));
        return [name, located.to(device, declared) as Untyped];
      }),
    );
    const results: { shape: readonly number[]; data: readonly number[] }[] = [];
    for (const { name, on, others = [], params = [] } of operations) {
      const operands: readonly Untyped[] = others.map((other) => secrets[other]);
      const result = secrets[on][name](...(name === 'concat' ? [operands] : operands), ...params);
      const { shape, data } = await at.reveal(result);
      results.push({ shape: [...shape], data: [...data] });
    }
    return results;
  });
}
