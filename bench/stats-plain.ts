/** The statistics of bench/stats-cases.ts in the open, as a textbook has them. */

type Numbers = Float64Array;

/** The row's values of both where both have one. */
function both(x: Numbers, y: Numbers): [Numbers, Numbers] {
  const isThere = (_: number, row: number): boolean => !Number.isNaN((x[row] ?? 0) + (y[row] ?? 0));
  return [x.filter(isThere), y.filter(isThere)];
}

const sumOf = (values: Numbers, power = 1): number => values.reduce((sum, value) => sum + value ** power, 0);

function centred(values: Numbers): Numbers {
  const mean = sumOf(values) / values.length;
  return values.map((value) => value - mean);
}

/** Of the rows in which both have a value. */
export function pearson(x: Numbers, y: Numbers): number {
  const [a, b] = both(x, y).map(centred) as [Numbers, Numbers];
  const product = a.reduce((sum, value, row) => sum + value * (b[row] ?? 0), 0);
  return product / Math.sqrt(sumOf(a, 2) * sumOf(b, 2));
}

/** By Gauss and Jordan; of a matrix of correlations no pivot is small. */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let pivot = 0; pivot < size; pivot++) {
    const own = rows[pivot] as number[];
    const by = own[pivot] as number;
    rows[pivot] = own.map((value) => value / by);
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = (rows[row] as number[])[pivot] as number;
      rows[row] = (rows[row] as number[]).map((value, at) => value - factor * (rows[pivot]?.[at] ?? 0));
    }
  }
  return rows.map((row) => row.slice(size));
}

export const inflation = (correlations: readonly (readonly number[])[]): number[] =>
  inverse(correlations).map((row, at) => row[at] as number);

/** Ranks from 1, of equal values the mean rank. */
function ranks(values: Numbers): Numbers {
  const order = Uint32Array.from(values, (_, row) => row).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const found = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let place = from; place < to; place++) found[order[place] as number] = (from + to + 1) / 2;
    from = to;
  }
  return found;
}

export const spearman = (x: Numbers, y: Numbers): number => pearson(ranks(x), ranks(y));

/** U of the rows that `isFirst` marks. */
export function rankSum(values: Numbers, isFirst: (row: number) => boolean): number {
  const first = ranks(values).filter((_, row) => isFirst(row));
  return sumOf(first) - (first.length * (first.length + 1)) / 2;
}

export function auc(scores: Numbers, labels: Numbers): number {
  const positives = sumOf(labels);
  const u = rankSum(scores, (row) => labels[row] === 1);
  return u / (positives * (labels.length - positives));
}

/** Scores are steps of 1/1000 from 0 to 1. */
export function kolmogorovSmirnov(scores: Numbers, labels: Numbers): number {
  const steps = Array.from({ length: 1001 }, () => [0, 0] as [number, number]);
  for (const [row, score] of scores.entries()) {
    const step = steps[Math.round(score * 1000)] as [number, number];
    step[labels[row] === 1 ? 1 : 0] += 1;
  }
  const positives = sumOf(labels);
  const negatives = labels.length - positives;
  let [no, yes, most] = [0, 0, 0];
  for (const [ofNo, ofYes] of steps) {
    [no, yes] = [no + ofNo, yes + ofYes];
    most = Math.max(most, Math.abs(yes / positives - no / negatives));
  }
  return most;
}

/** Of each group rows, sum and variance. */
export function grouped(values: Numbers, codes: Numbers, groups: number): number[] {
  return Array.from({ length: groups }, (_, group) => {
    const own = values.filter((_, row) => codes[row] === group);
    return [own.length, sumOf(own), sumOf(centred(own), 2) / (own.length - 1)];
  }).flat();
}

/** Of type 7. */
export function quantiles(values: Numbers, probabilities: readonly number[]): number[] {
  const sorted = values.slice().sort();
  return probabilities.map((p) => {
    const place = (sorted.length - 1) * p;
    const lower = sorted[Math.floor(place)] ?? 0;
    return lower + (place % 1) * ((sorted[Math.ceil(place)] ?? 0) - lower);
  });
}

/** Count, mean, variance, skewness and excess of kurtosis of what is there. */
export function described(values: Numbers): number[] {
  const there = values.filter((value) => !Number.isNaN(value));
  const count = there.length;
  const about = centred(there);
  const [second, third, fourth] = [2, 3, 4].map((power) => sumOf(about, power)) as [number, number, number];
  return [
    ...[count, sumOf(there) / count, second / (count - 1)],
    ...[third / count / (second / count) ** 1.5, (count * fourth) / second ** 2 - 3],
  ];
}

/** Rows of each combination, row by row. */
export function counted(first: Numbers, second: Numbers, sizes: readonly [number, number]): number[] {
  const counts = new Array<number>(sizes[0] * sizes[1]).fill(0);
  for (const [row, code] of first.entries()) {
    const at = code * sizes[1] + (second[row] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** Chi-square of two groups, whose times are 1 to `last`. */
export function logRank(times: Numbers, events: Numbers, groups: Numbers, last: number): number {
  const table = Array.from({ length: last + 1 }, () => ({ died: [0, 0], left: [0, 0] }));
  for (const [row, time] of times.entries()) {
    const { died, left } = table[time] as { died: number[]; left: number[] };
    const group = groups[row] ?? 0;
    died[group] = (died[group] ?? 0) + (events[row] ?? 0);
    left[group] = (left[group] ?? 0) + 1;
  }
  const atRisk = [0, 1].map((group) => groups.filter((one) => one === group).length) as [number, number];
  let [difference, variance] = [0, 0];
  for (const { died, left } of table) {
    const [d, n] = [(died[0] ?? 0) + (died[1] ?? 0), atRisk[0] + atRisk[1]];
    if (d > 0 && n > 1) {
      difference += (died[0] ?? 0) - (d * atRisk[0]) / n;
      variance += (d * (atRisk[0] / n) * (1 - atRisk[0] / n) * (n - d)) / (n - 1);
    }
    for (const group of [0, 1]) atRisk[group] = (atRisk[group] as number) - (left[group] ?? 0);
  }
  return difference ** 2 / variance;
}
