/** What the measurement needs to know of a system under comparison. */
import type { ObservedParty } from './observed-party.ts';
import type { Scenario } from './scenarios.ts';

export interface Word {
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly text: string;
}

export interface StartedParties {
  readonly parties: readonly ObservedParty[];
  /** Removes what the runner itself made: files, folders. Processes are the measurement's business. */
  dispose(): void;
}

export interface System {
  readonly name: string;
  start(scenario: Scenario): Promise<StartedParties>;
  /** Whether a party has come so far that the runner's deed can be done to alice. */
  atWork(party: ObservedParty): boolean;
  /** The moment of a fault that the program brought by itself, once it is known. */
  faultAt(scenario: Scenario, started: StartedParties): number | null;
  /** The process that runs the job. */
  programOf(party: ObservedParty): number | null;
  /** The first word to this party's program, or to whoever runs it, that the computation has failed. */
  told(party: ObservedParty): Word | null;
  /** The result that this party's program had, if it had one. */
  result(party: ObservedParty): { readonly value: unknown } | null;
  /** What a party that was not told has in its log of warnings and errors since the fault. */
  logged(party: ObservedParty, since: number): string | null;
}
