/** The header of every message between program processes: for which step it is, and how its sender came there. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DecodeBound } from '../base/decode-bound.ts';
import { PeerError } from '../base/errors.ts';
import { DataHeaderSchema, DataKind } from './gen/privity/v1/value_pb.ts';

/** `value`: of a transfer or reveal. `channel`: of a protocol. */
export type DataFrameKind = 'value' | 'channel';

export interface DataFrame {
  readonly kind: DataFrameKind;
  readonly stepId: string;
  /** 32 hex digits. */
  readonly digest: string;
  /** Index among the channel's messages of this sender; 0 for values. */
  readonly sequence: number;
}

/** Room for paths some 100 branches deep. Nobody writes that; a peer could. */
export const DATA_HEADER_BYTES_MAX = 1024;
export const DIGEST_BYTES = 16;
/** A header has four fields; what is beside them is passed over. */
export const DATA_HEADER_BOUND: DecodeBound = {
  bytesMax: DATA_HEADER_BYTES_MAX,
  memory: { perByte: 256, once: 64 * 1024 },
  steps: { perByte: 32, once: 5_000 },
};

/** Paths alternate step and branch, so they have an odd number of parts without leading zeros. */
const STEP_ID = /^(?:0|[1-9]\d{0,14})(?:\/(?:0|[1-9]\d{0,14})\/(?:0|[1-9]\d{0,14}))*$/;

export function isStepId(text: string): boolean {
  return STEP_ID.test(text);
}

/** All that the headers of one step have in common, and how each of them begins. */
interface Beginning extends Omit<DataFrame, 'sequence'> {
  readonly bytes: Uint8Array;
}

/**
 * Of the last header that was made, and of the last of a channel that was read. Messages of a protocol come by the
 * thousand and differ in the last field only, and the generated code takes as long for a header as TLS does for a small
 * message.
 */
let sent: Beginning | undefined;
let read: Beginning | undefined;

const SEQUENCE_TAG = (4 << 3) | 0;
/** Seven bits each; what is longer is left to the generated code. */
const SEQUENCE_BYTES_MAX = 7;

export function encodeDataFrame(frame: DataFrame): Uint8Array {
  const { kind, stepId, digest, sequence } = frame;
  if (sent?.stepId !== stepId || sent.digest !== digest || sent.kind !== kind) sent = beginningOf(frame);
  const { bytes } = sent;
  if (sequence === 0) return bytes;
  const header = new Uint8Array(bytes.length + 1 + 8);
  header.set(bytes);
  let at = bytes.length;
  header[at++] = SEQUENCE_TAG;
  let rest = sequence;
  for (; rest >= 128; rest = Math.floor(rest / 128)) header[at++] = (rest % 128) | 128;
  header[at++] = rest;
  return header.subarray(0, at);
}

function beginningOf({ kind, stepId, digest }: Omit<DataFrame, 'sequence'>): Beginning {
  const message = create(DataHeaderSchema, {
    kind: kind === 'value' ? DataKind.VALUE : DataKind.CHANNEL,
    stepId,
    digest: Uint8Array.from(Buffer.from(digest, 'hex')),
  });
  return { kind, stepId, digest, bytes: toBinary(DataHeaderSchema, message) };
}

/** @throws {PeerError} PRIVITY_FRAME_INVALID for everything that {@link encodeDataFrame} cannot have made. */
export function decodeDataFrame(bytes: Uint8Array, peer: string): DataFrame {
  if (read !== undefined) {
    const { kind, stepId, digest } = read;
    const sequence = sequenceBehind(read.bytes, bytes);
    if (sequence !== undefined) return { kind, stepId, digest, sequence };
  }
  const frame = decodeAny(bytes, peer);
  // A step has one value.
  if (frame.kind === 'channel') read = beginningOf(frame);
  return frame;
}

/** The sequence number, where that is all that follows; undefined for any other header. */
function sequenceBehind(beginning: Uint8Array, bytes: Uint8Array): number | undefined {
  const from = beginning.length;
  const left = bytes.length - from;
  if (left < 0 || left > 1 + SEQUENCE_BYTES_MAX) return undefined;
  if (Buffer.compare(beginning, bytes.subarray(0, from)) !== 0) return undefined;
  if (left === 0) return 0;
  if (left === 1 || bytes[from] !== SEQUENCE_TAG) return undefined;
  let sequence = 0;
  for (let at = bytes.length - 1; at > from; at--) {
    const byte = bytes[at] ?? 0;
    // The last byte alone says that no other follows.
    if (byte < 128 !== (at === bytes.length - 1)) return undefined;
    sequence = sequence * 128 + (byte & 127);
  }
  return sequence;
}

function decodeAny(bytes: Uint8Array, peer: string): DataFrame {
  if (bytes.length > DATA_HEADER_BYTES_MAX) throw invalid(peer, 'a header that is too long');
  const header = parse(bytes, peer);
  const kind = header.kind === DataKind.VALUE ? 'value' : header.kind === DataKind.CHANNEL ? 'channel' : null;
  if (kind === null) throw invalid(peer, 'a message of an unknown kind');
  if (!isStepId(header.stepId)) throw invalid(peer, 'a malformed step id');
  if (header.digest.length !== DIGEST_BYTES) throw invalid(peer, 'a malformed digest');
  if (header.sequence > BigInt(Number.MAX_SAFE_INTEGER) || (kind === 'value' && header.sequence !== 0n))
    throw invalid(peer, 'a malformed sequence number');
  return {
    kind,
    stepId: header.stepId,
    digest: Buffer.from(header.digest).toString('hex'),
    sequence: Number(header.sequence),
  };
}

function parse(bytes: Uint8Array, peer: string) {
  try {
    return fromBinary(DataHeaderSchema, bytes, { readUnknownFields: false });
  } catch {
    throw invalid(peer, 'a header that is no protobuf message');
  }
}

const invalid = (peer: string, what: string): PeerError =>
  new PeerError('PRIVITY_FRAME_INVALID', `The program of ${peer} sent ${what}.`, { party: peer });
