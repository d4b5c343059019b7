/** The joint model, from tables that are aligned to what becomes known of it: the same for every job of this folder. */
import { writeFile } from 'node:fs/promises';
import { type AnyDevice, PublicError, type Reveal, type Secret, type Table, z } from 'privity';
import { type Model, qualityOf, scalingOf, scoresOf, standardise, type Training, train } from './logistic.ts';

/** What each party that has data says of it. */
export const holder = z.object({
  /** CSV or Parquet file with the key column and columns of numbers. */
  table: z.string(),
  /** Where the coefficients go, if this party is given them. */
  model: z.string().optional(),
});

/** A model of fewer rows says much about each of them, so no party begins with one. */
const ROWS_MIN = 50;

/**
 * What either hospital shares can be at most this: the tables have measurements that their owners have standardised. A
 * party whose numbers are larger is told so, and no model is made.
 */
export const bounds = { features: { min: -64, max: 64 }, label: { min: 0, max: 1 } } as const;

export interface Plan {
  /** Column by which rows belong together. */
  readonly key: string;
  /** Column of the labels, 0 or 1. */
  readonly label: string;
  readonly training: Training;
}

/** One party's part of the features. */
export interface Part<D extends AnyDevice> {
  readonly names: readonly string[];
  readonly x: Secret<D>;
}

/** The rows in an order that follows from their keys alone, so that it is the same at both parties and in every run. */
export function inOrder(rows: Table, key: string): Promise<Table> {
  return rows.query(`SELECT * FROM rows ORDER BY md5(CAST("${key}" AS VARCHAR))`);
}

/** The names of the columns that are features. */
export function featuresOf(rows: Table, { key, label }: Plan): readonly string[] {
  if (rows.rowCount < ROWS_MIN) throw new PublicError(`fewer than ${ROWS_MIN} shared rows: no model is made`);
  return rows.columns.map(({ name }) => name).filter((name) => name !== key && name !== label);
}

/** Trains on the first four fifths of the rows and measures on the last one. Everything that comes back is secret. */
export function jointModel<D extends AnyDevice>(
  x: Secret<D>,
  y: Secret<D>,
  start: Model<D>,
  training: Training,
) {
  const rows = x.shape[0] ?? 0;
  const heldOut = Math.floor(rows / 5);
  const split = rows - heldOut;
  const sample = x.slice(0, split);
  const scaling = scalingOf(sample);
  const model = train(standardise(sample, scaling), y.slice(0, split), start, training);
  const scores = scoresOf(standardise(x.slice(split, rows), scaling), model);
  return { rows: { training: split, heldOut }, model, quality: qualityOf(scores, y.slice(split, rows)) };
}

/** What becomes known of a model's quality, to all. */
export async function published<D extends AnyDevice>(
  reveal: Reveal,
  { rows, quality }: ReturnType<typeof jointModel<D>>,
): Promise<{ readonly auc: number; readonly accuracy: number }> {
  const auc = await reveal(quality.auc.as('AUC'));
  const right = await reveal(quality.right.as('rows on the right side'));
  return { auc: auc.data[0] ?? Number.NaN, accuracy: (right.data[0] ?? Number.NaN) / rows.heldOut };
}

/** Writes coefficients by name, at the party that is given them. */
export async function writeModel(
  path: string | undefined,
  names: readonly string[],
  coefficients: Float64Array,
  bias: Float64Array,
): Promise<number> {
  const named = Object.fromEntries(names.map((name, at) => [name, coefficients[at]]));
  if (path !== undefined) {
    await writeFile(path, `${JSON.stringify({ bias: bias[0], coefficients: named }, null, 2)}\n`);
  }
  return names.length;
}
