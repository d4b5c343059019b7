/** Scores in order with the labels along: the one sort that everything about thresholds is read from. */
import type { AnyDevice, Secret } from '../../index.ts';
import { invalid } from '../declared.ts';
import { runSums } from '../run-sums.ts';

/** Labels of two classes: 0 is no, everything else is yes. */
export type Labels<D extends AnyDevice> = Secret<D, 'fixed'> | Secret<D, 'integer'> | Secret<D, 'boolean'>;

/** Above this sums of ranks, as bounds know them, leave the ring. */
const ROWS_MAX = 2 ** 20;

/** Rows in ascending order of their scores; vectors of n. Rows of one score are a run. */
export interface Ranked<D extends AnyDevice> {
  readonly rows: number;
  readonly scores: Secret<D, 'fixed'>;
  /** Rows of label yes, up to and with each row. */
  readonly positives: Secret<D, 'integer'>;
  /** Rows of label no, up to and with each row. */
  readonly negatives: Secret<D, 'integer'>;
  /** Rows of label yes of the row's own run, up to and with the row. */
  readonly positivesOfRun: Secret<D, 'integer'>;
  /** Rows of label no of the row's own run, up to and with the row. */
  readonly negativesOfRun: Secret<D, 'integer'>;
  /** 1 at the last row of each run. */
  readonly ends: Secret<D, 'integer'>;
  /** How many rows have the label yes. */
  readonly total: Secret<D, 'integer'>;
}

/** What the parts of an evaluation share. */
export interface Evaluated<D extends AnyDevice> extends Ranked<D> {
  readonly name: string;
  /** No fewer rows are opened. */
  readonly minimum: number;
  /** Whether both classes have so many rows that something may be opened. */
  readonly enough: Secret<D, 'boolean'>;
}

/**
 * Cost: as `sortBy` of two numbers a row; then 2·log2 n + 15 rounds and 77.0 bytes a row. Opens: comparisons of the
 * sort.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS
 */
export function ranked<D extends AnyDevice>(scores: Secret<D, 'fixed'>, labels: Labels<D>): Ranked<D> {
  const rows = rowsOf(scores, labels);
  const column = (of: Secret<D, 'fixed'>): Secret<D, 'fixed'> => of.reshape([rows, 1]);
  const both = column(scores)
    .concat([column(fixedOf(labels))], 1)
    .sortBy(scores);
  const [sorted, label] = [0, 1].map((at) => both.slice(at, at + 1, 1).reshape([rows])) as [
    Secret<D, 'fixed'>,
    Secret<D, 'fixed'>,
  ];
  const yes = label.cast('boolean').cast('integer');
  const no = yes.neg().add(1);
  const differs = sorted.slice(0, rows - 1).ne(sorted.slice(1, rows));
  const next = differs.cast('integer');
  const goesOn = next.neg().add(1);
  const ofRun = runSums(asColumns([yes, no]), {
    // Nobody looks at where the first row stands, so any row of the right type serves.
    starts: differs.slice(0, 1).concat([differs]),
    goesOn: goesOn.slice(0, 1).concat([goesOn]),
  });
  const one = next.slice(0, 1).mul(0).add(1);
  const ends = next.concat([one]);
  return {
    rows,
    scores: sorted,
    positives: yes.cumulativeSum(),
    negatives: no.cumulativeSum(),
    positivesOfRun: ofRun.slice(0, 1, 1).reshape([rows]),
    negativesOfRun: ofRun.slice(1, 2, 1).reshape([rows]),
    ends,
    total: yes.sum(),
  };
}

/** Vectors as the columns of a matrix. */
export function asColumns<D extends AnyDevice>(
  vectors: readonly [Secret<D, 'integer'>, ...Secret<D, 'integer'>[]],
): Secret<D, 'integer'> {
  const [first, ...others] = vectors.map((one) => one.reshape([-1, 1])) as [
    Secret<D, 'integer'>,
    ...Secret<D, 'integer'>[],
  ];
  return first.concat(others, 1);
}

export function fixedOf<D extends AnyDevice>(labels: Labels<D>): Secret<D, 'fixed'> {
  if (labels.dtype === 'fixed') return labels as Secret<D, 'fixed'>;
  return (labels as Secret<D, 'integer'>).cast('fixed');
}

function rowsOf<D extends AnyDevice>(scores: Secret<D, 'fixed'>, labels: Labels<D>): number {
  const [rows = 0] = scores.shape;
  if (scores.shape.length !== 1 || `${labels.shape}` !== `${scores.shape}`)
    throw invalid(`scores and labels are vectors of one length, not [${scores.shape}] and [${labels.shape}]`);
  if (rows < 2 || rows > ROWS_MAX) throw invalid(`2 to ${ROWS_MAX} rows can be ranked, not ${rows}`);
  return rows;
}
