/** How cells are written down: bounds of detection, and a name that says the fault, the moment and the victim. */
import type { Fault, PartyName, Scenario, What, When } from './scenario.ts';
import { PARTY_NAMES } from './scenario.ts';

export type Size = Scenario['parties'];

/** A failure that somebody reports: the news has to be everywhere at once. */
export const TOLD_MS = 3_000;
/** Silence until a party is lost (1 s), a heartbeat for each further loss, and the agreement. */
export const SILENCE_MS = 5_000;
/** Short enough to be waited for, long enough that the others have met by then, also on a busy machine. */
export const joinMs = (parties: Size): number => 4_000 + 2_000 * parties;
/** A failure before the start: those who start late are waited for, so that they hear of it. */
export const LATE_JOIN_MS = 15_000;
export const STEP_DEADLINE_MS = 1_500;
/** The deadline, and how long the supervisor waits for an answer before it calls a program stuck. */
export const STALLED_MS = STEP_DEADLINE_MS + 2_000 + TOLD_MS;
export const DATA_LINK_MS = 3_000;

/** Large values go through this: 32 MB in some three seconds. */
export const SLOW = 10_000_000;

/** Short enough to be waited for in a test, long enough for a busy machine. */
const BOUNDS = { graceMs: 1_000 };

/**
 * The proxy shares a process with the runner, which starts others meanwhile: on a busy machine its bytes may wait for a
 * second.
 */
export const PROXY_BOUNDS = { suspectAfterMs: 1_200, lostAfterMs: 2_000 };

export interface Cell extends Omit<Scenario, 'name' | 'args'> {
  readonly args?: Scenario['args'];
  /** Tells cells with the same fault apart. */
  readonly note?: string;
}

export function cell({ note, args = {}, ...rest }: Cell): Scenario {
  const { what, whom, when } = rest.fault;
  const how =
    what === 'job' || what === 'setup' || what === 'nothing' ? note : [what, note].filter(Boolean).join(', ');
  const moment = when === 'always' ? '' : `, ${when}`;
  const name = `${how}${moment}, ${whom.join(' and ')} of ${rest.parties}`;
  const proxied = rest.bytesPerSecond === undefined ? {} : PROXY_BOUNDS;
  return { ...rest, bounds: { ...BOUNDS, ...proxied, ...rest.bounds }, args, name };
}

export const fault = (what: What, whom: PartyName | readonly PartyName[], when: When): Fault => ({
  what,
  whom: typeof whom === 'string' ? [whom] : whom,
  when,
});

export const names = (size: Size): readonly PartyName[] => PARTY_NAMES.slice(0, size);
export const others = (size: Size, victim: PartyName): readonly PartyName[] =>
  names(size).filter((name) => name !== victim);
