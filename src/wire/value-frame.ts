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

export function encodeDataFrame(frame: DataFrame): Uint8Array {
  return toBinary(
    DataHeaderSchema,
    create(DataHeaderSchema, {
      kind: frame.kind === 'value' ? DataKind.VALUE : DataKind.CHANNEL,
      stepId: frame.stepId,
      digest: Uint8Array.from(Buffer.from(frame.digest, 'hex')),
      sequence: BigInt(frame.sequence),
    }),
  );
}

/** @throws {PeerError} PRIVITY_FRAME_INVALID for everything that {@link encodeDataFrame} cannot have made. */
export function decodeDataFrame(bytes: Uint8Array, peer: string): DataFrame {
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
