import type { ErrorEntries } from '../error-entry.ts';

/** Errors of the simulated world: raised before anything is simulated. */
export const testingErrors = {
  PRIVITY_FAULT_PLAN: {
    failure: 'USAGE',
    means: 'A fault plan is not one that the simulation understands.',
    causes:
      'An unknown kind of fault or key, a missing key, a party that is not of the job, or a time out of range.',
    remedy:
      'docs/simulation.md lists the kinds of faults with their keys; the message names the fault and the key.',
  },
  PRIVITY_EXPLORE_BASELINE: {
    failure: 'USAGE',
    means: 'The job does not complete in the simulated world although nothing goes wrong there.',
    causes: 'An input file is not there, or the job fails by itself on these inputs.',
    remedy: 'Run the job with `privity local` and the same options first; explore it when that completes.',
  },
} as const satisfies ErrorEntries;
