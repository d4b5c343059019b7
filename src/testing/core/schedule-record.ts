/** What a schedule keeps of each party, and whom it tells what happens. */
import type { CoreEvent, CoreState, Effect, Failure } from '../../coordination/types.ts';
import type { Program } from './program.ts';

/** A party and all that happened to it. Times are virtual time, not the party's own clock. */
export interface PartyRecord {
  readonly name: string;
  core: CoreState;
  program: Program;
  startedAt: number | null;
  crashedAt: number | null;
  frozenUntil: number;
  /** Moments at which this party did not run, or its clock jumped: what it may have missed. */
  readonly stalls: { readonly from: number; readonly to: number }[];
  endedAt: number | null;
  ends: number;
  leftAt: number | null;
  gone: boolean;
  readonly heardAt: (number | null)[];
  readonly lost: {
    readonly peer: number;
    readonly at: number;
    readonly code: string;
    readonly silentForMs: number;
  }[];
  /** Failures of its own that reached the core while the run could still fail by them. */
  readonly failures: Failure[];
}

/** Told of every step of every core: what one party may never do. */
export type StepWatcher = (
  before: CoreState,
  event: CoreEvent,
  after: CoreState,
  effects: readonly Effect[],
  wakeAt: number | null,
  localNow: number,
) => void;

export interface ScheduleOptions {
  readonly watch?: StepWatcher;
  /** Told what happens, for people: the moment, the party, and words. */
  readonly trace?: (at: number, party: number, words: string) => void;
  readonly onStep?: (parties: readonly PartyRecord[]) => void;
}
