import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiled test runs from the output folder; data stay with the source. */
const file = fileURLToPath(new URL('../../../test/stats/data/credit.csv', import.meta.url));
const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
const names = head.split(',');

const fields = (name: string): string[] => {
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`credit.csv has no column ${name}`);
  return lines.map((line) => line.split(',')[at] ?? '');
};

/** A column of numbers of credit.csv; null is a gap. */
export const creditNumbers = (name: string): (number | null)[] =>
  fields(name).map((field) => (field === '' ? null : Number(field)));

/** A column of words of credit.csv; null is a gap. */
export const creditWords = (name: string): (string | null)[] =>
  fields(name).map((field) => (field === '' ? null : field));
