/** What a rehearsal sees of a run, at one party. Nothing of it leaves the process. */
import type { Failure, StepKind } from '../../coordination/failure.ts';
import type { ValueForm } from '../../wire/value-form.ts';

export interface WitnessedDisclosure {
  readonly step: string;
  readonly kind: StepKind;
  readonly to: readonly string[];
  /** Changed where more is known when the value leaves. */
  form: ValueForm;
}

export interface Witness {
  issued(kind: StepKind, step: string): void;
  disclosed(disclosure: WitnessedDisclosure): void;
  /** An intersection has so many rows. */
  shared(step: string, rows: number): void;
  /** `own`: the text of the error, which stays here. */
  failed(step: string, failure: Failure, own: string): void;
}
