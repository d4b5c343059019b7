/**
 * Going on without a party: what the members of a run seal about their scopes when one of them is lost, and the
 * decision that follows from all that they have sealed. It is a pure function of the contributions, so all that decide
 * decide the same.
 *
 * A loss does not end the run if it is the only thing that is wrong, the lost party had not left some scope that all
 * who are left are members of, and these are a majority: two halves of a run that cannot see each other must never both
 * go on.
 */
import { type Contribution, digestOf, failureFields, type ScopeView } from './board.ts';
import type { Failure } from './failure.ts';
import { SEALED_SCOPES_MAX } from './limits.ts';
import { isOver } from './scope-state.ts';
import type { Absence, CoreState, PartyIndex } from './types.ts';
import { isLoss, rankFailures } from './verdict.ts';

/** Codes of failures that say one thing only: a party is gone. */
const SHELTERED_LOSSES: ReadonlySet<Failure['code']> = new Set(['PEER_UNREACHABLE', 'PEER_CRASHED']);

/** What this party knows of every scope that is not over, or may not be over elsewhere; null if these are too many. */
export function scopeViews(state: CoreState): readonly ScopeView[] | null {
  const { scopes, concluded } = state;
  if (scopes.size + concluded.size > SEALED_SCOPES_MAX) return null;
  const said = (votes: ScopeView['votes']) => votes.map((vote) => vote && { failure: vote.failure });
  const open = [...scopes].map(([scope, { members, entered, votes }]) => {
    const inside = entered && !isOver(state, scope);
    return { scope, members, inside, over: false, votes: said(votes) };
  });
  const over = [...concluded].map(([scope, { members, votes }]) => {
    return { scope, members, inside: false, over: true, votes: said(votes) };
  });
  return [...open, ...over];
}

/** The parties without which the run goes on; null when it does not go on. */
export function whoIsLeftOut(
  parties: readonly string[],
  absent: readonly Absence[],
  contributions: readonly (Contribution | null)[],
): readonly Absence[] | null {
  const members = parties.map((_, i) => i).filter((i) => !absent.some(({ party }) => party === i));
  const sealed = members.flatMap((i) => contributions[i] ?? []);
  const staying = members.filter((i) => contributions[i] && !contributions[i].leaving);
  const lost = members.filter((i) => !staying.includes(i));
  if (lost.length === 0 || sealed.some(({ ready, scopes }) => ready || scopes === null)) return null;
  const lostNames = lost.map((i) => parties[i] ?? '?');
  const onlyLosses = staying.every((i) => isLossOf(contributions[i]?.failure ?? null, lostNames));
  if (!onlyLosses || !lost.every((i) => isSheltered(i, staying, contributions))) return null;
  const absences = lost.map((party) => absenceOf(party, parties, staying, contributions));
  return isMajority(parties, [...absent, ...absences], staying) ? absences : null;
}

function isLossOf(failure: Failure | null, lost: readonly string[]): boolean {
  if (failure === null) return true;
  return isLoss(failure) && SHELTERED_LOSSES.has(failure.code) && lost.includes(failure.origin);
}

/**
 * Whether some party is in a scope of all who are left, of which the lost party is a member and which nobody saw it
 * leave.
 */
function isSheltered(
  lost: PartyIndex,
  staying: readonly PartyIndex[],
  contributions: readonly (Contribution | null)[],
): boolean {
  const views = contributions.flatMap((contribution) => contribution?.scopes ?? []);
  const hasLeft = (scope: string): boolean =>
    views.some((view) => view.votes[lost] && (scope === view.scope || scope.startsWith(`${view.scope}/`)));
  return staying.some((party) =>
    contributions[party]?.scopes?.some(
      ({ scope, inside, members }) =>
        inside && [lost, ...staying].every((member) => members.includes(member)) && !hasLeft(scope),
    ),
  );
}

/**
 * Of the parties of the run, without those that have themselves said that they leave, more than half are left; of a
 * tie, the half with the first of them. No two sets without a common party can both be that.
 */
function isMajority(
  parties: readonly string[],
  absent: readonly Absence[],
  staying: readonly PartyIndex[],
): boolean {
  const gone = absent.filter(({ leaving }) => leaving).map(({ party }) => party);
  const counted = parties.map((_, i) => i).filter((i) => !gone.includes(i));
  const twice = 2 * staying.length;
  return twice > counted.length || (twice === counted.length && staying.includes(counted[0] ?? -1));
}

/**
 * Its own word; else the word of the first in rank that lost it; else, if nobody has come to say it, that it is not
 * there.
 */
function absenceOf(
  party: PartyIndex,
  parties: readonly string[],
  staying: readonly PartyIndex[],
  contributions: readonly (Contribution | null)[],
): Absence {
  const name = parties[party] ?? '?';
  const own = contributions[party]?.failure;
  if (own) return { party, failure: own, leaving: true };
  const losses = contributions.flatMap((c) => (c?.failure && isLoss(c.failure) ? [c.failure] : []));
  const [named] = rankFailures(
    parties,
    losses.filter(({ origin }) => origin === name),
  );
  const reporter = parties[staying[0] ?? -1] ?? name;
  const incident = digestOf([name, ...losses.map(failureFields)]);
  const unnamed: Failure = { code: 'PEER_UNREACHABLE', origin: name, reporter, incident };
  return { party, failure: named ?? unnamed, leaving: false };
}
