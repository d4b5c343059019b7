/** Programs that do not answer their supervisors: what each party tells the others of its own. */
import { branchOf } from './trail.ts';
import type { Busy, CoreState, Heartbeat } from './types.ts';

/**
 * What a peer is told of this party's program; of a step in a branch that the peer does not execute, only that there is
 * one.
 */
export function busyFor(state: CoreState, peer: string, now: number): Pick<Heartbeat, 'busy'> {
  const { busy, answering, trail } = state;
  if (answering || busy === null) return {};
  const { stepId } = busy;
  const last = stepId === null ? undefined : trail.branches.get(branchOf(stepId))?.at(-1);
  const isTold = last !== undefined && (last.parties === undefined || last.parties.includes(peer));
  return { busy: { stepId: isTold ? stepId : null, forMs: Math.max(0, Math.round(now - busy.since)) } };
}

/** The same at the party that is told. How long the heartbeat was under way is not known, and little. */
export function busyBy({ busy }: Heartbeat, now: number): Busy | null {
  return busy === undefined ? null : { stepId: busy.stepId, since: now - busy.forMs };
}
