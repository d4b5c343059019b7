/**
 * Scopes: parts of the program that succeed or fail as one at their members (`attempt`): at all parties, or at those of the
 * conclave in which the scope lies. Every member votes exactly once: its part went through, it failed, or it joins because another's failure reached it first. The outcome is a pure function of all
 * votes, so it is the same everywhere; a member that is lost before it has voted ends the run instead.
 *
 * Cost: each member sends one message to each other member a scope; one way, one message's time.
 */
import type { Failure } from './failure.ts';
import type { Turn } from './turn.ts';
import type { OpenScope, PartyIndex, TrailEntry, Vote } from './types.ts';
import { rankFailures } from './verdict.ts';

/** Scopes that may be open, or announced by peers, at one time. Far above what programs nest or run in parallel. */
const OPEN_SCOPES_MAX = 65_536;

/** This party's program has opened scopes: from now on it is known whom they include. */
export function enterScopes(turn: Turn, entries: readonly TrailEntry[]): void {
  if (!turn.open) return;
  for (const { kind, stepId, places } of entries) {
    if (kind !== 'attempt' || turn.next.scopes.has(stepId) || isOver(turn, stepId)) continue;
    update(turn, stepId, { members: places.map((name) => turn.next.config.parties.indexOf(name)) });
  }
}

/** Something in a scope has failed at this party: the others hear of it at once, while what still runs here ends. */
export function failScope(turn: Turn, scope: string, failure: Failure): void {
  if (!turn.open || turn.next.scopes.get(scope)?.left || hasVoted(turn, scope) || isOver(turn, scope)) return;
  vote(turn, scope, failure);
  turn.effects.push({ type: 'scopeCancelled', scope, failure });
}

/** This party's program has left a scope: its part is through, or was cancelled and has ended. It says so once. */
export function leaveScope(turn: Turn, scope: string): void {
  if (!turn.open || turn.next.scopes.get(scope)?.left || isOver(turn, scope)) return;
  if (!hasVoted(turn, scope)) vote(turn, scope, null);
  update(turn, scope, { left: true });
  conclude(turn, scope);
}

function hasVoted(turn: Turn, scope: string): boolean {
  return (turn.next.scopes.get(scope)?.votes[turn.self] ?? null) !== null;
}

/**
 * Whether a step lies in a scope that is over for this party: it has voted on the scope, so what is in it has ended, or failed
 * with it. Nothing is said about it any more: a late word could reach a peer that has forgotten the scope already.
 */
export function isOver(turn: Turn, stepId: string): boolean {
  for (let end = stepId.lastIndexOf('/'); end > 0; end = stepId.lastIndexOf('/', end - 1)) {
    if (hasVoted(turn, stepId.slice(0, end))) return true;
  }
  return false;
}

/** A peer has voted. Its failure cancels the scope here, unless this party has been through with it before. */
export function takeVote(
  turn: Turn,
  peer: number,
  scope: string,
  failure: Failure | null,
  members?: readonly PartyIndex[],
): void {
  if (!turn.open || turn.next.scopes.get(scope)?.votes[peer]) return;
  if (members && !(members.includes(peer) && members.includes(turn.self)))
    return turn.lose(peer, 'PROTOCOL_VIOLATION', 'voted on a scope that does not include both parties');
  if (turn.next.scopes.size >= OPEN_SCOPES_MAX)
    return turn.lose(peer, 'LIMIT_EXCEEDED', 'too many open scopes');
  if (members && !turn.next.scopes.has(scope)) update(turn, scope, { members });
  record(turn, scope, peer, { failure });
  if (failure) {
    turn.effects.push({ type: 'learned', failure });
    if (!hasVoted(turn, scope) && !isOver(turn, scope)) {
      turn.effects.push({ type: 'scopeCancelled', scope, failure });
      vote(turn, scope, null);
    }
  }
  conclude(turn, scope);
}

function vote(turn: Turn, scope: string, failure: Failure | null): void {
  record(turn, scope, turn.self, { failure });
  const members = turn.next.scopes.get(scope)?.members ?? [];
  const some = members.length < turn.next.config.parties.length ? { members } : {};
  for (const peer of turn.reachable())
    if (members.includes(peer)) turn.send(peer, { type: 'vote', scope, failure, ...some });
  if (failure) turn.effects.push({ type: 'learned', failure });
}

function record(turn: Turn, scope: string, party: number, cast: Vote): void {
  const none: readonly (Vote | null)[] = turn.next.config.parties.map(() => null);
  update(turn, scope, { votes: (turn.next.scopes.get(scope)?.votes ?? none).with(party, cast) });
}

function update(turn: Turn, scope: string, patch: Partial<OpenScope>): void {
  const before = turn.next.scopes.get(scope) ?? {
    members: turn.next.config.parties.map((_, party) => party),
    votes: turn.next.config.parties.map(() => null),
    left: false,
  };
  turn.next.scopes = new Map(turn.next.scopes).set(scope, { ...before, ...patch });
}

function conclude(turn: Turn, scope: string): void {
  const open = turn.next.scopes.get(scope);
  if (!open?.left || !open.members.every((member) => open.votes[member])) return;
  // What lies within has ended with it: where it was open, its votes will never be complete.
  turn.next.scopes = without(turn.next.scopes, scope);
  turn.next.conclaves = without(turn.next.conclaves, scope);
  const failures = open.votes.flatMap((cast) => (cast?.failure ? [cast.failure] : []));
  const [failure = null, ...attached] = rankFailures(turn.next.config.parties, failures);
  turn.effects.push({ type: 'scopeEnded', scope, failure, attached });
}

function without<T>(map: ReadonlyMap<string, T>, scope: string): ReadonlyMap<string, T> {
  return new Map([...map].filter(([path]) => path !== scope && !path.startsWith(`${scope}/`)));
}
