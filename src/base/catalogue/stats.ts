import type { ErrorEntries } from '../error-entry.ts';

export const statsErrors = {
  PRIVITY_STATS_ARGUMENTS: {
    failure: 'USAGE',
    means: 'A function of privity/stats was called with arguments that do not fit each other.',
    causes:
      'A column that the table does not have or that two parties have, options that say nothing or the impossible, or too few rows or groups for the statistic.',
    remedy: 'Compare the call with what the error names; docs/statistics.md has what each function takes.',
  },
} as const satisfies ErrorEntries;
