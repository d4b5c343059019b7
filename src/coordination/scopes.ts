/**
 * Scopes: parts of the program that succeed or fail as one at all parties (`attempt`). Every member votes exactly once: its
 * part went through, it failed, or it joins because another's failure reached it first. The outcome is a pure function of all
 * votes, so it is the same everywhere; a member that is lost before it has voted ends the run instead.
 *
 * Cost: each member sends one message to each other member a scope; one way, one message's time.
 */
import type { Failure } from './failure.ts';
import type { Turn } from './turn.ts';
import type { OpenScope, Vote } from './types.ts';
import { rankFailures } from './verdict.ts';

/** Scopes that may be open, or announced by peers, at one time. Far above what programs nest or run in parallel. */
const OPEN_SCOPES_MAX = 65_536;

/** Something in a scope has failed at this party: the others hear of it at once, while what still runs here ends. */
export function failScope(turn: Turn, scope: string, failure: Failure): void {
  if (!turn.open || turn.next.scopes.get(scope)?.left || hasVoted(turn, scope)) return;
  vote(turn, scope, failure);
  turn.effects.push({ type: 'scopeCancelled', scope, failure });
}

/** This party's program has left a scope: its part is through, or was cancelled and has ended. It says so once. */
export function leaveScope(turn: Turn, scope: string): void {
  if (!turn.open || turn.next.scopes.get(scope)?.left) return;
  if (!hasVoted(turn, scope)) vote(turn, scope, null);
  update(turn, scope, { left: true });
  conclude(turn, scope);
}

function hasVoted(turn: Turn, scope: string): boolean {
  return (turn.next.scopes.get(scope)?.votes[turn.self] ?? null) !== null;
}

/** A peer has voted. Its failure cancels the scope here, unless this party has been through with it before. */
export function takeVote(turn: Turn, peer: number, scope: string, failure: Failure | null): void {
  if (!turn.open || turn.next.scopes.get(scope)?.votes[peer]) return;
  if (turn.next.scopes.size >= OPEN_SCOPES_MAX)
    return turn.lose(peer, 'LIMIT_EXCEEDED', 'too many open scopes');
  record(turn, scope, peer, { failure });
  if (failure) {
    turn.effects.push({ type: 'learned', failure });
    if (!hasVoted(turn, scope)) {
      turn.effects.push({ type: 'scopeCancelled', scope, failure });
      vote(turn, scope, null);
    }
  }
  conclude(turn, scope);
}

function vote(turn: Turn, scope: string, failure: Failure | null): void {
  record(turn, scope, turn.self, { failure });
  turn.sendAll({ type: 'vote', scope, failure });
  if (failure) turn.effects.push({ type: 'learned', failure });
}

function record(turn: Turn, scope: string, party: number, cast: Vote): void {
  const votes = turn.next.scopes.get(scope)?.votes ?? turn.next.config.parties.map(() => null);
  update(turn, scope, { votes: votes.with(party, cast) });
}

function update(turn: Turn, scope: string, patch: Partial<OpenScope>): void {
  const before = turn.next.scopes.get(scope) ?? {
    votes: turn.next.config.parties.map(() => null),
    left: false,
  };
  turn.next.scopes = new Map(turn.next.scopes).set(scope, { ...before, ...patch });
}

function conclude(turn: Turn, scope: string): void {
  const open = turn.next.scopes.get(scope);
  if (!open?.left || !open.votes.every((cast) => cast !== null)) return;
  const scopes = new Map(turn.next.scopes);
  // Scopes within have ended with it: where they were open, their votes will never be complete.
  for (const path of scopes.keys()) if (path === scope || path.startsWith(`${scope}/`)) scopes.delete(path);
  turn.next.scopes = scopes;
  const failures = open.votes.flatMap((cast) => (cast?.failure ? [cast.failure] : []));
  const [failure = null, ...attached] = rankFailures(turn.next.config.parties, failures);
  turn.effects.push({ type: 'scopeEnded', scope, failure, attached });
}
