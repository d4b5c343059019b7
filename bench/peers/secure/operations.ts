/** What is measured, on which numbers, and what was to be reached. */
import { auc } from '../../stats-plain.ts';

export const operationNames = [
  'mul',
  'fixed-mul',
  'less',
  'matmul',
  'div',
  'sigmoid',
  'sort',
  'auc',
  'epoch',
] as const;
export type OperationName = (typeof operationNames)[number];

export const FEATURES = 32;
export const BATCH_ROWS = 128;

export interface Operation {
  readonly name: OperationName;
  readonly title: string;
  /** Elements; for matmul rows and columns, for the epoch rows of 32 features. */
  readonly sizes: readonly number[];
  /** What a rate counts, for one run of this size. */
  readonly units: (size: number) => number;
  readonly unit: string;
  /** Units a second that were to be reached at the largest size up to TARGET_ELEMENTS, or seconds at most. */
  readonly target?: { readonly perSecond: number } | { readonly secondsMax: number };
}

const elements = (size: number): number => size;
const upToAMillion = [1_000, 10_000, 100_000, 1_000_000];
/** The largest is for links, with `--sizes-max 10000000`: there the time of a round no longer counts. */
const upToTenMillion = [...upToAMillion, 10_000_000];
/** An operation that has taken so long, all its runs together, is not run again. */
export const REPEAT_SECONDS_MAX = 3;
/** Targets are for so many elements at most. */
export const TARGET_ELEMENTS = 1_000_000;

export const operations: readonly Operation[] = [
  {
    name: 'mul',
    title: 'multiplication',
    sizes: upToTenMillion,
    units: elements,
    unit: 'products',
    target: { perSecond: 30e6 },
  },
  {
    name: 'fixed-mul',
    title: 'fixed-point multiplication',
    sizes: upToTenMillion,
    units: elements,
    unit: 'products',
    target: { perSecond: 18e6 },
  },
  {
    name: 'less',
    title: 'comparison, 64 bits',
    sizes: upToAMillion,
    units: elements,
    unit: 'comparisons',
    target: { perSecond: 8e6 },
  },
  {
    name: 'matmul',
    title: 'matrix product',
    sizes: [64, 128, 256, 512],
    units: (size) => size ** 3,
    unit: 'multiply-adds',
    target: { perSecond: 0.85e9 },
  },
  {
    name: 'div',
    title: 'division',
    sizes: upToAMillion,
    units: elements,
    unit: 'quotients',
    target: { perSecond: 0.3e6 },
  },
  { name: 'sigmoid', title: 'sigmoid', sizes: upToAMillion, units: elements, unit: 'values' },
  {
    name: 'sort',
    title: 'sort',
    sizes: upToAMillion,
    units: elements,
    unit: 'keys',
    target: { secondsMax: 5 },
  },
  {
    name: 'auc',
    title: 'AUC with ties; of SPU the sort alone',
    sizes: [10_000, 100_000],
    units: elements,
    unit: 'rows',
    target: { secondsMax: 3 },
  },
  {
    name: 'epoch',
    title: 'logistic regression, an epoch',
    sizes: [1_024, 10_240, 102_400],
    units: elements,
    unit: 'rows',
  },
];

/** Numbers between -10 and 10 in steps of 1/64: every system represents them exactly, also times 64 as integers. */
export function wave(count: number, k: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (mod(i * 7919 * k + 13 * k, 1281) - 640) / 64);
}

const mod = (value: number, by: number): number => ((value % by) + by) % by;

/** The first hundred numbers of the result, in the open. */
export function plain(op: OperationName, size: number, inputs: readonly Float64Array[]): readonly number[] {
  const [x = new Float64Array(), y = new Float64Array()] = inputs;
  const head = Math.min(100, op === 'matmul' ? size ** 2 : size);
  const first = (f: (i: number) => number): number[] => Array.from({ length: head }, (_, i) => f(i));
  const at = (list: Float64Array, i: number): number => list[i] ?? Number.NaN;
  switch (op) {
    case 'mul':
    case 'fixed-mul':
      return first((i) => at(x, i) * at(y, i));
    case 'less':
      return first((i) => Number(at(x, i) < at(y, i)));
    case 'div':
      return first((i) => at(x, i) / at(y, i));
    case 'sigmoid':
      return first((i) => 1 / (1 + Math.exp(-at(x, i))));
    case 'sort':
      return [...x.slice().sort()].slice(0, head);
    case 'auc':
      return [auc(x, y)];
    case 'matmul':
      return first((i) => {
        const [row, column] = [Math.floor(i / size), i % size];
        let sum = 0;
        for (let k = 0; k < size; k++) sum += at(x, row * size + k) * at(y, k * size + column);
        return sum;
      });
    case 'epoch':
      return epoch(x, y, size);
  }
}

function epoch(x: Float64Array, y: Float64Array, rows: number): number[] {
  let w = new Array<number>(FEATURES).fill(0);
  const row = (i: number): Float64Array => x.subarray(i * FEATURES, (i + 1) * FEATURES);
  for (let from = 0; from + BATCH_ROWS <= rows; from += BATCH_ROWS) {
    const gradient = new Array<number>(FEATURES).fill(0);
    for (let i = from; i < from + BATCH_ROWS; i++) {
      const score = row(i).reduce((sum, value, k) => sum + value * (w[k] ?? 0), 0);
      const error = 1 / (1 + Math.exp(-score)) - (y[i] ?? Number.NaN);
      row(i).forEach((value, k) => {
        gradient[k] = (gradient[k] ?? 0) + value * error;
      });
    }
    w = w.map((value, k) => value - (gradient[k] ?? 0) * (0.1 / BATCH_ROWS));
  }
  return w;
}
