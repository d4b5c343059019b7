/**
 * Columns in one unit, less their means: where moments, correlations and regressions begin. Numbers of any declared
 * size are brought to the same size first, by powers of two, so that neither do squares leave their domain nor small
 * numbers lose their last bits.
 */
import type { AnyDevice, Secret, SecureDevice } from '../index.ts';
import type { SecretColumn } from './column.ts';
import { invalid } from './declared.ts';

/** Magnitude, as a power of two, of numbers in their unit: squares of differences stay below 2^16. */
const UNIT_BITS = 7;
/**
 * A mean divides by how many rows have a value. Of fewer than one in so many rows it is taken as if that many had one,
 * and no number is given: then what follows stays in its domain whatever the gaps are.
 */
const SPARSE = 512;
/**
 * Variance in units below which none is given: rounding may be a hundredth of it. Its deviation is some 1/6000 of what
 * the column was declared to span.
 */
export const VARIANCE_LEAST = 2 ** -11;
/** What the first mean leaves is far below this. */
const REST_MAX = 1;
/** Centres are whole multiples of this, so that subtracting them is exact. */
const CENTRE_STEP = 2 ** -10;

/** How a column is brought to the common unit: `(x - centre) · 2^shift`. Public. */
export interface Unit {
  readonly centre: number;
  readonly shift: number;
}

/** Columns side by side. */
export interface Block<D extends AnyDevice> {
  /** By which reports list what is known of it. */
  readonly called: string;
  readonly rows: number;
  readonly units: readonly Unit[];
  /** [rows, columns], in units; 0 in gaps. */
  readonly values: Secret<D>;
  /** [rows, columns], 1 where there is a value; undefined if no column has gaps. */
  readonly present: Secret<D, 'integer'> | undefined;
}

/** A block less its means. */
export interface Centred<D extends AnyDevice> extends Block<D> {
  /** How many values each column has; undefined if no column has gaps. */
  readonly counts: Secret<D, 'integer'> | undefined;
  /** Of each column, in units. */
  readonly sums: Secret<D>;
  /** Sum of squares about the mean, of each column, in units. */
  readonly squares: Secret<D>;
  /** Of each column, in units: squares by count. */
  readonly variances: Secret<D>;
}

/** Of so few values a column with gaps has no moments. */
export const sparseCount = (rows: number): number => Math.max(1, Math.ceil(rows / SPARSE));

/** Public numbers on the device of a secret. */
function constantLike<D extends AnyDevice>(like: Secret<D>, values: Float64Array): Secret<D, 'integer'> {
  const device = like.device as unknown as SecureDevice<string, string>;
  return device.constant(values, { dtype: 'integer' }) as unknown as Secret<D, 'integer'>;
}

function unitOf<D extends AnyDevice>({ min, max, present }: SecretColumn<D>): Unit {
  // Gaps are zeros, and stay zeros only about zero.
  const middle = present ? 0 : (min + max) / 2;
  const centre = Math.round(middle / CENTRE_STEP) * CENTRE_STEP;
  const most = Math.max(max - centre, centre - min);
  return { centre, shift: most > 0 ? Math.floor(UNIT_BITS - Math.log2(most)) : 0 };
}

/** Numbers of a column in its unit. Local where they are small; elsewhere 2 rounds. */
function inUnit<D extends AnyDevice>({ values }: SecretColumn<D>, { centre, shift }: Unit): Secret<D> {
  const moved = centre === 0 ? values : values.sub(centre);
  return shift >= 0 ? moved.mul(2 ** shift) : moved.div(2 ** -shift);
}

/** Names in ledgers have an end: of many columns how many there are. */
const NAMED_MAX = 3;
export const listOf = (names: readonly string[]): string =>
  names.length <= NAMED_MAX ? names.join(' and ') : `${names.length} columns`;

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: no columns, or of different rows */
export function blockOf<D extends AnyDevice>(columns: readonly SecretColumn<D>[]): Block<D> {
  const [first] = columns;
  if (first === undefined) throw invalid('there is no column');
  const { rows } = first;
  const other = columns.find((column) => column.rows !== rows);
  if (other) throw invalid(`columns "${first.name}" and "${other.name}" have ${rows} and ${other.rows} rows`);
  const units = columns.map((column) => unitOf(column));
  const values = columns.map((column, at) => inUnit(column, units[at] as Unit));
  const masks = columns.some(({ present }) => present)
    ? columns.map(({ present }) => present ?? constantLike(first.values, new Float64Array(rows).fill(1)))
    : undefined;
  const called = listOf(columns.map(({ name }) => name));
  return { called, rows, units, values: sideBySide(values), present: masks && sideBySide(masks) };
}

function sideBySide<D extends AnyDevice, T extends 'fixed' | 'integer'>(
  vectors: readonly Secret<D, T>[],
): Secret<D, T> {
  const [first, ...others] = vectors.map((one) => one.reshape([-1, 1])) as [Secret<D, T>, ...Secret<D, T>[]];
  return others.length === 0 ? first : first.concat(others, 1);
}

/**
 * Columns without gaps less their means. The mean is taken twice: the first is off by its size times the last bits of
 * the divisor, the second, of what is left, by last bits only.
 */
export function lessMeans<D extends AnyDevice>(values: Secret<D>): Secret<D> {
  const once = values.sub(values.mean(0));
  return once.sub(once.mean(0).clamp(-REST_MAX, REST_MAX));
}

/** With gaps the mean is taken twice, too. */
export function centredOf<D extends AnyDevice>(block: Block<D>): Centred<D> {
  const { rows, present, values } = block;
  const limit = 2 ** UNIT_BITS;
  const sums = values.sum(0);
  if (present === undefined) {
    const twice = lessMeans(values);
    const squares = twice.square();
    const variances = squares.mean(0);
    return { ...block, values: twice, counts: undefined, sums, squares: squares.sum(0), variances };
  }
  const counts = present.sum(0);
  // By the part of rows that have a value: a number near 1, whose reciprocal keeps its bits.
  const part = counts.clamp(sparseCount(rows), rows).cast('fixed').div(rows);
  const weight = part.reciprocal();
  const meanOf = (of: Secret<D>, most: number): Secret<D> => of.mean(0).mul(weight).clamp(-most, most);
  const once = values.sub(present.mul(meanOf(values, limit)));
  const twice = once.sub(present.mul(meanOf(once, REST_MAX)));
  const squares = twice.square();
  const variances = squares
    .mean(0)
    .mul(weight)
    .clamp(0, 4 * limit * limit);
  return { ...block, values: twice, counts, sums, squares: squares.sum(0), variances };
}

/** Added to variances: a constant column stays finite. In units, of which the range of a column has some 2^7. */
export const VARIANCE_FLOOR = 2 ** -10;

/**
 * Columns of deviation `size`, near enough: what is worked out of them is divided by what their deviation has become.
 * No value of n is more than the root of n deviations from the mean; that is what is relied on, and no more.
 */
export function standardisedOf<D extends AnyDevice>(
  { called, rows, values, variances }: Centred<D>,
  size: number,
): Secret<D> {
  const scale = variances
    .add(VARIANCE_FLOOR)
    .rsqrt()
    .div(1 / size);
  // The scale has few bits where the deviation is large: what it is off by, the bound has to allow for.
  const standardised = values.mul(scale).as(`${called}, standardised`);
  return standardised.assume({ max: 1.25 * size * Math.sqrt(rows) + 2 ** -8 });
}
