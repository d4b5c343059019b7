import { UsageError } from '../../base/errors.ts';

/** The contract of the run does not allow what the job was about to do. It ends the run, whatever scope it is in. */
export class DeniedError extends UsageError {
  /** The name of its class. */
  override readonly name: string = 'DeniedError';
  /** What all parties may read of it: words of the contract, and names that it lists. */
  readonly facts: string;

  /** `own`: what only this party may read, such as the keys of a record. */
  constructor(facts: string, own?: string) {
    const remedy =
      'Nothing of it left. If it is meant, make the contract anew (privity contract make), or add the entry by hand, and have all parties agree to it.';
    super('PRIVITY_CONTRACT_DENIED', `Not in the contract of this run: ${facts}. ${remedy}`, { own });
    this.facts = facts;
  }
}
