/** What a schedule keeps of each party, and whom it tells what happens. */
import type { CoreEvent, CoreState, Effect, Failure } from '../../src/coordination/types.ts';
import { NAMES } from './plan.ts';
import type { Fault } from './plan-types.ts';
import type { Program } from './program.ts';

/** When a schedule that does not end by itself is given up: far beyond every bound. */
export const UNTIL_MS = 300_000;
/** Events of one schedule: far more than seven parties need for minutes, or 64 for a failure of all. */
export const EVENTS_MAX = 1_000_000;
/** How late the timers of a busy machine fire at most: less than a heartbeat, which would count as not running. */
export const BUSY_LATE_MS = 200;
/** How long a party that has left waits for its last messages, as `flushMs` of the supervisor. */
export const FLUSH_MS = 500;

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

/** An event of a core, for people; null for what happens all the time. */
export function wordsOf(event: CoreEvent): string | null {
  if (event.type === 'tick') return null;
  if (event.type === 'link') return `link to ${NAMES[event.peer]} is ${event.up ? 'up' : 'down'}`;
  if (event.type !== 'received') return event.type;
  return event.message.type === 'heartbeat'
    ? null
    : `receives ${event.message.type} from ${NAMES[event.peer]}`;
}

export function cutWords({ b, oneWay, ms }: Extract<Fault, { kind: 'cut' }>): string {
  return `* nothing passes to ${NAMES[b]}${oneWay ? '' : ' and back'}, for ${ms ?? 'ever'}`;
}

export function whomItHits(fault: Fault): readonly number[] {
  if ('party' in fault) return [fault.party];
  return 'a' in fault ? [fault.a, fault.b].filter((party) => party !== null) : [];
}

/** Whether a party's program has issued the step at a place of the main branch. */
export function hasComeTo({ core }: PartyRecord, position: number): boolean {
  return (core.trail.branches.get('')?.at(-1)?.position ?? -1) >= position;
}
