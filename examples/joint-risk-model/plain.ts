/**
 * The same training in plaintext, for a holder of both tables: what the secure job is compared with. Same rows in the
 * same order, same steps, ordinary floating-point numbers.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Training } from './logistic.ts';

export interface PlainModel {
  readonly rows: { readonly training: number; readonly heldOut: number };
  readonly auc: number;
  readonly accuracy: number;
  readonly bias: number;
  readonly coefficients: readonly number[];
}

export interface PlainTables {
  /** CSV file of the party that has features only. */
  readonly alice: string;
  /** CSV file of the party that has features and labels. */
  readonly bob: string;
  /** Column by which rows belong together. */
  readonly key: string;
  /** Column of the labels, 0 or 1, at bob. */
  readonly label: string;
}

type Row = readonly number[];

/** Trains on four fifths of the rows that both tables have, and measures on the last fifth. */
export function trainPlain(tables: PlainTables, training: Training): PlainModel {
  const { x, y } = align(tables);
  const heldOut = Math.floor(x.length / 5);
  const split = x.length - heldOut;
  const scaled = standardise(x, split);
  const { w, b } = descend(scaled.slice(0, split), y, training);
  const scores = scaled.slice(split).map((row) => dot(row, w) + b);
  const labels = y.slice(split);
  const right = scores.filter((score, i) => score > 0 === (labels[i] === 1)).length;
  return {
    rows: { training: split, heldOut },
    auc: areaUnderCurve(scores, labels),
    accuracy: right / heldOut,
    bias: b,
    coefficients: w,
  };
}

/** Rows of both tables, in the order of the hash of their key: that of the job. */
function align({ alice, bob, key, label }: PlainTables): { readonly x: Row[]; readonly y: number[] } {
  const [left, right] = [read(alice, key), read(bob, key)];
  const ids = [...left.rows.keys()].filter((id) => right.rows.has(id));
  ids.sort((a, b) => (md5(a) < md5(b) ? -1 : 1));
  const at = right.names.indexOf(label);
  const rows = ids.map((id) => ({ mine: left.rows.get(id) ?? [], theirs: right.rows.get(id) ?? [] }));
  return {
    x: rows.map(({ mine, theirs }) => [...mine, ...theirs.filter((_, index) => index !== at)]),
    y: rows.map(({ theirs }) => theirs[at] ?? Number.NaN),
  };
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The files have no quotes and no commas in values; an independent, simple reader is the point. */
function read(path: string, key: string): { readonly names: string[]; readonly rows: Map<string, number[]> } {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = header.trim().split(',');
  const at = names.indexOf(key);
  const others = (cells: string[]): string[] => cells.filter((_, index) => index !== at);
  const rows = lines.map((line): [string, number[]] => {
    const cells = line.trim().split(',');
    return [cells[at] ?? '', others(cells).map(Number)];
  });
  return { names: others(names), rows: new Map(rows) };
}

/** Mean 0 and variance 1 over the rows before `split`; the others are treated alike. */
function standardise(x: readonly Row[], split: number): Row[] {
  const sample = x.slice(0, split);
  const columns = (x[0] ?? []).map((_, column) => {
    const values = sample.map((row) => row[column] ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / split;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / split;
    return { mean, scale: 1 / Math.sqrt(variance + VARIANCE_MIN) };
  });
  return x.map((row) =>
    row.map((value, at) => (value - (columns[at]?.mean ?? 0)) * (columns[at]?.scale ?? 1)),
  );
}

/** Added to variances, so that a constant column stays finite; the job adds the same. */
const VARIANCE_MIN = 1e-3;

function descend(
  x: readonly Row[],
  y: readonly number[],
  { epochs, batchRows, rate, ridge }: Training,
): { readonly w: number[]; readonly b: number } {
  let w = new Array<number>(x[0]?.length ?? 0).fill(0);
  let b = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let from = 0; from + batchRows <= x.length; from += batchRows) {
      const rows = x.slice(from, from + batchRows);
      const errors = rows.map((row, i) => 1 / (1 + Math.exp(-(dot(row, w) + b))) - (y[from + i] ?? 0));
      const gradient = w.map((_, at) =>
        errors.reduce((sum, error, i) => sum + error * (rows[i]?.[at] ?? 0), 0),
      );
      w = w.map((value, at) => value * (1 - rate * ridge) - (gradient[at] ?? 0) * (rate / batchRows));
      b -= errors.reduce((sum, error) => sum + error, 0) * (rate / batchRows);
    }
  }
  return { w, b };
}

const dot = (x: Row, w: readonly number[]): number =>
  x.reduce((sum, value, at) => sum + value * (w[at] ?? 0), 0);

/** How often a positive row scores above a negative one; a tie is half a win. */
export function areaUnderCurve(scores: readonly number[], labels: readonly number[]): number {
  let wins = 0;
  let pairs = 0;
  scores.forEach((mine, i) => {
    if (labels[i] !== 1) return;
    scores.forEach((other, j) => {
      if (labels[j] === 1) return;
      pairs += 1;
      wins += mine > other ? 1 : mine === other ? 0.5 : 0;
    });
  });
  return wins / pairs;
}
