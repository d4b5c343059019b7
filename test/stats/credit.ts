import { columnsOf } from './columns.ts';

/** Columns of numbers, and of words, of credit.csv; null is a gap. */
export const { numbers: creditNumbers, words: creditWords } = columnsOf('credit.csv');
