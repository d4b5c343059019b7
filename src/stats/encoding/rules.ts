/** How an owner's column becomes one of an encoded table, as a job says it: public, and checked in the call. */
import type { BoundOptions } from '../../index.ts';
import type { CategoryColumnOptions, NumberColumnOptions } from '../declared.ts';

/** What a gap becomes: what the column has on average, in the middle or most often, or a value of the job's own. */
export type Fill<V extends number | string = number | string> =
  | 'mean'
  | 'median'
  | 'mostFrequent'
  | { readonly value: V };

/**
 * What is done first, whatever the column becomes. Rules are applied in this order: `case`, `map`, `cast`, `fill`, and
 * then what makes numbers, bins or categories of it.
 */
export interface SourceRules {
  /** The column of the owner's table. Default: the one of the same name. */
  readonly from?: string;
  /** All letters of words small, or all large. */
  readonly case?: 'lower' | 'upper';
  /** Words that become others, after `case`. */
  readonly map?: Readonly<Record<string, string>>;
  /** Words that `map` does not have. Default: `error`. `other` is that word. */
  readonly others?: 'error' | 'keep' | 'gap' | 'other';
  /** Rows may still have no value at the end. Default: no, and a row without one ends the run. */
  readonly gaps?: boolean;
  /** With `fill`: the name of a column more, of numbers: 1 where there was a gap, 0 elsewhere. */
  readonly filled?: string;
}

/** What is done first with a column that becomes numbers. */
export interface NumberSourceRules extends SourceRules {
  /** The column is text, which is read as numbers: `-1.5`, `2e3`. An empty text is a gap. */
  readonly cast?: 'number';
  /** What a text becomes that is no number. Default: `error`. */
  readonly unreadable?: 'error' | 'gap';
  /** What gaps become; scikit-learn's SimpleImputer. Default: they stay. */
  readonly fill?: Fill<number>;
  /**
   * What a number does that is outside of what was fitted, or of `min` and `max`: `clip` takes it to the nearest end,
   * or into the last bin there. Default: `error`, which ends the run.
   */
  readonly outside?: 'error' | 'clip';
}

/** A column of numbers. `min` and `max` are the bounds of what comes out: public. */
export interface NumberRules extends NumberSourceRules, BoundOptions {
  /**
   * `standard`: less the mean, by the deviation (of the population, as StandardScaler has it); by default at most 10 in
   * magnitude. `minmax`: the smallest becomes `min`, the largest `max`, by default 0 and 1, as MinMaxScaler has it.
   * Default: as it is, at most 4096 in magnitude.
   */
  readonly scale?: 'standard' | 'minmax';
}

/** A column of numbers that becomes one of words: in which bin a row is. A bin has its lower edge, the last both. */
export interface BinRules extends NumberSourceRules {
  /**
   * How many bins of about as many rows each, by the owner's quantiles (interpolated, as KBinsDiscretizer has it);
   * where these tie, the last ones stay empty. Or the edges: of k + 1 edges k bins.
   */
  readonly bins: { readonly quantiles: number } | { readonly edges: readonly number[] };
  /** What everybody calls the bins. Default: `bin 1` to `bin k` by quantiles, which stay with the owner; else edges. */
  readonly names?: readonly string[];
}

/** What is done first with a column that becomes categories; numbers become words. */
export interface WordSourceRules extends SourceRules {
  /** What gaps become; scikit-learn's SimpleImputer. Default: they stay. */
  readonly fill?: 'mostFrequent' | { readonly value: string };
  /** What a word becomes that is none of the categories. Default: `error`, which ends the run. `other`: one more. */
  readonly unseen?: 'error' | 'other';
}

/** A column of words. */
export interface WordRules extends WordSourceRules {
  /**
   * The words; or how many of them there are at most: the owner's most frequent ones, which stay with the owner. Others
   * know them as `category 1` to `category k`, in the order of their letters.
   */
  readonly categories: readonly string[] | number;
}

/** A column of words that becomes one of numbers for each word: 1 where a row has it, 0 elsewhere and in gaps. */
export interface OneHotRules extends WordSourceRules {
  /** As `categories` of {@link WordRules}. The columns are called `region=north`, or `region=category 1`. */
  readonly oneHot: readonly string[] | number;
}

/** What is done with one column. */
export type ColumnRules = NumberRules | BinRules | WordRules | OneHotRules;
/** What is done with each column, by the name of what comes out. */
export type EncodingRules = Readonly<Record<string, ColumnRules>>;

type OtherOf<R> = R extends { readonly unseen: 'other' } ? 'other' : never;
type WordsOf<R> = R extends { readonly oneHot: readonly (infer W extends string)[] }
  ? W | OtherOf<R>
  : `category ${number}` | OtherOf<R>;
type FilledOf<R> = R extends { readonly filled: infer F extends string } ? F : never;
type IsWords<R> = R extends { readonly bins: unknown } | { readonly categories: unknown } ? true : false;
type NumbersOf<E> = {
  [N in keyof E & string]:
    | FilledOf<E[N]>
    | (IsWords<E[N]> extends true
        ? never
        : E[N] extends { readonly oneHot: unknown }
          ? `${N}=${WordsOf<E[N]>}`
          : N);
}[keyof E & string];
type CategoriesOf<E> = {
  [N in keyof E & string]: IsWords<E[N]> extends true ? N : never;
}[keyof E & string];

/** What everybody knows of the columns that rules `E` make: what `vertical` and `horizontal` ask for. */
export type EncodedColumns<E extends EncodingRules> = {
  readonly [N in NumbersOf<E>]: NumberColumnOptions;
} & { readonly [N in CategoriesOf<E>]: CategoryColumnOptions };
