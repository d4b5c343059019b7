/** Liveness and deadlines: everything that the passing of time alone decides. */
import { isCut } from './board.ts';
import { busyFor } from './busy.ts';
import { giveUpOnDifference } from './lockstep.ts';
import { heads } from './trail.ts';
import type { Turn } from './turn.ts';
import type { CoreState } from './types.ts';

export function keepTime(turn: Turn): void {
  forgiveOwnDelay(turn);
  turn.next.lastTickAt = turn.now;
  sendHeartbeats(turn);
  for (const peer of turn.reachable()) judge(turn, peer);
  giveUpOnDifference(turn);
  const { startedAt, config } = turn.next;
  if (turn.now >= startedAt + config.bounds.runDeadlineMs) {
    turn.abort(turn.failure('DEADLINE_EXCEEDED', turn.selfName));
  }
}

/**
 * If this process itself did not run for a heartbeat or more, its peers' messages may be waiting unread: their silence
 * proves nothing, so the time in which this party was deaf does not count against them.
 */
function forgiveOwnDelay(turn: Turn): void {
  const delay = turn.now - nextWake(turn.next);
  if (delay < turn.next.config.bounds.heartbeatMs) return;
  for (const peer of turn.others()) {
    const heardAt = turn.peer(peer)?.heardAt ?? null;
    if (heardAt !== null) turn.updatePeer(peer, { heardAt: Math.min(turn.now, heardAt + delay) });
  }
}

function sendHeartbeats(turn: Turn): void {
  if (turn.now < turn.next.heartbeatAt) return;
  turn.next.heartbeatAt = turn.now + turn.next.config.bounds.heartbeatMs;
  const { trail, answering } = turn.next;
  for (const peer of turn.reachable()) {
    const name = turn.name(peer);
    const busy = busyFor(turn.next, name, turn.now);
    turn.send(peer, { type: 'heartbeat', heads: heads(trail, name), answering, ...busy });
  }
}

function judge(turn: Turn, peer: number): void {
  const view = turn.peer(peer);
  if (!view || turn.next.phase === 'ended') return;
  if (view.heardAt === null) {
    if (turn.now >= joinDeadline(turn.next)) turn.lose(peer, 'JOIN_TIMEOUT', 'never joined');
    return;
  }
  const { suspectAfterMs, lostAfterMs } = turn.next.config.bounds;
  const silence = turn.now - view.heardAt;
  if (silence >= lostAfterMs) {
    turn.lose(peer, 'PEER_UNREACHABLE', `silent for ${Math.round(silence)} ms`);
  } else if (silence >= suspectAfterMs && !view.suspect) {
    turn.updatePeer(peer, { suspect: true });
    turn.effects.push({
      type: 'peer',
      peer,
      state: 'suspect',
      reason: `silent for ${Math.round(silence)} ms`,
    });
  }
}

/** In an abort, those who never joined are waited for only so long as it takes to tell a party that is just starting. */
function joinDeadline(state: CoreState): number {
  const { joinTimeoutMs, lateJoinMs } = state.config.bounds;
  const joined = state.startedAt + joinTimeoutMs;
  return state.abortingSince === null ? joined : Math.min(joined, state.abortingSince + lateJoinMs);
}

/** Until when a party that has seen that hellos differ waits for those that are missing: as long as for a sign of life. */
export function mismatchDeadline({ mismatchAt, startedAt, config }: CoreState): number {
  const { lostAfterMs, joinTimeoutMs } = config.bounds;
  return Math.min((mismatchAt ?? startedAt) + lostAfterMs, startedAt + joinTimeoutMs);
}

/** The earliest moment at which the passing of time decides something. */
export function nextWake(state: CoreState): number {
  const { bounds, self } = state.config;
  const wakes = [state.heartbeatAt];
  if (state.phase === 'joining' && state.mismatchAt !== null) wakes.push(mismatchDeadline(state));
  // What time cannot decide any more must not wake anybody: once due, it would for ever be due at once.
  if (state.phase !== 'aborting' && state.phase !== 'ended') {
    wakes.push(state.startedAt + bounds.runDeadlineMs);
    if (state.divergence) wakes.push(state.divergence.giveUpAt);
  }
  if (state.endedAt !== null)
    return Math.max(Math.min(...wakes, state.endedAt + bounds.lingerMs), state.lastTickAt);
  for (const [i, view] of state.peers.entries()) {
    if (i === self || isCut(state.board, self, i)) continue;
    if (view.heardAt === null) wakes.push(joinDeadline(state));
    else wakes.push(view.heardAt + (view.suspect ? bounds.lostAfterMs : bounds.suspectAfterMs));
  }
  return Math.max(Math.min(...wakes), state.lastTickAt);
}
