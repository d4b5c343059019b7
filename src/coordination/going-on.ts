/**
 * The members of a run that are left go on: a new epoch begins, with an empty board and without the parties that are
 * left out.
 */
import { type Board, cut, emptyBoard, isCut, type Vote } from './board.ts';
import { compareAll } from './conclave.ts';
import { concludeAll, takeKnownVote } from './scopes.ts';
import type { Turn } from './turn.ts';
import type { Absence, PartyIndex } from './types.ts';

/**
 * Begins the next epoch. Whatever has been given up on and is not left out is lost anew at once, so no party takes a
 * step in an epoch in which it cannot reach all members.
 */
export function goOnWithout(turn: Turn, absences: readonly Absence[]): void {
  const state = turn.next;
  const sealed = state.board;
  const left = absences.map(({ party }) => party);
  state.epoch += 1;
  state.absent = [...state.absent, ...absences];
  state.board = withoutContributions(sealed, left);
  state.reports = state.reports.map(() => null);
  state.texts = state.texts.map(() => null);
  state.toldBy = state.toldBy.map(() => null);
  state.wantedBy = state.wantedBy.map(() => []);
  state.phase = state.fin ? 'closing' : 'running';
  state.abortingSince = null;
  if (state.divergence && left.includes(state.divergence.peer)) state.divergence = null;
  for (const { party, failure } of absences) turn.effects.push({ type: 'excluded', party, failure });
  for (const party of left) takeVotesOf(turn, party, sealed);
  for (const peer of turn.others()) {
    if (isCut(state.board, turn.self, peer))
      turn.abort(turn.failure(turn.peer(peer)?.lostAs ?? 'PEER_UNREACHABLE', turn.name(peer)));
  }
  concludeAll(turn);
  compareAll(turn);
}

function withoutContributions(sealed: Board, left: readonly PartyIndex[]): Board {
  let board: Board = { ...emptyBoard(sealed.cuts.length), cuts: sealed.cuts };
  for (const party of left) {
    for (const other of sealed.cuts.keys()) {
      if (other !== party) board = cut(board, other, party);
    }
  }
  return board;
}

/**
 * The votes of a party that is left out are those that somebody has sealed, no more and no fewer: what it has said to
 * one of us only counts for all.
 */
function takeVotesOf(turn: Turn, party: PartyIndex, sealed: Board): void {
  const known = new Map<
    string,
    { readonly vote: Vote; readonly members: readonly PartyIndex[]; over: boolean }
  >();
  for (const contribution of sealed.contributions) {
    for (const { scope, members, over, votes } of contribution?.scopes ?? []) {
      const vote = votes[party];
      if (!vote || !members.includes(turn.self)) continue;
      known.set(scope, { vote, members, over: over && known.get(scope)?.over !== false });
    }
  }
  for (const [scope, { vote, members, over }] of known) {
    // Concluded elsewhere and unknown here: it was over here before.
    if (!over || turn.next.scopes.has(scope)) takeKnownVote(turn, party, scope, vote, members);
  }
}
