import type { ErrorEntries } from '../error-entry.ts';

export const coreErrors = {
  PRIVITY_INTERNAL: {
    failure: 'INTERNAL',
    means: 'Something that Privity takes to be impossible has happened.',
    causes: 'A defect in Privity.',
    remedy:
      'Report it with the stack from the log of the party where it happened; the message holds no private data.',
  },
  PRIVITY_RUN_ABORTED: {
    failure: 'CANCELLED',
    means: 'The run ended while this was pending. The verdict is in the `verdict` property.',
    causes: 'A failure at some party; the verdict names it.',
    remedy: 'Look at the verdict, not here: this error is a consequence.',
  },
} as const satisfies ErrorEntries;
