/** Fitted rules applied to a table of their owner, be it the one that they were fitted to or another. */
import { type ColumnInput, DataError, type Table, tableOf } from '../../index.ts';
import { wordsAt } from '../owner.ts';
import { oneHotNames } from './declare.ts';
import type { FittedEncoding, FittedRule, Learned } from './fitted.ts';
import { filledNumbers, filledWords, numbersOf, unseen, wordsOf } from './read.ts';

/** @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_STATS_UNSEEN */
export async function applyRules({ keep, columns }: FittedEncoding, table: Table): Promise<Table> {
  const made: [string, ColumnInput][] = [];
  const list: string[] = [];
  for (const name of keep) {
    made.push([name, [...(await wordsAt(table, name))]]);
    list.push(`CAST(${quoted(name)} AS ${typeOf(table, name)}) AS ${quoted(name)}`);
  }
  for (const { rule, learned } of columns)
    for (const [name, values] of await outputsOf(rule, learned, table)) {
      made.push([name, values]);
      list.push(
        Array.isArray(values) ? quoted(name) : `nullif(${quoted(name)}, 'nan'::DOUBLE) AS ${quoted(name)}`,
      );
    }
  const whole = await tableOf(Object.fromEntries(made));
  try {
    return await whole.query(`SELECT ${list.join(', ')} FROM rows`);
  } finally {
    await whole.drop();
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const typeOf = (table: Table, name: string): string =>
  table.columns.find((column) => column.name === name)?.type ?? 'VARCHAR';

type Outputs = readonly (readonly [string, ColumnInput])[];

async function outputsOf(rule: FittedRule, learned: Learned, table: Table): Promise<Outputs> {
  const isOfNumbers = rule.as === 'number' || rule.as === 'bins';
  return isOfNumbers
    ? fromNumbers(rule, learned, await numbersOf(table, rule))
    : fromWords(rule, learned, await wordsOf(table, rule));
}

function fromNumbers(rule: FittedRule, learned: Learned, read: Float64Array): Outputs {
  const numbers = filledNumbers(read, learned);
  checkGaps(rule, numbers.findIndex(Number.isNaN));
  const values =
    rule.as === 'bins'
      ? Array.from(numbers, (value, row) => binOf(rule, learned, value, row))
      : numbers.map((value, row) => scaled(rule, learned, value, row));
  return [
    [rule.name, values],
    ...marks(
      rule,
      read.map((value) => (Number.isNaN(value) ? 1 : 0)),
    ),
  ];
}

function fromWords(rule: FittedRule, learned: Learned, read: readonly (string | undefined)[]): Outputs {
  const words = filledWords(read, learned);
  checkGaps(rule, words.indexOf(undefined));
  const { names = [] } = rule;
  const places = new Map(learned.words?.map((word, place) => [word, place]));
  const found = words.map((word, row) => {
    if (word === undefined) return -1;
    const place = places.get(word);
    if (place !== undefined) return place;
    if (rule.unseen === 'other') return names.length - 1;
    throw unseen(rule.from, row, `none of the ${places.size} words of its rules`, word);
  });
  const filled = marks(
    rule,
    Float64Array.from(read, (word) => (word === undefined ? 1 : 0)),
  );
  if (rule.as === 'words') return [[rule.name, found.map((place) => names[place])], ...filled];
  const indicators = oneHotNames(rule).map((name) => [name, new Float64Array(found.length)] as const);
  for (const [row, place] of found.entries()) indicators[place]?.[1].fill(1, row, row + 1);
  return [...indicators, ...filled];
}

const marks = ({ filled }: FittedRule, values: Float64Array): Outputs =>
  filled === undefined ? [] : [[filled, values]];

function checkGaps({ from, gaps }: FittedRule, row: number): void {
  if (gaps || row < 0) return;
  throw new DataError(
    'PRIVITY_COLUMN_NULLS',
    `column '${from}' has no value in row ${row + 1}, and its rules say that it has no gaps. Say "fill", or { gaps: true } of it.`,
  );
}

/** The last bin whose lower end is not above the value. */
function binOf(rule: FittedRule, { edges = [] }: Learned, value: number, row: number): string | undefined {
  if (Number.isNaN(value)) return undefined;
  const [bottom = value] = edges;
  const top = edges.at(-1) ?? value;
  if (rule.outside !== 'clip' && (value < bottom || value > top))
    throw unseen(rule.from, row, `a number ${value > top ? 'above' : 'below'} all bins`, value);
  let [low, high] = [0, Math.max(0, edges.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= (edges[middle] ?? value)) low = middle;
    else high = middle - 1;
  }
  return rule.names?.[low];
}

function scaled(rule: FittedRule, learned: Learned, value: number, row: number): number {
  if (Number.isNaN(value)) return value;
  const { min = value, max = value, from, scale } = rule;
  const { centre = 0, scale: by = 1, top = value } = learned;
  const made = scale === 'minmax' ? (value - centre) / by + min : (value - centre) / by;
  // What was fitted decides, and not a rounding of what comes out.
  const [isBelow, isAbove] = scale === 'minmax' ? [value < centre, value > top] : [made < min, made > max];
  if (rule.outside !== 'clip' && (isBelow || isAbove))
    throw unseen(
      from,
      row,
      `a number ${isAbove ? 'above' : 'below'} ${scale === 'minmax' ? 'what was fitted' : `${min} to ${max}, as it comes out`}`,
      value,
    );
  return Math.min(max, Math.max(min, made));
}
