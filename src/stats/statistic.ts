/**
 * What a function of this module gives: secrets that are ready to be opened, and what becomes of their numbers where
 * they are opened. As long as nobody asks, nobody learns anything.
 */
import type { AnyDevice, AnySecret, At, MembersOf, Party, Reveal, Secret, Tensor } from '../index.ts';
import { invalid } from './declared.ts';

/** One thing that a statistic opens. */
export interface Opening {
  /** By which ledgers list it. */
  readonly name: string;
  /** What it is, for people. */
  readonly what: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
}

/** The numbers of each opened secret, by the keys of what was to be opened. */
export type OpenedNumbers<K extends string> = { readonly [N in K]: Float64Array };

/**
 * A result `R` that rests on secrets of the device `D` and has not been opened. The numbers that are opened are those
 * in `opens` and no others; what can be worked out of them, p-values and intervals, is worked out where they go.
 */
export interface Statistic<D extends AnyDevice, R> {
  /** What `to` and `reveal` open. */
  readonly opens: readonly Opening[];

  /**
   * Opens to one member of the device, who alone has the result. Cost: one round.
   * @throws {UsageError} PRIVITY_SECURE_MEMBER: the party is no member
   * @example
   * const spread = statistic({
   *   name: 'spread of age',
   *   open: { range: [age.values.max().sub(age.values.min()), 'largest less smallest'] },
   *   result: ({ range }) => range[0] ?? 0,
   * });
   * const atBob = spread.to(bob); // At<'bob', number>
   */
  to<P extends MembersOf<D>, S>(party: Party<P, S>): At<P, R>;
  /**
   * Opens to all parties. Cost: one round.
   */
  reveal(reveal: Reveal): Promise<R>;
}

/** A statistic of a job's own. */
export interface StatisticParts<D extends AnyDevice, K extends string, R> {
  /** The name of the statistic, for ledgers: `mean of age`. */
  readonly name: string;
  /** What is to be opened, by key, each with a word for people on what it is. */
  readonly open: {
    readonly [N in K]: readonly [
      secret: Secret<D, 'fixed'> | Secret<D, 'integer'> | Secret<D, 'boolean'>,
      what: string,
    ];
  };
  /** What the opened numbers come to. Plain code: it runs where they are opened. */
  readonly result: (numbers: OpenedNumbers<K>) => R;
}

/** Such a secret, whatever device it is of. */
interface Opened {
  as(name: string): Opened;
  to(party: unknown): never;
  readonly shape: readonly number[];
}

/**
 * A statistic of a job's own, which says what it opens as those of this module do.
 *
 * Opens: nothing, until `to` or `reveal` of what it gives is called. Cost: local.
 * @example
 * const spread = statistic({
 *   name: 'spread of age',
 *   open: { range: [age.values.max().sub(age.values.min()), 'largest less smallest'] },
 *   result: ({ range }) => range[0] ?? 0,
 * });
 */
export function statistic<D extends AnyDevice, const K extends string, R>(
  parts: StatisticParts<D, K, R>,
): Statistic<D, R> {
  const keys = Object.keys(parts.open) as K[];
  const named = keys.map((key) => {
    const [secret, what] = parts.open[key];
    const name = keys.length === 1 ? parts.name : `${parts.name}: ${key}`;
    return { key, name, what, secret: (secret as unknown as Opened).as(name) };
  });
  const resultOf = (opened: readonly (Tensor<Float64Array> | undefined)[]): R =>
    parts.result(
      Object.fromEntries(keys.map((key, at) => [key, opened[at]?.data])) as unknown as OpenedNumbers<K>,
    );
  return Object.freeze({
    opens: Object.freeze(
      named.map(({ name, what, secret }) => Object.freeze({ name, what, shape: secret.shape })),
    ),
    to: <P extends MembersOf<D>, S>(party: Party<P, S>): At<P, R> => {
      const inputs: Record<string, never> = {};
      for (const { key, secret } of named) inputs[key] = secret.to(party);
      const made = party.run(parts.name, inputs, (opened: Record<string, Tensor<Float64Array>>) =>
        resultOf(keys.map((key) => opened[key])),
      );
      return made as unknown as At<P, R>;
    },
    reveal: async (reveal: Reveal): Promise<R> => {
      const pending = named.map(({ secret }) => reveal(secret as unknown as AnySecret));
      return resultOf(await Promise.all(pending));
    },
  });
}

/** What several statistics come to, by the keys under which they are given. */
export type ResultsOf<S> = { readonly [K in keyof S]: S[K] extends Statistic<infer _D, infer R> ? R : never };

/**
 * Several statistics as one, which are opened at once and to the same: a result by the keys of the record.
 *
 * Opens: what they open. Cost: theirs, in as many rounds as the one with the most.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: there is none
 * @example
 * const both = together({ age: describe(study.column('age')), euros: describe(study.column('euros')) });
 * const { age, euros } = await both.reveal(reveal);
 */
export function together<D extends AnyDevice, const S>(
  statistics: S & Readonly<Record<string, Statistic<D, unknown>>>,
): Statistic<D, ResultsOf<S>> {
  const all = Object.entries<Statistic<D, unknown>>(statistics);
  if (all.length === 0) throw invalid('together was given no statistic');
  return Object.freeze({
    opens: Object.freeze(all.flatMap(([, one]) => one.opens)),
    to: <P extends MembersOf<D>, T>(party: Party<P, T>): At<P, ResultsOf<S>> => {
      const inputs = Object.fromEntries(all.map(([key, one]) => [key, one.to(party) as never]));
      return party.run('statistics together', inputs, (results) => results) as never;
    },
    reveal: async (reveal: Reveal): Promise<ResultsOf<S>> => {
      const results = await Promise.all(all.map(([, one]) => one.reveal(reveal)));
      return Object.fromEntries(all.map(([key], at) => [key, results[at]])) as never;
    },
  });
}
