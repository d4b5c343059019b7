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
  PRIVITY_CONTROL_MESSAGE_INVALID: {
    failure: 'PROTOCOL_VIOLATION',
    means: 'A peer sent a control message that the protocol does not allow.',
    causes:
      'A defective or hostile peer, or another version of Privity that passed the handshake by mistake.',
    remedy: 'Compare the versions with `privity --version` at all parties; if they are equal, report it.',
  },
  PRIVITY_JOB_PARTIES_DIFFER: {
    failure: 'SETUP_FAILED',
    means: 'The parties that the job names are not those of the federation.',
    causes: 'The federation file belongs to another job, or the job gained or lost a party.',
    remedy:
      'Make a federation file with exactly the parties of the job (`privity federation create`), and exchange it.',
  },
} as const satisfies ErrorEntries;
