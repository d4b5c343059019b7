/**
 * Without whom a run goes on, once more: written from docs/failure-model.md, "Going on without a party", and not from
 * the core. Shares no code with src/coordination/exclusion.ts on purpose.
 */
import type { Contribution, ScopeView } from '../../src/coordination/board.ts';
import { expectedOrder, isLossReport } from './oracle.ts';

export interface ExpectedAbsence {
  readonly party: number;
  /** The incident by which it is named; null where nobody has come to name it. */
  readonly incident: string | null;
  readonly leaving: boolean;
}

/** Null where the run ends. `before`: without whom it goes on already. */
export function expectedAbsences(
  parties: readonly string[],
  before: readonly { readonly party: number; readonly leaving: boolean }[],
  contributions: readonly (Contribution | null)[],
): readonly ExpectedAbsence[] | null {
  const inRun = [...parties.keys()].filter((party) => before.every((absence) => absence.party !== party));
  const survives = (party: number): boolean =>
    contributions[party]?.leaving !== true && !!contributions[party];
  const [survivors, lost] = [inRun.filter(survives), inRun.filter((party) => !survives(party))];
  if (lost.length === 0) return null;
  for (const party of inRun) {
    // Who had confirmed the end may have completed; who cannot say enough of its scopes says that the run ends.
    const said = contributions[party];
    if (said && (said.ready || said.scopes === null)) return null;
  }
  for (const party of survivors) {
    const failure = contributions[party]?.failure;
    if (!failure) continue;
    const gone = failure.code === 'PEER_CRASHED' || failure.code === 'PEER_UNREACHABLE';
    if (!gone || !isLossReport(failure) || !lost.some((each) => parties[each] === failure.origin))
      return null;
  }
  const views = contributions.flatMap((said) => said?.scopes ?? []);
  for (const party of lost) {
    const told = survivors.some((survivor) =>
      (contributions[survivor]?.scopes ?? []).some((view) => tellsOf(view, party, survivors, views)),
    );
    if (!told) return null;
  }
  const leavers = [...before.filter(({ leaving }) => leaving).map(({ party }) => party)];
  for (const party of lost) if (contributions[party]) leavers.push(party);
  const counted = [...parties.keys()].filter((party) => !leavers.includes(party));
  const others = counted.length - survivors.length;
  if (survivors.length < others) return null;
  if (survivors.length === others && !survivors.some((party) => party === counted[0])) return null;
  return lost.map((party) => {
    const own = contributions[party]?.failure;
    if (own) return { party, incident: own.incident, leaving: true };
    const named = contributions.flatMap((said) =>
      said?.failure && isLossReport(said.failure) && said.failure.origin === parties[party]
        ? [said.failure]
        : [],
    );
    return { party, incident: expectedOrder(named, parties)[0]?.incident ?? null, leaving: false };
  });
}

/**
 * Whether a scope is the place at which all survivors are told of a loss: they are in it with the lost party, which has
 * not left it.
 */
function tellsOf(
  { scope, inside, members }: ScopeView,
  party: number,
  survivors: readonly number[],
  views: readonly ScopeView[],
): boolean {
  if (!inside || !members.includes(party) || survivors.some((each) => !members.includes(each))) return false;
  const around = scope.split('/').map((_, end, path) => path.slice(0, end + 1).join('/'));
  return !views.some((view) => view.votes[party] && around.includes(view.scope));
}
