/** A column of the owner's table as its rules begin with it: letters, other words, text as numbers, gaps filled. */
import { DataError, type Table } from '../../index.ts';
import { numbersWithGaps, wordsAt } from '../owner.ts';
import type { FittedRule, Learned } from './fitted.ts';

/** Numbers, NaN in the gaps. */
type Numbers = Float64Array;
/** Words, undefined in the gaps. */
type Words = readonly (string | undefined)[];

/** Digits with or without a point and an exponent: what CSV files have; no hexadecimals, no infinity. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The column as words, before gaps are filled. @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_STATS_UNSEEN */
export async function wordsOf(table: Table, rule: FittedRule): Promise<Words> {
  const { from, map, others } = rule;
  const read = await rawWords(table, from);
  const given = rule.case === undefined ? read : read.map((word) => inCase(word, rule.case));
  if (map === undefined) return given;
  const becomes = new Map(map);
  return given.map((word, row) => {
    if (word === undefined) return undefined;
    const mapped = becomes.get(word);
    if (mapped !== undefined || others === 'gap') return mapped;
    if (others === 'error') throw unseen(from, row, 'a word that "map" does not have', word);
    return others === 'other' ? 'other' : word;
  });
}

const inCase = (word: string | undefined, to: FittedRule['case']): string | undefined =>
  to === 'lower' ? word?.toLowerCase() : word?.toUpperCase();

/** A number of a file is the same word, whether or not others of its column have fractions. */
async function rawWords(table: Table, name: string): Promise<Words> {
  const type = table.columns.find((column) => column.name === name)?.type;
  if (type !== 'DOUBLE' && type !== 'FLOAT') return wordsAt(table, name);
  const numbers = await table.numbers(name, { nulls: 'nan' });
  return Array.from(numbers, (value) => (Number.isNaN(value) ? undefined : String(value)));
}

/** The column as numbers, before gaps are filled. @throws {DataError} PRIVITY_COLUMN_…, PRIVITY_STATS_UNSEEN */
export async function numbersOf(table: Table, rule: FittedRule): Promise<Numbers> {
  const { from, cast } = rule;
  const isText = table.columns.some(({ name, type }) => name === from && type === 'VARCHAR');
  const needsWords = cast !== undefined && (isText || rule.case !== undefined || rule.map !== undefined);
  const numbers = needsWords ? await castNumbers(table, rule) : await numbersWithGaps(table, from, true);
  const row = numbers.findIndex((value) => !Number.isFinite(value) && !Number.isNaN(value));
  if (row >= 0) throw unseen(from, row, 'an infinity', numbers[row]);
  return numbers;
}

async function castNumbers(table: Table, rule: FittedRule): Promise<Numbers> {
  const words = await wordsOf(table, rule);
  return Float64Array.from(words, (word = '', row) => {
    const text = word.trim();
    if (NUMBER.test(text)) return Number(text);
    if (text === '' || rule.unreadable === 'gap') return Number.NaN;
    throw unseen(rule.from, row, 'a text that is no number', word);
  });
}

export function filledNumbers(numbers: Numbers, { fill }: Learned): Numbers {
  return fill === undefined ? numbers : numbers.map((value) => (Number.isNaN(value) ? Number(fill) : value));
}

export function filledWords(words: Words, { fill }: Learned): Words {
  return fill === undefined ? words : words.map((word) => word ?? String(fill));
}

/** For the owner alone what it is; for all others where. */
export const unseen = (name: string, row: number, what: string, value: unknown): DataError =>
  new DataError(
    'PRIVITY_STATS_UNSEEN',
    `column '${name}', row ${row + 1}, has ${what}; its rules say nothing of such rows.`,
    { own: `It is ${JSON.stringify(value) ?? String(value)} (for this party only).` },
  );
