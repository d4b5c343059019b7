/**
 * Compares what this party's program is about to tell with the contract of the run, and shows it to a rehearsal. What
 * is public about a step (its name, its parties) is compared at every party when the step is issued; a value's form at
 * its sender, before its first byte.
 */
import type { StepKind, TrailEntry } from '../../coordination/failure.ts';
import type { PublicDetails } from '../../coordination/public-details.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import { type Claim, ContractUse, type Leaving } from '../../observe/contract/contract-use.ts';
import { formText, type ValueForm } from '../../wire/value-form.ts';
import { DeniedError } from '../model/denied.ts';
import type { Witness, WitnessedDisclosure } from './witness.ts';

/** Of a value that is known before it is there, and leaves later. */
export interface Taken {
  readonly leaving: Leaving;
  readonly claim: Claim | undefined;
  readonly seen: WitnessedDisclosure | undefined;
  readonly form: ValueForm;
}

export class ContractGuard {
  readonly party: string;
  readonly #use: ContractUse | undefined;
  readonly #witness: Witness | undefined;
  readonly #denied: (error: DeniedError, entry: TrailEntry | undefined) => void;

  /** `denied` is told at once, whatever the code of the job makes of the error. */
  constructor(
    party: string,
    contract: Contract | undefined,
    witness: Witness | undefined,
    denied: (error: DeniedError, entry: TrailEntry | undefined) => void,
  ) {
    this.party = party;
    this.#use = contract && new ContractUse(contract);
    this.#witness = witness;
    this.#denied = denied;
  }

  /** Whether anybody looks at forms: to make one takes time. */
  get looks(): boolean {
    return this.#use !== undefined || this.#witness !== undefined;
  }

  /** Whether this is a rehearsal, on rows that are made up. */
  get rehearses(): boolean {
    return this.#witness !== undefined;
  }

  /** Whether a text of an error crosses only if the contract lists it. */
  get binds(): boolean {
    return this.#use !== undefined;
  }

  /** @throws {DeniedError} */
  issuing(kind: StepKind, step: string): void {
    this.#witness?.issued(kind, step);
    // The name stays here: it may be made of data.
    this.#check(this.#use?.stepDenied(kind, step), `the name is ${JSON.stringify(step)}`);
  }

  /** Some party will tell something, as far as that is known when the step is issued. @throws {DeniedError} */
  expects(leaving: Leaving): void {
    if (leaving.to.length > 0) this.#check(this.#use?.denied(leaving));
  }

  /** A value of this form will leave, of a size that only the step itself will find. @throws {DeniedError} */
  foresees(leaving: Leaving, { template }: ValueForm): void {
    this.#check(this.#use?.formDenied(leaving, template));
  }

  /** `entry`: where the step has been issued. @throws {DeniedError} */
  take(leaving: Leaving, form: ValueForm, entry?: TrailEntry): Taken {
    const judged = this.#use?.take(leaving, form);
    if (judged && 'denied' in judged) this.#check(judged.denied, `the value is ${formText(form)}`, entry);
    const claim = judged && 'claim' in judged ? judged.claim : undefined;
    const { step, kind, from, to } = leaving;
    const seen = this.#witness && from === this.party ? { step, kind, to, form } : undefined;
    if (seen) this.#witness?.disclosed(seen);
    return { leaving, claim, seen, form };
  }

  /** More is known of the type of a value. @throws {DeniedError} */
  more({ leaving, claim, seen, form }: Taken, before: string, type: string): void {
    if (seen) seen.form = { ...form, template: form.template.replace(before, type) };
    if (claim) this.#check(this.#use?.more(leaving, claim, type));
  }

  /** @throws {DeniedError} */
  shared(step: string, rows: number): void {
    this.#witness?.shared(step, rows);
    this.#check(this.#use?.shared(step, rows));
  }

  lets(step: string, text: string, details: PublicDetails | undefined): boolean {
    return this.#use?.lets({ step, from: this.party, text, details }) ?? true;
  }

  #check(facts: string | undefined, own?: string, entry?: TrailEntry): void {
    if (facts === undefined) return;
    const error = new DeniedError(facts, own && `At this party: ${own}.`);
    this.#denied(error, entry);
    throw error;
  }
}
