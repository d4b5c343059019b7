/** Lockstep: what happens when the steps of two parties are not the same (the search itself is in trail.ts). */
import {
  compareHead,
  describe,
  entriesUpTo,
  firstDifference,
  hasStepsAfter,
  type TrailHead,
} from './trail.ts';
import type { Turn } from './turn.ts';
import type { TrailEntry } from './types.ts';

/** Heads of peers that are kept until this party gets there; each new one replaces the older of its peer and branch. */
const PENDING_HEADS_MAX = 1024;

/** A peer's heartbeat says where it stands: compare now, or when this party gets there. */
export function checkHead(turn: Turn, peer: number, head: TrailHead): void {
  if (!turn.open) return;
  const answer = compareHead(turn.next.trail, head);
  if (answer === 'different') return awaitDifference(turn, peer, head.branch, head.position);
  if (answer !== 'later') return;
  const others = turn.next.trail.pending.filter((p) => p.peer !== peer || p.head.branch !== head.branch);
  turn.next.trail = { ...turn.next.trail, pending: [...others, { peer, head }].slice(-PENDING_HEADS_MAX) };
}

/** This party has issued steps: compare the heads that were waiting for them. */
export function checkPending(turn: Turn): void {
  if (turn.next.trail.pending.length === 0) return;
  const waiting = turn.next.trail.pending;
  turn.next.trail = { ...turn.next.trail, pending: [] };
  for (const { peer, head } of waiting) checkHead(turn, peer, head);
}

/** A peer's program is through while this party's goes on: its further steps would wait for ever. */
export function checkFin(turn: Turn, peer: number): void {
  const fin = turn.peer(peer)?.fin;
  const mine = turn.next.trail.branches.get('')?.at(-1);
  if (fin && mine && mine.position >= fin.steps) awaitDifference(turn, peer, '', mine.position);
}

/**
 * A difference with a peer is certain, its first place is not. Both send what they know; the party that sees the first
 * difference names it for all. If the peer stays silent, this party says what it knows after two heartbeats.
 */
export function awaitDifference(turn: Turn, peer: number, branch: string, position: number): void {
  // What a party did that is left out since concerns nobody any more.
  if (!turn.open || turn.next.divergence !== null || !turn.others().includes(peer)) return;
  turn.next.divergence = { peer, giveUpAt: turn.now + 2 * turn.next.config.bounds.heartbeatMs };
  const entries = entriesUpTo(turn.next.trail, branch, position);
  // Steps of this party after that position are not sent: the peer must not take the last one that is for the end.
  const ended = turn.hasEnded(branch) && !hasStepsAfter(turn.next.trail, branch, position);
  turn.send(peer, { type: 'diverged', branch, entries, ended });
}

/** The peer has sent its trail: name the first difference, if this party can see one. */
export function nameDifference(
  turn: Turn,
  peer: number,
  branch: string,
  theirs: readonly TrailEntry[],
  theyEnded: boolean,
): void {
  if (!turn.open) return;
  const found = firstDifference(turn.next.trail, branch, theirs, theyEnded, turn.hasEnded(branch));
  if (found) return diverge(turn, peer, found.stepId, found.mine, found.theirs);
  // The peer is certain, this party has not come far enough to see it: tell the peer how far, it will name it.
  const last = theirs.at(-1);
  if (last) checkHead(turn, peer, last);
}

/** The peer never answered. */
export function giveUpOnDifference(turn: Turn): void {
  const waiting = turn.next.divergence;
  if (!waiting || !turn.open || turn.now < waiting.giveUpAt) return;
  diverge(turn, waiting.peer, null, turn.next.trail.branches.get('')?.at(-1) ?? null, null, 'unknown');
}

function diverge(
  turn: Turn,
  peer: number,
  stepId: string | null,
  mine: TrailEntry | null,
  theirs: TrailEntry | null,
  theirWords = describe(theirs),
): void {
  const sides = [
    [turn.self, `${turn.selfName}: ${describe(mine)}`] as const,
    [peer, `${turn.name(peer)}: ${theirWords}`] as const,
  ].sort(([a], [b]) => a - b);
  // Two swapped tasks of one name read alike; the digest has seen what the words do not say.
  const alike = describe(mine) === theirWords ? '; the code, the inputs or the parameters differ' : '';
  const facts = sides.map(([, words]) => words).join('; ') + alike;
  const stepName = mine?.name ?? theirs?.name;
  const origin = turn.name(Math.min(turn.self, peer));
  turn.abort(
    turn.failure('DIVERGENCE', origin, {
      facts,
      ...(stepId === null ? {} : { stepId }),
      ...(stepName === undefined ? {} : { stepName }),
    }),
  );
}
