/**
 * The board: what all parties together know about the end of a run. It only ever grows, and two boards are merged by a
 * join (commutative, associative, idempotent), so the order in which news arrives does not matter.
 *
 * Agreement (docs/failure-model.md): each party seals exactly one contribution; a party decides when every party that
 * it can reach through links that nobody has cut has reported the same digest of the board.
 */
import { createHash } from 'node:crypto';
import type { Failure } from './failure.ts';
import { sortedDetails } from './public-details.ts';

/**
 * What a party knows of a scope when it seals: from all of these follows whether the run can go on without a lost
 * party.
 */
export interface ScopeView {
  /** Its path, as of a step. */
  readonly scope: string;
  /** The parties in it, by their places in the federation. */
  readonly members: readonly number[];
  /** Its program is in the scope, and the scope is not over for it. */
  readonly inside: boolean;
  /** It is concluded there. */
  readonly over: boolean;
  /** By party; null where it knows of no vote. */
  readonly votes: readonly (Vote | null)[];
}

/** One party's word on a scope. */
export interface Vote {
  /** Null: the part of this member is through, or it joined. */
  readonly failure: Failure | null;
  /** Said by the supervisor before its program has come to the scope. */
  readonly early?: boolean | undefined;
}

/** The one thing that a party says when it leaves a run that is not completing. */
export interface Contribution {
  /** Its own failure, the first loss that it observed, or null: it joined because of what another said. */
  readonly failure: Failure | null;
  /** Whether the party had already confirmed the end of the run (READY): then someone may have completed it. */
  readonly ready: boolean;
  /** How often the run had gone on without somebody before; absent for never. */
  readonly epoch?: number | undefined;
  /** The party's program is gone, and with it the party: `failure` says why. */
  readonly leaving?: boolean | undefined;
  /**
   * The scopes that are open, or may be so elsewhere; absent for none. Null: there are too many to list, or its program
   * has not begun.
   */
  readonly scopes?: readonly ScopeView[] | null | undefined;
  /** The nonce of that party's hello: binds the signature to this run. */
  readonly nonce: string;
  /** The party's own signature over {@link signedText}; opaque here, see Signer. */
  readonly signature: string;
}

/** What a party signs when it seals: who, in which run, and what. */
export function signedText(party: string, contribution: Omit<Contribution, 'signature'>): string {
  return JSON.stringify(['privity contribution 2', party, ...contributionFields(contribution)]);
}

export interface Board {
  /** Sealed contributions by party. */
  readonly contributions: readonly (Contribution | null)[];
  /** cuts[i][j]: party i has given up on party j. */
  readonly cuts: readonly (readonly boolean[])[];
}

export function emptyBoard(parties: number): Board {
  const row = Array<boolean>(parties).fill(false);
  return { contributions: Array<null>(parties).fill(null), cuts: Array.from({ length: parties }, () => row) };
}

/** The least board that contains both. Returns `left` itself when `right` adds nothing. */
export function join(left: Board, right: Board): Board {
  let changed = false;
  const contributions = left.contributions.map((mine, i) => {
    const theirs = right.contributions[i] ?? null;
    if (mine !== null || theirs === null) return mine;
    changed = true;
    return theirs;
  });
  const cuts = left.cuts.map((row, i) =>
    row.map((cut, j) => {
      if (cut || right.cuts[i]?.[j] !== true) return cut;
      changed = true;
      return true;
    }),
  );
  return changed ? { contributions, cuts } : left;
}

export function seal(board: Board, party: number, contribution: Contribution): Board {
  if (board.contributions[party] !== null) return board;
  return { ...board, contributions: board.contributions.with(party, contribution) };
}

export function cut(board: Board, from: number, to: number): Board {
  const row = board.cuts[from];
  if (row === undefined || row[to] === true) return board;
  return { ...board, cuts: board.cuts.with(from, row.with(to, true)) };
}

/** A link that either end has given up on is down for both. */
export function isCut(board: Board, a: number, b: number): boolean {
  return board.cuts[a]?.[b] === true || board.cuts[b]?.[a] === true;
}

/** The parties that `from` reaches over links that nobody has cut, itself included, ascending. */
export function component(board: Board, from: number): readonly number[] {
  const reached = new Set([from]);
  for (const at of reached) {
    for (let other = 0; other < board.contributions.length; other++) {
      if (!isCut(board, at, other)) reached.add(other);
    }
  }
  return [...reached].sort((a, b) => a - b);
}

/** Boards are immutable, and a party asks for its own at every turn until it leaves. */
const digests = new WeakMap<Board, string>();

/** Digest of the whole board; equal digests mean equal boards. */
export function boardDigest(board: Board): string {
  const known = digests.get(board);
  if (known !== undefined) return known;
  const digest = digestOf([
    board.contributions.map((c) => c && contributionFields(c)),
    board.cuts.map((row) => row.map(Number)),
  ]);
  digests.set(board, digest);
  return digest;
}

/** A contribution in a fixed order of fields, without its signature. */
function contributionFields(c: Omit<Contribution, 'signature'>): readonly unknown[] {
  const { nonce, ready, failure, epoch = 0, leaving = false, scopes = [] } = c;
  const known = (votes: ScopeView['votes']) =>
    votes.map((vote) => vote && [vote.failure && failureFields(vote.failure)]);
  return [
    nonce,
    epoch,
    ready,
    leaving,
    failure && failureFields(failure),
    scopes?.map((view) => [view.scope, view.members, view.inside, view.over, known(view.votes)]) ?? null,
  ];
}

/** A failure in a fixed order of fields, so that its digest does not depend on how the object was made. */
export function failureFields(f: Failure): readonly unknown[] {
  return [
    f.code,
    f.origin,
    f.reporter,
    f.stepId ?? '',
    f.stepName ?? '',
    f.incident,
    f.message ?? '',
    f.facts ?? '',
    // Only where there are any.
    ...(f.details || f.chain ? [f.details ? sortedDetails(f.details) : null, chainFields(f)] : []),
    ...(f.said === undefined ? [] : [{ said: f.said }]),
  ];
}

const chainFields = ({ chain = [] }: Failure): readonly unknown[] =>
  chain.map(({ name, message, code = '' }) => [name, message, code]);

/** SHA-256 of a JSON value, truncated to 128 bits in hex. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
