/** A job that calls operations on a secure device, and opens all results. */
import { type Job, job, type SecureOptions, secure, tensor } from 'privity';
/** What is called: plain data, so that a job file can have it. */
export interface Called {
  readonly name: string;
  readonly operands: readonly {
    readonly dtype: 'fixed' | 'integer' | 'boolean';
    readonly shape: readonly number[];
    readonly secret: boolean;
    readonly values: readonly number[];
    readonly range?: { readonly min: number; readonly max: number };
  }[];
  readonly params: readonly unknown[];
}

/** In the order of the federation: the members, and the dealer behind them if there is one. */
export function operationsJob(
  called: readonly Called[],
  parties: readonly string[],
  protocol: 'rep3' | 'semi2k',
  members: number,
): Job {
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
    const results: { shape: readonly number[]; data: readonly number[] }[] = [];
    for (const { name, operands: forms, params } of called) {
      const operands: readonly Untyped[] = forms.map(({ dtype, shape, secret, values, range }, i) => {
        const numbers = Float64Array.from(values);
        if (!secret) return tensor(shape, numbers);
        const owner = at[parties[i % members] ?? ''];
        const located = owner.run(`${name}, operand ${i + 1}`, () => tensor(shape, numbers));
        return located.to(device, { shape, dtype, ...range });
      });
      const [x, ...others] = operands;
      const result = x[name](...(name === 'concat' ? [others] : others), ...params);
      const { shape, data } = await at.reveal(result);
      results.push({ shape: [...shape], data: [...data] });
    }
    return results;
  });
}
