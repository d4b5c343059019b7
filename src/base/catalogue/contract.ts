import type { ErrorEntries } from '../error-entry.ts';

export const contractErrors = {
  PRIVITY_CONTRACT_INVALID: {
    failure: 'USAGE',
    means: 'A contract of disclosures is not one, or it is not for the parties of this job.',
    causes:
      'A mistyped key, kind or form in an entry that was written by hand; a size that is neither a number nor a symbol of the contract; a contract of another job.',
    remedy:
      'Correct the place that the message names, or make the file anew with `privity contract make`. docs/contracts.md describes it.',
  },
  PRIVITY_CONTRACT_DENIED: {
    failure: 'POLICY_DENIED',
    means:
      'The job was about to disclose something that the contract of this run does not allow. It did not leave.',
    causes:
      'A change of the job; a branch that the rehearsal did not reach; data of another form or size than the rehearsal had; a job that tries to tell more than was agreed on.',
    remedy:
      'The message names the step, the value and the entry. If it is meant: make the contract anew (`privity contract make`), or add the entry by hand, and have every party agree to it.',
  },
  PRIVITY_CONTRACT_EXCEEDED: {
    failure: 'POLICY_DENIED',
    means: 'The job would disclose more than its contract file allows.',
    causes:
      'The job was changed and its contract was not, or a rehearsal has come further than the one before.',
    remedy:
      'Read what `privity contract check` lists. If it is meant, write the file anew with `privity contract make`, so that the change can be read as a difference of the file.',
  },
  PRIVITY_CONTRACT_NOT_REHEARSED: {
    failure: 'USAGE',
    means: 'The job could not be rehearsed, so nothing is known of what it would disclose.',
    causes:
      'A schema for a table that no setting takes, a job that needs more than tables (a service, another program), or one that fails at once on made-up rows.',
    remedy:
      'Give schemas of the tables in a file with `--schema`; `privity contract make` also takes tables with `--inputs party.name=file` and other settings with `--setting party.name=value`. Write the contract by hand where a job cannot run without its surroundings.',
  },
} as const satisfies ErrorEntries;
