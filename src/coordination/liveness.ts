/** Liveness and deadlines: everything that the passing of time alone decides. */
import { isCut } from './board.ts';
import { busyFor } from './busy.ts';
import { giveUpOnDifference } from './lockstep.ts';
import { agreementMs, confirmationMs, isCounted } from './phase-bounds.ts';
import { heads } from './trail.ts';
import type { Turn } from './turn.ts';
import type { CoreState, Message, PartyIndex } from './types.ts';

export function keepTime(turn: Turn): void {
  forgiveOwnDelay(turn);
  turn.next.lastTickAt = turn.now;
  sendHeartbeats(turn);
  for (const peer of turn.reachable()) judge(turn, peer);
  giveUpOnDifference(turn);
  giveUpOnTheEnd(turn);
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
    const missingSince = turn.peer(peer)?.missingSince ?? null;
    if (missingSince !== null)
      turn.updatePeer(peer, { missingSince: Math.min(turn.now, missingSince + delay) });
  }
  const { abortingSince, readySince } = turn.next;
  if (abortingSince !== null) turn.next.abortingSince = Math.min(turn.now, abortingSince + delay);
  if (readySince !== null) turn.next.readySince = Math.min(turn.now, readySince + delay);
}

/**
 * A message has come. Links keep the order, so a number that was left out is lost for ever, and so may be what it would
 * have shown. Of the last one only heartbeats tell, which may overtake it.
 */
export function countIn(turn: Turn, peer: PartyIndex, message: Message): void {
  const view = turn.peer(peer);
  if (!view) return;
  const { number = view.taken + 1 } = message;
  const taken = view.taken + Number(isCounted(message));
  const due = Math.max(view.due, message.type === 'heartbeat' ? (message.said ?? 0) : 0);
  turn.updatePeer(peer, { taken, due, missingSince: taken >= due ? null : (view.missingSince ?? turn.now) });
  if (isCounted(message) && number !== taken)
    turn.lose(peer, 'LINK_DOWN', `message ${taken} of it has not arrived, and ${number} has`);
}

/**
 * Everybody's program is through, and not everybody confirms it: the others hear why, or say that they have completed.
 */
function giveUpOnTheEnd(turn: Turn): void {
  const { phase, readySince, config } = turn.next;
  if (phase !== 'closing' || readySince === null || turn.now < readySince + confirmationMs(config.bounds))
    return;
  const silent = turn.others().filter((peer) => !turn.peer(peer)?.ready);
  const facts = `the end of the run was not confirmed by ${silent.map((peer) => turn.name(peer)).join(', ')}`;
  turn.abort(turn.failure('DEADLINE_EXCEEDED', turn.selfName, { facts }));
}

function sendHeartbeats(turn: Turn): void {
  if (turn.now < turn.next.heartbeatAt) return;
  turn.next.heartbeatAt = turn.now + turn.next.config.bounds.heartbeatMs;
  const { trail, answering } = turn.next;
  for (const peer of turn.reachable()) {
    const name = turn.name(peer);
    const busy = busyFor(turn.next, name, turn.now);
    const said = turn.peer(peer)?.said ?? 0;
    turn.send(peer, { type: 'heartbeat', heads: heads(trail, name), answering, ...busy, said });
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
  // It is heard, and what it has said does not come: links keep the order, so it never will.
  if (view.missingSince !== null && turn.now >= view.missingSince + lostAfterMs)
    return turn.lose(peer, 'LINK_DOWN', `${view.due - view.taken} of its messages have not arrived`);
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

/** In an abort, a party that never joined is waited for only so long as it takes to tell one that is just starting. */
function joinDeadline(state: CoreState): number {
  const { joinTimeoutMs, lateJoinMs } = state.config.bounds;
  const joined = state.startedAt + joinTimeoutMs;
  return state.abortingSince === null ? joined : Math.min(joined, state.abortingSince + lateJoinMs);
}

/**
 * Until when a party that has seen that hellos differ waits for those that are missing: as long as for a sign of life.
 */
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
    if (state.readySince !== null) wakes.push(state.readySince + confirmationMs(bounds));
  }
  if (state.phase === 'aborting' && state.abortingSince !== null)
    wakes.push(state.abortingSince + agreementMs(bounds, state.config.parties.length));
  if (state.endedAt !== null)
    return Math.max(Math.min(...wakes, state.endedAt + bounds.lingerMs), state.lastTickAt);
  for (const [i, view] of state.peers.entries()) {
    if (i === self || isCut(state.board, self, i)) continue;
    if (view.missingSince !== null) wakes.push(view.missingSince + bounds.lostAfterMs);
    if (view.heardAt === null) wakes.push(joinDeadline(state));
    else wakes.push(view.heardAt + (view.suspect ? bounds.lostAfterMs : bounds.suspectAfterMs));
  }
  return Math.max(Math.min(...wakes), state.lastTickAt);
}
