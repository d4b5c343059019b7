import type { ErrorEntries } from '../error-entry.ts';

export const statsErrors = {
  PRIVITY_STATS_ARGUMENTS: {
    failure: 'USAGE',
    means: 'A function of privity/stats was called with arguments that do not fit each other.',
    causes:
      'A column that the table does not have or that two parties have, options that say nothing or the impossible, or too few rows or groups for the statistic.',
    remedy: 'Compare the call with what the error names; docs/statistics.md has what each function takes.',
  },
  PRIVITY_STATS_ENCODING: {
    failure: 'DATA_INVALID',
    means: 'What should be a fitted encoding is none, or it is of other rules than those of the job.',
    causes:
      'A file that was damaged, changed by hand or written by another version, or rules of the job that have changed since.',
    remedy: 'Fit the encoding again, and keep that; or apply what was kept with the rules that it is of.',
  },
  PRIVITY_STATS_UNSEEN: {
    failure: 'DATA_INVALID',
    means: 'A row has a word or a number for which the rules of an encoding have no place.',
    causes:
      'A new word, a number outside of those that the rules were fitted to, a text that is no number, or more words than categories. The error names column and row; the owner alone finds the value in its own log.',
    remedy:
      "Correct the row, fit the encoding again, or say what such rows become: `unseen: 'other'`, `outside: 'clip'`, `others`, `unreadable`.",
  },
} as const satisfies ErrorEntries;
