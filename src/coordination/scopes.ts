/**
 * Scopes: parts of the program that succeed or fail as one at their members (`attempt`). The members are all parties,
 * or the members of the conclave in which the scope lies. Every member votes exactly once: its part went through, its
 * part failed, or another's failure reached it first. The outcome is a pure function of all votes, so it is the same
 * everywhere. A member that is lost before it has voted ends the run instead.
 *
 * Cost: each member sends one message to each other member a scope; one way, one message's time.
 */
import type { Failure } from './failure.ts';
import { bounded } from './failure-text.ts';
import { hasVoted, isOver } from './scope-state.ts';
import type { Turn } from './turn.ts';
import type { Absence, OpenScope, PartyIndex, TrailEntry, Vote } from './types.ts';
import { rankFailures } from './verdict.ts';

/** Scopes that may be open, or announced by peers, at one time. Far above what programs nest or run in parallel. */
const OPEN_SCOPES_MAX = 65_536;

/** This party's program has opened scopes: from now on it is known whom they include. */
export function enterScopes(turn: Turn, entries: readonly TrailEntry[]): void {
  if (turn.next.phase === 'ended') return;
  const numbers = (names: readonly string[]) => names.map((name) => turn.next.config.parties.indexOf(name));
  for (const { kind, stepId, places, tolerates = [] } of entries) {
    if (kind !== 'attempt' || isOver(turn.next, stepId)) continue;
    update(turn, stepId, { members: numbers(places), tolerates: numbers(tolerates), entered: true });
    if (turn.open) missMembers(turn, stepId);
  }
}

/** Ends what runs in a scope that cannot succeed, because the run has lost a member that has not voted. */
function missMembers(turn: Turn, scope: string): void {
  const open = turn.next.scopes.get(scope);
  if (!open?.entered || hasVoted(turn.next, scope) || isOver(turn.next, scope)) return;
  const missing = missingOf(turn, open).find(({ party }) => !open.tolerates.includes(party));
  if (!missing) return;
  turn.effects.push({ type: 'scopeCancelled', scope, failure: missing.failure });
  vote(turn, scope, null);
}

/** Members that the run has gone on without, and that had not voted. */
function missingOf(turn: Turn, { members, votes }: OpenScope): readonly Absence[] {
  return turn.next.absent.filter(({ party }) => members.includes(party) && !votes[party]);
}

/** Something in a scope has failed at this party: the others hear of it at once, while what still runs here ends. */
export function failScope(turn: Turn, scope: string, thrown: Failure): void {
  const failure = bounded(thrown, turn.next.config.parties.length);
  if (
    !turn.open ||
    turn.next.scopes.get(scope)?.left ||
    hasVoted(turn.next, scope) ||
    isOver(turn.next, scope)
  )
    return;
  update(turn, scope, { entered: true });
  vote(turn, scope, failure);
  turn.effects.push({ type: 'scopeCancelled', scope, failure });
}

/** This party's program has left a scope: its part is through, or was cancelled and has ended. It says so once. */
export function leaveScope(turn: Turn, scope: string): void {
  if (!turn.open || turn.next.scopes.get(scope)?.left || isOver(turn.next, scope)) return;
  update(turn, scope, { entered: true });
  if (!hasVoted(turn.next, scope)) vote(turn, scope, null);
  update(turn, scope, { left: true });
  conclude(turn, scope);
}

/** A peer has voted. Its failure cancels the scope here, unless this party has been through with it before. */
export function takeVote(
  turn: Turn,
  peer: number,
  scope: string,
  failure: Failure | null,
  members?: readonly PartyIndex[],
  early = false,
): void {
  if (!turn.open || turn.next.scopes.get(scope)?.votes[peer]) return;
  if (members && !(members.includes(peer) && members.includes(turn.self)))
    return turn.lose(peer, 'PROTOCOL_VIOLATION', 'voted on a scope that does not include both parties');
  if (turn.next.scopes.size >= OPEN_SCOPES_MAX)
    return turn.lose(peer, 'LIMIT_EXCEEDED', 'too many open scopes');
  apply(turn, peer, scope, early ? { failure, early } : { failure }, members);
  conclude(turn, scope);
}

/** What a party that is left out has said on a scope, as the others have agreed. */
export function takeKnownVote(
  turn: Turn,
  party: PartyIndex,
  scope: string,
  cast: Vote,
  members: readonly PartyIndex[],
): void {
  const { scopes, concluded } = turn.next;
  if (scopes.get(scope)?.votes[party]) return;
  for (const path of concluded.keys()) if (scope === path || scope.startsWith(`${path}/`)) return;
  apply(turn, party, scope, cast, members);
}

function apply(
  turn: Turn,
  party: PartyIndex,
  scope: string,
  cast: Vote,
  members?: readonly PartyIndex[],
): void {
  const { failure } = cast;
  if (members && !turn.next.scopes.has(scope)) update(turn, scope, { members });
  record(turn, scope, party, cast);
  if (!failure) return;
  turn.effects.push({ type: 'learned', failure });
  if (hasVoted(turn.next, scope) || isOver(turn.next, scope)) return;
  turn.effects.push({ type: 'scopeCancelled', scope, failure });
  vote(turn, scope, null);
}

/**
 * After the run has gone on without somebody: what can succeed no more is cancelled, what nobody waits for any more
 * concludes.
 */
export function concludeAll(turn: Turn): void {
  if (!turn.open) return;
  // The outer before the inner, which end with them.
  const paths = [...turn.next.scopes.keys()].sort((a, b) => a.length - b.length);
  for (const path of paths) missMembers(turn, path);
  for (const path of paths) conclude(turn, path);
}

function vote(turn: Turn, scope: string, failure: Failure | null): void {
  const early = turn.next.scopes.get(scope)?.entered ? {} : { early: true };
  record(turn, scope, turn.self, { failure, ...early });
  const members = turn.next.scopes.get(scope)?.members ?? [];
  const some = members.length < turn.next.config.parties.length ? { members } : {};
  for (const peer of turn.reachable())
    if (members.includes(peer)) turn.send(peer, { type: 'vote', scope, failure, ...some, ...early });
  if (failure) turn.effects.push({ type: 'learned', failure });
}

function record(turn: Turn, scope: string, party: number, cast: Vote): void {
  const none: readonly (Vote | null)[] = turn.next.config.parties.map(() => null);
  update(turn, scope, { votes: (turn.next.scopes.get(scope)?.votes ?? none).with(party, cast) });
}

function update(turn: Turn, scope: string, patch: Partial<OpenScope>): void {
  const before = turn.next.scopes.get(scope) ?? {
    members: turn.next.config.parties.map((_, party) => party),
    tolerates: [],
    entered: false,
    votes: turn.next.config.parties.map(() => null),
    left: false,
  };
  turn.next.scopes = new Map(turn.next.scopes).set(scope, { ...before, ...patch });
}

function conclude(turn: Turn, scope: string): void {
  const open = turn.next.scopes.get(scope);
  if (!turn.open || !open?.left) return;
  const missing = missingOf(turn, open);
  const isMissing = (member: PartyIndex): boolean => missing.some(({ party }) => party === member);
  if (!open.members.every((member) => open.votes[member] || isMissing(member))) return;
  // What lies within has ended with it: where it was open, its votes will never be complete.
  turn.next.scopes = without(turn.next.scopes, scope);
  turn.next.conclaves = without(turn.next.conclaves, scope);
  remember(turn, scope, open);
  const lost = missing.filter(({ party }) => !open.tolerates.includes(party)).map(({ failure }) => failure);
  const failures = [...open.votes.flatMap((cast) => cast?.failure ?? []), ...lost];
  const [failure = null, ...attached] = rankFailures(turn.next.config.parties, failures);
  const absent = missing.length > 0 ? { absent: missing.map((absence) => absence.failure) } : {};
  turn.effects.push({ type: 'scopeEnded', scope, failure, attached, ...absent });
}

/**
 * A scope that is concluded here may lack a vote elsewhere, and if its voter is lost, this party is asked for it. Once
 * every member's program has come to this scope, all of them have concluded what lies before it on its branch.
 */
function remember(turn: Turn, scope: string, open: OpenScope): void {
  const all = open.votes.every((cast) => !cast?.early);
  const kept = [...turn.next.concluded].filter(([path]) => !(all && isUpTo(path, scope)));
  turn.next.concluded = new Map(kept).set(scope, open);
}

/** Whether a step lies before another on the other's branch, or within one that does, or within the other. */
function isUpTo(path: string, scope: string): boolean {
  const branch = scope.slice(0, scope.lastIndexOf('/') + 1);
  if (!path.startsWith(branch)) return false;
  const [position = ''] = path.slice(branch.length).split('/');
  return Number(position) <= Number(scope.slice(branch.length));
}

function without<T>(map: ReadonlyMap<string, T>, scope: string): ReadonlyMap<string, T> {
  return new Map([...map].filter(([path]) => path !== scope && !path.startsWith(`${scope}/`)));
}
