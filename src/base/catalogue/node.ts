import type { ErrorEntries } from '../error-entry.ts';

export const nodeErrors = {
  PRIVITY_NODE_SOCKET: {
    failure: 'SETUP_FAILED',
    means: 'A process of the node cannot listen at its local socket.',
    causes:
      'The path of the folder for sockets is too long, the folder cannot be written, or another node of the same party uses it.',
    remedy:
      'Look at the path in the message: set `sockets` in the node file to a folder with a short path that only this user can enter, or stop the other node.',
  },
  PRIVITY_NODE_MESSAGE: {
    failure: 'PROTOCOL_VIOLATION',
    means:
      "A partner's node has sent something that this node does not understand, or that is not signed by its key.",
    causes: 'Another version of Privity at the partner, or a message that was altered or made up.',
    remedy:
      'Compare the versions that `privity partners` shows. If they are equal, keep the log and ask the partner.',
  },
  PRIVITY_NODE_ORDER: {
    failure: 'INTERNAL',
    means: 'A supervisor was started with an order that is none of this version of Privity.',
    causes: 'Privity was replaced by another version while the node was starting a run.',
    remedy:
      'Let the node start the attempt again. If it happens without a change of versions, please report it with the log.',
  },
  PRIVITY_PROPOSAL_BUNDLE: {
    failure: 'USAGE',
    means: "A job's files do not go into a bundle, or a partner's bundle is not one that is taken.",
    causes:
      'The job has too many or too large files, it imports files outside of a common folder or packages, or the bundle was altered.',
    remedy: 'Look at the message: keep code, not data, beside the job, below one folder.',
  },
} as const satisfies ErrorEntries;
