/**
 * Rows in groups: by indicators that an owner has made, or by a key that nobody has.
 *
 * A key of K groups is read as two digits, so that a row is compared √K times and not K times, and never has K numbers.
 * Whether the first digit is p or more is compared for each p, whether the second is q for each q; then the sum of a
 * column x over a cell (≥ p, q) is a product of matrices, of x by the first and of the second, and those of groups are
 * differences of cells.
 */
import type { AnyDevice, Secret } from '../index.ts';
import type { SecretCategory } from './column.ts';
import { checkCategories, invalid } from './declared.ts';

/** A key of groups that nobody has: of rows that were joined, or of numbers that were put in bins on the device. */
export interface SecretKey<D extends AnyDevice> {
  /** The name by which results and ledgers list it. */
  readonly name: string;
  /** The groups, in the order of their numbers. Public. */
  readonly categories: readonly string[];
  /** Of each row the place of its group among these, from 0; a row with another number is in none. */
  readonly codes: Secret<D, 'integer'>;
  /** How many rows there are. Public. */
  readonly rows: number;
}

/**
 * Groups by a secret of the job's own: `codes` has for each row the place of its group among `categories`.
 *
 * Opens: nothing. Cost: local. A row whose number is none of 0 to K - 1 is in no group, and nobody learns which.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: not a vector, or categories that are none
 * @example
 * const old = study.column('age').values.ge(40).cast('integer');
 * const byAge = await groupBy([study.column('euros')], secretKey('age', old, ['young', 'old'])).reveal(reveal);
 */
export function secretKey<D extends AnyDevice>(
  name: string,
  codes: Secret<D, 'integer'>,
  categories: readonly string[],
): SecretKey<D> {
  checkCategories(name, { categories });
  const [rows = 0] = codes.shape;
  if (codes.shape.length !== 1) throw invalid(`key "${name}" is a vector, one number for each row`);
  return Object.freeze({ name, categories: Object.freeze([...categories]), codes, rows });
}

/** What is summed over groups. */
export interface Groups<D extends AnyDevice> {
  /** Rows of each group, [groups, 1]. */
  readonly rows: Secret<D, 'integer'>;
  /** Sums over the rows of each group, of [rows, columns] gives [groups, columns]. Exact. */
  readonly sums: <T extends 'fixed' | 'integer'>(columns: Secret<D, T>) => Secret<D, T>;
}

export function groupsOf<D extends AnyDevice>(
  by: SecretCategory<D> | SecretKey<D>,
  columns: number,
): Groups<D> {
  if ('codes' in by) return groupsOfKey(by, columns);
  const { indicators } = by;
  return {
    rows: indicators.sum(0).reshape([-1, 1]),
    sums: (of) => indicators.matmul(of as never, { transposeLeft: true }) as never,
  };
}

/** Bytes for a row: to compare with one first digit, to multiply a number by it, and to compare with a second one. */
const [FIRST_BYTES, PRODUCT_BYTES, SECOND_BYTES] = [33.4, 8, 18.5];
/** Numbers of a column that are summed: itself, and in its unit and squared there. */
const NUMBERS = 3;

/** How many first digits there are, so that a row costs least. */
function firstDigits(groups: number, columns: number): number {
  const each = FIRST_BYTES + NUMBERS * columns * PRODUCT_BYTES;
  return Math.max(1, Math.round(Math.sqrt((groups * SECOND_BYTES) / each)));
}

function groupsOfKey<D extends AnyDevice>(
  { codes, categories, rows }: SecretKey<D>,
  columns: number,
): Groups<D> {
  const { length: groups } = categories;
  const seconds = Math.ceil(groups / firstDigits(groups, columns));
  const firsts = Math.ceil(groups / seconds);
  const column = codes.reshape([rows, 1]);
  const from = Array.from({ length: firsts - 1 }, (_, at) => (at + 1) * seconds);
  const isFrom = firsts > 1 ? column.ge(from).cast('integer') : undefined;
  const rest = isFrom ? column.sub(isFrom.sum(1).mul(seconds).reshape([rows, 1])) : column;
  const isSecond = rest.eq(Array.from({ length: seconds }, (_, at) => at)).cast('integer');
  /** Of one row of numbers for each first digit that is reached, [firsts, seconds]. */
  const inGroups = <S extends Secret<D, 'fixed'> | Secret<D, 'integer'>>(cells: S): S => {
    const of = cells as Secret<D>;
    const own = firsts > 1 ? of.sub(of.slice(1, firsts).concat([of.slice(0, 1).mul(0)])) : of;
    return own.reshape([firsts * seconds, 1]).slice(0, groups) as S;
  };
  const all = isSecond.sum(0).reshape([1, seconds]);
  const cells = isFrom ? all.concat([isFrom.matmul(isSecond, { transposeLeft: true })]) : all;
  return {
    rows: inGroups(cells),
    sums: (of) => {
      const table = of as unknown as Secret<D>;
      const [, width = 0] = of.shape;
      const made = Array.from({ length: width }, (_, at) => {
        const one = table.slice(at, at + 1, 1);
        const factors = isFrom ? one.concat([one.mul(isFrom)], 1) : one;
        return inGroups(factors.matmul(isSecond, { transposeLeft: true }));
      });
      const [first, ...others] = made as [Secret<D>, ...Secret<D>[]];
      return (others.length > 0 ? first.concat(others, 1) : first) as never;
    },
  };
}
