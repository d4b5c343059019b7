/**
 * Control messages on the wire. Reading is total: whatever a peer sends becomes a message whose every field is in
 * range, or a PeerError, so that the state machine never sees anything else.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DecodeBound } from '../base/decode-bound.ts';
import * as pb from '../wire/gen/privity/v1/control_pb.ts';
import { boardFromWire, boardToWire } from './board-wire.ts';
import { STEP_KINDS, type StepKind, type TrailEntry } from './failure.ts';
import { cutBytes } from './failure-text.ts';
import { failureFromWire, failureToWire, textFromWire, textToWire } from './failure-wire.ts';
import { helloFromWire, helloToWire } from './hello-message.ts';
import { CONTROL_MESSAGE_BYTES_MAX, contributionBytesMax, SHORT_NAME_BYTES_MAX } from './limits.ts';
import { HEADS_MAX, TRAIL_ENTRIES_MAX } from './trail.ts';
import type { Heartbeat, Message } from './types.ts';
import { fromBits, ids, index, paths, refuse, toBits, words } from './wire-words.ts';

const KINDS: ReadonlySet<string> = new Set(STEP_KINDS);

/** `parties`: their names, in the order of the federation. */
export function encodeMessage(message: Message, parties: readonly string[]): Uint8Array {
  return toBinary(
    pb.ControlSchema,
    create(pb.ControlSchema, { kind: kindOf(message, parties), number: message.number ?? 0 }),
  );
}

type Kind = Parameters<typeof create<typeof pb.ControlSchema>>[1] extends infer I
  ? I extends { kind?: infer K }
    ? K
    : never
  : never;

function kindOf(message: Message, parties: readonly string[]): NonNullable<Kind> {
  switch (message.type) {
    case 'hello':
      return { case: 'hello', value: helloToWire(message.hello) };
    case 'heartbeat':
      return { case: 'heartbeat', value: heartbeatToWire(message) };
    case 'board': {
      const { board, reports, epoch = 0 } = message;
      return { case: 'board', value: boardToWire(board, reports, epoch, parties) };
    }
    case 'text': {
      const { party, epoch = 0, text } = message;
      return { case: 'text', value: { party, epoch, ...textToWire(text) } };
    }
    case 'textWanted':
      return { case: 'textWanted', value: { party: message.party, epoch: message.epoch ?? 0 } };
    case 'diverged': {
      const entries = message.entries.map((entry) => entryToWire(entry, parties));
      return { case: 'diverged', value: { branch: message.branch, entries, ended: message.ended } };
    }
    case 'vote': {
      const { scope, failure, members = [], early = false } = message;
      const failed = failure ? { failure: failureToWire(failure, parties) } : {};
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

function heartbeatToWire({ heads, answering, busy, said = 0 }: Heartbeat) {
  const value = { heads: [...heads], answering, said };
  if (busy === undefined) return value;
  return { ...value, busy: { stepId: busy.stepId ?? '', forMs: Math.min(busy.forMs, BUSY_MS_MAX) } };
}

function busyFromWire({ stepId, forMs }: pb.Busy): NonNullable<Heartbeat['busy']> {
  return { stepId: stepId === '' ? null : paths({ stepId }).stepId, forMs };
}

/** Two bytes can be an empty part of a board, which is an object before it is refused. */
export const CONTROL_BOUND: DecodeBound = {
  bytesMax: CONTROL_MESSAGE_BYTES_MAX,
  memory: { perByte: 768, once: 512 * 1024 },
  steps: { perByte: 100, once: 20_000 },
};

/** @throws {PeerError} PRIVITY_CONTROL_MESSAGE_INVALID */
export function decodeMessage(bytes: Uint8Array, parties: readonly string[]): Message {
  if (bytes.length > CONTROL_MESSAGE_BYTES_MAX) refuse('it is too long');
  let control: pb.Control;
  try {
    // Fields that nobody knows would each be kept as an object.
    control = fromBinary(pb.ControlSchema, bytes, { readUnknownFields: false });
  } catch {
    return refuse('it is not a protobuf message of the expected type');
  }
  const message = messageFromWire(control, bytes.length, parties);
  return control.number > 0 ? { ...message, number: control.number } : message;
}

function messageFromWire({ kind }: pb.Control, size: number, parties: readonly string[]): Message {
  switch (kind.case) {
    case 'hello':
      return { type: 'hello', hello: helloFromWire(kind.value) };
    case 'heartbeat': {
      if (kind.value.heads.length > HEADS_MAX) refuse('it has too many heads');
      const heads = kind.value.heads.map(({ branch, position, digest }) => ({
        ...paths({ branch }),
        ...ids({ digest }),
        position,
      }));
      const { answering, busy, said } = kind.value;
      return {
        type: 'heartbeat',
        heads,
        answering,
        ...(busy ? { busy: busyFromWire(busy) } : {}),
        ...(said > 0 ? { said } : {}),
      };
    }
    case 'board':
      return boardFromWire(kind.value, parties, size <= contributionBytesMax(parties.length));
    case 'text': {
      const { party, epoch } = kind.value;
      const text = textFromWire(kind.value);
      return { type: 'text', party: index(party, parties.length), text, ...(epoch > 0 ? { epoch } : {}) };
    }
    case 'textWanted': {
      const { party, epoch } = kind.value;
      return { type: 'textWanted', party: index(party, parties.length), ...(epoch > 0 ? { epoch } : {}) };
    }
    case 'diverged': {
      if (kind.value.entries.length > TRAIL_ENTRIES_MAX) refuse('its trail is too long');
      const { branch } = paths({ branch: kind.value.branch });
      const entries = kind.value.entries.map((entry) => entryFromWire(entry, branch, parties));
      return { type: 'diverged', branch, entries, ended: kind.value.ended };
    }
    case 'vote': {
      const { scope, failure, members, early } = kind.value;
      return {
        type: 'vote',
        ...paths({ scope }),
        failure: failure ? failureFromWire(failure, parties) : null,
        ...(members.length > 0 ? { members: membersFromWire(members, parties.length) } : {}),
        ...(early ? { early } : {}),
      };
    }
    case 'conclaveEnd': {
      const { conclave, steps, digest } = kind.value;
      return { type: 'conclaveEnd', ...paths({ conclave }), fin: { steps, ...ids({ digest }) } };
    }
    case 'fin':
      return { type: 'fin', fin: { steps: kind.value.steps, ...ids({ digest: kind.value.digest }) } };
    case 'ready':
      return { type: 'ready' };
    case 'closed':
      return { type: 'closed' };
    default:
      return refuse('it has no known kind');
  }
}

function entryToWire(
  { position, digest, stepId, kind, name, places }: TrailEntry,
  parties: readonly string[],
) {
  const at = places.map((place) => index(parties.indexOf(place), parties.length));
  const short = cutBytes(name, SHORT_NAME_BYTES_MAX);
  return { position, digest, stepId, kind, name: short, places: toBits(at, parties.length) };
}

function entryFromWire(entry: pb.TrailEntry, branch: string, parties: readonly string[]): TrailEntry {
  const { position, digest, stepId, kind, name, places } = entry;
  if (!isKind(kind)) return refuse('it names an unknown kind of step');
  const at = fromBits(places, parties.length).map((party) => parties[party] ?? '');
  return { branch, position, ...ids({ digest }), ...paths({ stepId }), kind, ...words({ name }), places: at };
}

function isKind(kind: string): kind is StepKind {
  return KINDS.has(kind);
}

/** Ascending, each once, so that two lists of the same parties are equal. */
function membersFromWire(members: readonly number[], size: number): readonly number[] {
  const ascending = members.every((party, i) => index(party, size) > (members[i - 1] ?? -1));
  return ascending ? members : refuse('the parties of its scope are not in order');
}
