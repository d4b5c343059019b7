/** Columns of secrets: values and which of them are there travel together, so that no statistic can take one alone. */
import type { AnyDevice, BoundOptions, Secret } from '../index.ts';
import { boundsOf, checkOptions, invalid } from './declared.ts';

/** A column of numbers that nobody has. */
export interface SecretColumn<D extends AnyDevice> {
  /** The name by which results and ledgers list it. */
  readonly name: string;
  /** A number for each row; 0 where there is none. */
  readonly values: Secret<D, 'fixed'>;
  /** 1 where a row has a value and 0 where it has none; undefined if all rows have one. */
  readonly present: Secret<D, 'integer'> | undefined;
  /** No value is below this. Public. */
  readonly min: number;
  /** No value is above this. Public. */
  readonly max: number;
  /** How many rows there are, gaps among them. Public. */
  readonly rows: number;
  /** The parties whose rows these are; none, if it was computed. */
  readonly from: readonly string[];
}

/** A column of words that nobody has, of which everybody knows what they can be. */
export interface SecretCategory<D extends AnyDevice> {
  /** The name by which results and ledgers list it. */
  readonly name: string;
  /** What a row can have, in the order of the indicators. Public. */
  readonly categories: readonly string[];
  /** [rows, categories]: 1 at the category of a row, 0 elsewhere; a row without one has zeros only. */
  readonly indicators: Secret<D, 'integer'>;
  /** How many rows there are, gaps among them. Public. */
  readonly rows: number;
  /** The parties whose rows these are. */
  readonly from: readonly string[];
}

/** What is known of a column that was made in the job. */
export interface SecretColumnOptions<D extends AnyDevice> extends BoundOptions {
  /** 1 where a row has a value, 0 where it has none; values must be 0 there. Default: all rows have one. */
  readonly present?: Secret<D, 'integer'>;
}

/**
 * A column of a secret that the job has made: scores of a model, or a difference of two columns.
 *
 * Opens: nothing. Cost: local. Bounds are those of `min` and `max`, by default 4096 in magnitude; nobody checks here
 * that values lie within, so say what the computation guarantees.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not a vector, or a mask of another length
 * @example const change = secretColumn('change', after.sub(before), { max: 8192 });
 */
export function secretColumn<D extends AnyDevice>(
  name: string,
  values: Secret<D, 'fixed'>,
  options: SecretColumnOptions<D> = {},
): SecretColumn<D> {
  checkOptions(options, ['min', 'max', 'present'], 'secretColumn');
  const { present } = options;
  const [rows = 0] = values.shape;
  if (values.shape.length !== 1) throw invalid(`column "${name}" is a vector, one number for each row`);
  if (present && `${present.shape}` !== `${values.shape}`)
    throw invalid(`column "${name}" has a mask for other rows than its own`);
  return Object.freeze({ name, values, present, ...boundsOf(name, options), rows, from: [] });
}
