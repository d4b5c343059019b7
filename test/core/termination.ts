/** When parties have to have left: the bound that follows from the bounds of the run (docs/simulation-core.md). */
import { scheduleBounds as bounds, NAMES } from './plan.ts';
import type { Fault } from './plan-types.ts';
import type { Schedule } from './schedule.ts';
import { FLUSH_MS, type PartyRecord } from './schedule-record.ts';

/** A hair for timers that fire a thousandth late, twice. */
export const HAIR_MS = 1;

const living = (schedule: Schedule): readonly PartyRecord[] =>
  schedule.parties.filter((party) => party.startedAt !== null && party.crashedAt === null);

/** How long the faults that only disturb may keep things from happening, all together. */
export function disturbedMs(faults: readonly Fault[]): number {
  return faults.reduce((sum, fault) => {
    if (fault.kind === 'slow') return sum + fault.extra;
    if (fault.kind === 'late' || fault.kind === 'drift' || !('ms' in fault)) return sum;
    return sum + (fault.ms ?? 0);
  }, 0);
}

/**
 * Every living party has left within the bound that follows from the bounds of the run: what the plan itself takes (the
 * last fault, the programs, joining), then at most one detection for each peer, then lingering. Clocks may differ by a
 * hundredth.
 */
export const termination = (schedule: Schedule): string | null => {
  const bound = terminationBound(schedule);
  for (const party of living(schedule)) {
    if (party.leftAt === null)
      return `${party.name} has not left after ${Math.round(schedule.time.now)} ms (${party.core.phase})`;
    if (party.leftAt > bound)
      return `${party.name} left after ${Math.round(party.leftAt)} ms; the bound is ${Math.round(bound)} ms`;
    if (party.endedAt !== null && party.stalls.length === 0 && !isBusy(schedule, party)) {
      const lingered = (party.leftAt - party.endedAt) / 1.02;
      // Where nothing goes wrong everyone knows the end after one more message.
      const known =
        Math.max(...schedule.parties.map(({ endedAt }) => endedAt ?? 0)) + schedule.plan.delayMs + HAIR_MS;
      if (schedule.happened.length === 0 && party.leftAt > known + HAIR_MS)
        return `${party.name} stays though everyone knows`;
      if (lingered > bounds.lingerMs + HAIR_MS) return `${party.name} lingers for ${Math.round(lingered)} ms`;
    }
  }
  return null;
};

export function terminationBound(schedule: Schedule): number {
  const { plan } = schedule;
  const starts = Math.max(...schedule.parties.map((party) => party.startedAt ?? 0));
  const isIncomplete =
    schedule.parties.some((party) => party.startedAt === null) || starts > bounds.joinTimeoutMs;
  const joined = isIncomplete
    ? Math.min(starts, bounds.joinTimeoutMs) + bounds.joinTimeoutMs
    : starts + 100 + 4 * plan.delayMs;
  const last = Math.max(
    0,
    ...schedule.happened.map(
      ({ at, fault }) => at + ('ms' in fault && fault.kind !== 'late' ? (fault.ms ?? 0) : 0),
    ),
  );
  // Every message of the program's way may wait for disturbances; each step takes its longest pause.
  const program =
    (plan.steps + 3) * plan.stepMs +
    8 * plan.delayMs +
    disturbedMs(schedule.happened.map(({ fault }) => fault));
  const detections = (plan.parties - 1) * (bounds.lostAfterMs + bounds.heartbeatMs + 2 * plan.delayMs);
  const all = Math.max(joined + program, last) + detections + bounds.lateJoinMs + bounds.lingerMs;
  return 1.02 * (all + lossyMs(schedule)) + HAIR_MS;
}

/**
 * Where messages are lost for ever: a loss that is noticed, a closing that is not confirmed, and for each time that
 * parties agree one party that agrees with nobody and leaves, and the others, who notice that and then agree with
 * nobody either.
 */
function lossyMs({ plan, happened, parties }: Schedule): number {
  if (!happened.some(({ fault }) => fault.kind === 'drop')) return 0;
  const { lateJoinMs, lostAfterMs, heartbeatMs, lingerMs, agreeMs, confirmMs } = bounds;
  const noticed = lostAfterMs + heartbeatMs + 2 * plan.delayMs;
  const agreed = lateJoinMs + (plan.parties - 1) * (lostAfterMs + heartbeatMs) + agreeMs;
  const closed = 2 * (lostAfterMs + heartbeatMs) + confirmMs;
  const epochs = 1 + Math.max(...parties.map(({ core }) => core.epoch));
  return noticed + closed + epochs * (2 * agreed + lingerMs + FLUSH_MS + noticed);
}

function isBusy(schedule: Schedule, party: PartyRecord): boolean {
  return schedule.happened.some(({ fault }) => fault.kind === 'busy' && NAMES[fault.party] === party.name);
}
