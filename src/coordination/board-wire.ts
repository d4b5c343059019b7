/** Boards on the wire: a place of fixed size for each party, so that the board of the largest run fits one message. */
import { create, toBinary } from '@bufbuild/protobuf';
import * as pb from '../wire/gen/privity/v1/control_pb.ts';
import type { Board, Contribution, ScopeView } from './board.ts';
import { cut, emptyBoard, seal } from './board.ts';
import { failureFromWire, failureToWire } from './failure-wire.ts';
import { contributionBytesMax, SEALED_SCOPES_MAX, SIGNATURE_CHARS_MAX } from './limits.ts';
import type { BoardReport, Message } from './types.ts';
import { fromBits, ids, index, paths, refuse, toBits } from './wire-words.ts';

export function boardToWire(
  board: Board,
  reports: readonly (BoardReport | null)[],
  epoch: number,
  parties: readonly string[],
) {
  const cutBy = board.cuts.map((row) => row.flatMap((down, to) => (down ? [to] : [])));
  return {
    epoch,
    contributions: board.contributions.flatMap((c, party) =>
      c ? [{ party, ...contributionToWire(c, parties) }] : [],
    ),
    cuts: cutBy.flatMap((to, from) => (to.length > 0 ? [{ from, to: toBits(to, parties.length) }] : [])),
    reports: reports.flatMap((report, party) => (report ? [{ party, ...report }] : [])),
  };
}

function contributionToWire(c: Contribution, parties: readonly string[]) {
  return {
    ready: c.ready,
    nonce: c.nonce,
    signature: c.signature,
    epoch: c.epoch ?? 0,
    leaving: c.leaving ?? false,
    scopes: c.scopes?.map((view) => scopeToWire(view, parties)) ?? [],
    crowded: c.scopes === null,
    ...(c.failure ? { failure: failureToWire(c.failure, parties) } : {}),
  };
}

/** Whether what a party is about to seal fits its place in a board, whatever the signature. */
export function fitsBoard(said: Omit<Contribution, 'signature'>, parties: readonly string[]): boolean {
  const signature = ' '.repeat(SIGNATURE_CHARS_MAX);
  const party = parties.length - 1;
  const wire = { party, ...contributionToWire({ ...said, signature }, parties) };
  return framed(create(pb.ContributionSchema, wire)) <= contributionBytesMax(parties.length);
}

/** With its tag and length in the board. */
const framed = (contribution: pb.Contribution): number =>
  toBinary(pb.ContributionSchema, contribution).length + 4;

function scopeToWire({ scope, members, inside, over, votes }: ScopeView, parties: readonly string[]) {
  const voted = votes.flatMap((vote, party) => (vote ? [party] : []));
  const failed = votes.flatMap((vote, party) =>
    vote?.failure ? [{ party, failure: failureToWire(vote.failure, parties) }] : [],
  );
  const size = parties.length;
  return { scope, members: toBits(members, size), inside, over, voted: toBits(voted, size), failed };
}

/** @param isSmall the whole message is no longer than one party's place */
export function boardFromWire(
  update: pb.BoardUpdate,
  parties: readonly string[],
  isSmall: boolean,
): Extract<Message, { type: 'board' }> {
  const size = parties.length;
  if (update.contributions.length > size || update.reports.length > size || update.cuts.length > size) {
    refuse('its board is larger than the federation');
  }
  let board = emptyBoard(size);
  for (const contribution of update.contributions) {
    // What one party said too much, nobody could pass on.
    if (!isSmall && framed(contribution) > contributionBytesMax(size))
      refuse('a contribution in it is too long');
    board = seal(board, index(contribution.party, size), contributionFromWire(contribution, parties));
  }
  for (const { from, to } of update.cuts) {
    for (const peer of fromBits(to, size)) {
      if (from === peer) refuse('a party cannot cut itself off');
      board = cut(board, index(from, size), peer);
    }
  }
  const reports = Array<BoardReport | null>(size).fill(null);
  for (const { party, version, digest, decided } of update.reports) {
    reports[index(party, size)] = { version, ...ids({ digest }), decided };
  }
  const { epoch } = update;
  return { type: 'board', board, reports, ...(epoch > 0 ? { epoch } : {}) };
}

function contributionFromWire(contribution: pb.Contribution, parties: readonly string[]): Contribution {
  const { failure, ready, nonce, signature, epoch, leaving, scopes, crowded } = contribution;
  // Each stands for a place for every party.
  if (scopes.length > SEALED_SCOPES_MAX) refuse('a contribution in it lists too many scopes');
  const views = scopes.map((scope) => scopeFromWire(scope, parties));
  if (signature.length > SIGNATURE_CHARS_MAX) refuse('a signature in it is too long');
  return {
    ready,
    failure: failure ? failureFromWire(failure, parties) : null,
    ...ids({ nonce }),
    signature,
    ...(epoch > 0 ? { epoch } : {}),
    ...(leaving ? { leaving } : {}),
    ...(crowded ? { scopes: null } : views.length > 0 ? { scopes: views } : {}),
  };
}

function scopeFromWire(
  { scope, members, inside, over, voted, failed }: pb.ScopeView,
  parties: readonly string[],
): ScopeView {
  const size = parties.length;
  const known = Array<ScopeView['votes'][number]>(size).fill(null);
  for (const party of fromBits(voted, size)) known[party] = { failure: null };
  for (const { party, failure } of failed) {
    if (!failure || !known[index(party, size)]) refuse('a vote in it says nothing');
    known[party] = { failure: failureFromWire(failure, parties) };
  }
  return { ...paths({ scope }), members: fromBits(members, size), inside, over, votes: known };
}
