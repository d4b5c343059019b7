/**
 * Control messages on the wire. Reading is total: whatever a peer sends becomes a message whose every field is in range, or
 * a PeerError, so that the state machine never sees anything else.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { PeerError } from '../base/errors.ts';
import { isFailureCode } from '../base/failure-codes.ts';
import * as pb from '../wire/gen/privity/v1/control_pb.ts';
import type { Board, Contribution, ScopeView } from './board.ts';
import { cut, emptyBoard, seal } from './board.ts';
import { SEALED_SCOPES_MAX } from './exclusion.ts';
import { type Failure, STEP_KINDS, type StepKind, type TrailEntry } from './failure.ts';
import { helloFromWire, helloToWire } from './hello-message.ts';
import {
  CHAIN_LINKS_MAX,
  CHAIN_MESSAGE_CHARS_MAX,
  detailsProblem,
  type ErrorLink,
  type PublicDetails,
  sortedDetails,
} from './public-details.ts';
import { HEADS_MAX, TRAIL_ENTRIES_MAX } from './trail.ts';
import type { BoardReport, Heartbeat, Message } from './types.ts';

/** Bytes of one control message: a board of 64 parties with messages of full length stays below it. */
export const CONTROL_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** Characters of a name, path, digest or code; step names are cut to this by the program room. */
const WORD_LENGTH_MAX = 256;
/** Characters of a signature with the public key that it belongs to. */
const SIGNATURE_LENGTH_MAX = 1024;
/** Characters of a text that its origin allowed to cross. */
export const TEXT_LENGTH_MAX = 16_384;

const KINDS: ReadonlySet<string> = new Set(STEP_KINDS);

export function encodeMessage(message: Message): Uint8Array {
  return toBinary(pb.ControlSchema, create(pb.ControlSchema, { kind: kindOf(message) }));
}

type Kind = Parameters<typeof create<typeof pb.ControlSchema>>[1] extends infer I
  ? I extends { kind?: infer K }
    ? K
    : never
  : never;

function kindOf(message: Message): NonNullable<Kind> {
  switch (message.type) {
    case 'hello':
      return { case: 'hello', value: helloToWire(message.hello) };
    case 'heartbeat':
      return { case: 'heartbeat', value: heartbeatToWire(message) };
    case 'board':
      return { case: 'board', value: boardToWire(message.board, message.reports, message.epoch ?? 0) };
    case 'diverged': {
      const entries = message.entries.map(({ parties: _, tolerates: _t, ...entry }) => ({
        ...entry,
        places: [...entry.places],
      }));
      return { case: 'diverged', value: { branch: message.branch, entries, ended: message.ended } };
    }
    case 'vote': {
      const { scope, failure, members = [], early = false } = message;
      const failed = failure ? { failure: failureToWire(failure) } : {};
      return { case: 'vote', value: { scope, members: [...members], early, ...failed } };
    }
    case 'conclaveEnd':
      return { case: 'conclaveEnd', value: { conclave: message.conclave, ...message.fin } };
    case 'fin':
      return { case: 'fin', value: message.fin };
    case 'ready':
      return { case: 'ready', value: {} };
    case 'closed':
      return { case: 'closed', value: {} };
  }
}

/** What the wire's number holds: 49 days, far above the longest run. */
const BUSY_MS_MAX = 2 ** 32 - 1;

function heartbeatToWire({ heads, answering, busy }: Heartbeat) {
  const value = { heads: [...heads], answering };
  if (busy === undefined) return value;
  return { ...value, busy: { stepId: busy.stepId ?? '', forMs: Math.min(busy.forMs, BUSY_MS_MAX) } };
}

function busyFromWire({ stepId, forMs }: pb.Busy): NonNullable<Heartbeat['busy']> {
  return { stepId: stepId === '' ? null : words({ stepId }).stepId, forMs };
}

function boardToWire(board: Board, reports: readonly (BoardReport | null)[], epoch: number) {
  return {
    epoch,
    contributions: board.contributions.flatMap((c, party) =>
      c
        ? [
            {
              party,
              ready: c.ready,
              nonce: c.nonce,
              signature: c.signature,
              epoch: c.epoch ?? 0,
              leaving: c.leaving ?? false,
              scopes: c.scopes?.map(scopeToWire) ?? [],
              crowded: c.scopes === null,
              ...(c.failure ? { failure: failureToWire(c.failure) } : {}),
            },
          ]
        : [],
    ),
    cuts: board.cuts.flatMap((row, from) => row.flatMap((down, to) => (down ? [{ from, to }] : []))),
    reports: reports.flatMap((report, party) => (report ? [{ party, ...report }] : [])),
  };
}

function scopeToWire({ scope, members, inside, over, votes }: ScopeView) {
  const known = votes.flatMap((vote, party) =>
    vote ? [{ party, ...(vote.failure ? { failure: failureToWire(vote.failure) } : {}) }] : [],
  );
  return { scope, members: [...members], inside, over, votes: known };
}

/** Protobuf has no undefined: absent fields stay absent. */
function failureToWire(failure: Failure) {
  const { details, chain, ...rest } = failure;
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...(details ? { details: JSON.stringify(details) } : {}),
    ...(chain ? { chain: [...chain] } : {}),
  };
}

/** @throws {PeerError} PRIVITY_CONTROL_MESSAGE_INVALID */
export function decodeMessage(bytes: Uint8Array, parties: readonly string[]): Message {
  if (bytes.length > CONTROL_MESSAGE_BYTES_MAX) refuse('it is too long');
  let control: pb.Control;
  try {
    control = fromBinary(pb.ControlSchema, bytes);
  } catch {
    return refuse('it is not a protobuf message of the expected type');
  }
  const { kind } = control;
  switch (kind.case) {
    case 'hello':
      return { type: 'hello', hello: helloFromWire(kind.value) };
    case 'heartbeat': {
      if (kind.value.heads.length > HEADS_MAX) refuse('it has too many heads');
      const heads = kind.value.heads.map(({ branch, position, digest }) => ({
        ...words({ branch, digest }),
        position,
      }));
      const { answering, busy } = kind.value;
      return { type: 'heartbeat', heads, answering, ...(busy ? { busy: busyFromWire(busy) } : {}) };
    }
    case 'board':
      return boardFromWire(kind.value, parties);
    case 'diverged': {
      if (kind.value.entries.length > TRAIL_ENTRIES_MAX) refuse('its trail is too long');
      const entries = kind.value.entries.map((entry) => entryFromWire(entry, parties));
      return { type: 'diverged', ...words({ branch: kind.value.branch }), entries, ended: kind.value.ended };
    }
    case 'vote': {
      const { scope, failure, members, early } = kind.value;
      return {
        type: 'vote',
        ...words({ scope }),
        failure: failure ? failureFromWire(failure, parties) : null,
        ...(members.length > 0 ? { members: membersFromWire(members, parties.length) } : {}),
        ...(early ? { early } : {}),
      };
    }
    case 'conclaveEnd': {
      const { conclave, steps, digest } = kind.value;
      return { type: 'conclaveEnd', ...words({ conclave }), fin: { steps, ...words({ digest }) } };
    }
    case 'fin':
      return { type: 'fin', fin: { steps: kind.value.steps, ...words({ digest: kind.value.digest }) } };
    case 'ready':
      return { type: 'ready' };
    case 'closed':
      return { type: 'closed' };
    default:
      return refuse('it has no known kind');
  }
}

function boardFromWire(update: pb.BoardUpdate, parties: readonly string[]): Message {
  const size = parties.length;
  if (
    update.contributions.length > size ||
    update.reports.length > size ||
    update.cuts.length > size * size
  ) {
    refuse('its board is larger than the federation');
  }
  let board = emptyBoard(size);
  for (const contribution of update.contributions) {
    board = seal(board, index(contribution.party, size), contributionFromWire(contribution, parties));
  }
  for (const { from, to } of update.cuts) {
    if (from === to) refuse('a party cannot cut itself off');
    board = cut(board, index(from, size), index(to, size));
  }
  const reports = Array<BoardReport | null>(size).fill(null);
  for (const { party, version, digest, decided } of update.reports) {
    reports[index(party, size)] = { version, ...words({ digest }), decided };
  }
  const { epoch } = update;
  return { type: 'board', board, reports, ...(epoch > 0 ? { epoch } : {}) };
}

function contributionFromWire(contribution: pb.Contribution, parties: readonly string[]): Contribution {
  const { failure, ready, nonce, signature, epoch, leaving, scopes, crowded } = contribution;
  if (scopes.length > SEALED_SCOPES_MAX) refuse('a contribution in it lists too many scopes');
  const views = scopes.map((scope) => scopeFromWire(scope, parties));
  if (signature.length > SIGNATURE_LENGTH_MAX) refuse('a signature in it is too long');
  return {
    ready,
    failure: failure ? failureFromWire(failure, parties) : null,
    ...words({ nonce }),
    signature,
    ...(epoch > 0 ? { epoch } : {}),
    ...(leaving ? { leaving } : {}),
    ...(crowded ? { scopes: null } : views.length > 0 ? { scopes: views } : {}),
  };
}

function scopeFromWire(
  { scope, members, inside, over, votes }: pb.ScopeView,
  parties: readonly string[],
): ScopeView {
  const known = Array<ScopeView['votes'][number]>(parties.length).fill(null);
  for (const { party, failure } of votes) {
    known[index(party, parties.length)] = { failure: failure ? failureFromWire(failure, parties) : null };
  }
  return {
    ...words({ scope }),
    members: membersFromWire(members, parties.length),
    inside,
    over,
    votes: known,
  };
}

function failureFromWire(failure: pb.Failure, parties: readonly string[]): Failure {
  const { code, origin, reporter, incident, stepId, stepName, message, facts, details, chain } = failure;
  if (!isFailureCode(code)) return refuse('it names an unknown failure code');
  if (!parties.includes(origin) || !parties.includes(reporter)) return refuse('it names an unknown party');
  for (const text of [message, facts])
    if ((text?.length ?? 0) > TEXT_LENGTH_MAX) refuse('a text in it is too long');
  return {
    code,
    origin,
    reporter,
    ...words({ incident }),
    ...(stepId === undefined ? {} : words({ stepId })),
    ...(stepName === undefined ? {} : words({ stepName })),
    ...(message === undefined ? {} : { message }),
    ...(facts === undefined ? {} : { facts }),
    ...(details === undefined ? {} : { details: detailsFromWire(details) }),
    ...(chain.length === 0 ? {} : { chain: chainFromWire(chain) }),
  };
}

function detailsFromWire(text: string): PublicDetails {
  if (text.length > TEXT_LENGTH_MAX) refuse('a text in it is too long');
  let details: unknown;
  try {
    details = JSON.parse(text);
  } catch {
    refuse('its details are not JSON');
  }
  const problem = detailsProblem(details);
  return problem === undefined
    ? sortedDetails(details as PublicDetails)
    : refuse(`of its details, ${problem}`);
}

function chainFromWire(chain: readonly pb.ErrorLink[]): readonly ErrorLink[] {
  if (chain.length > CHAIN_LINKS_MAX) refuse('its chain of causes is too long');
  return chain.map(({ name, message, code }) => {
    // One more: the mark of what was cut.
    if (message.length > CHAIN_MESSAGE_CHARS_MAX + 1) refuse('a text in it is too long');
    return { ...words({ name }), message, ...(code === undefined ? {} : words({ code })) };
  });
}

function entryFromWire(entry: pb.TrailEntry, parties: readonly string[]): TrailEntry {
  const { branch, position, digest, stepId, kind, name, places } = entry;
  if (!isKind(kind)) return refuse('it names an unknown kind of step');
  if (places.some((place) => !parties.includes(place))) return refuse('it names an unknown party');
  return { ...words({ branch, digest, stepId, name }), position, kind, places };
}

function isKind(kind: string): kind is StepKind {
  return KINDS.has(kind);
}

/** Ascending, each once, so that two lists of the same parties are equal. */
function membersFromWire(members: readonly number[], size: number): readonly number[] {
  const ascending = members.every((party, i) => index(party, size) > (members[i - 1] ?? -1));
  return ascending ? members : refuse('the parties of its scope are not in order');
}

function index(party: number, size: number): number {
  return party < size ? party : refuse('it names a party outside the federation');
}

/** The same record, if every word in it has a permitted length. */
function words<T extends Record<string, string>>(record: T): T {
  for (const word of Object.values(record))
    if (word.length > WORD_LENGTH_MAX) refuse('a name in it is too long');
  return record;
}

function refuse(why: string): never {
  throw new PeerError('PRIVITY_CONTROL_MESSAGE_INVALID', `A control message cannot be accepted: ${why}.`);
}
