/**
 * Frames of proto/privity/v1/link.proto, encoded and decoded by hand where it is hot (chunks, notes, acknowledgements)
 * and by the generated code where it is not (hello, refusal). A payload is the last field on the wire at every level,
 * so it is neither copied to be sent nor to be received. frame.test.ts holds this against the generated code, both
 * ways.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DecodeBound } from '../../base/decode-bound.ts';
import {
  type LinkHello,
  LinkHelloSchema,
  type LinkRefusal,
  LinkRefusalSchema,
} from '../../wire/gen/privity/v1/link_pb.ts';
import { HANDSHAKE_BYTES_MAX, LINK_FRAME_BYTES_MAX } from './limits.ts';
import {
  BYTES,
  FieldReader,
  FieldWriter,
  type Payload,
  STRADDLES,
  tag,
  VARINT,
  varintBytes,
  violation,
} from './protobuf-fields.ts';

export interface Hello {
  readonly protocol: number;
  readonly party: string;
  readonly runId: string;
  readonly session: Uint8Array;
  readonly resumes: Uint8Array;
  readonly received: number;
  readonly binding: Uint8Array;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface Chunk {
  readonly sequence: number;
  readonly message: number;
  /** Present in a message's first chunk only. */
  readonly header: Uint8Array | undefined;
  readonly last: boolean;
  readonly abandoned: boolean;
  /** The payload in parts, none of them empty. */
  readonly parts: readonly Uint8Array[];
  readonly payloadBytes: number;
}

export type FrameBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'goodbye' }
  | { readonly kind: 'note'; readonly payload: Uint8Array }
  | { readonly kind: 'chunk'; readonly chunk: Chunk };

export interface Frame {
  readonly acknowledged: number;
  readonly acknowledgeNow: boolean;
  readonly body: FrameBody;
}

const ACKNOWLEDGED = tag(1, VARINT);
const ACKNOWLEDGE_NOW = tag(2, VARINT);
const HELLO = tag(3, BYTES);
const REFUSAL = tag(4, BYTES);
const GOODBYE = tag(5, BYTES);
const NOTE = tag(6, BYTES);
const CHUNK = tag(7, BYTES);
const SEQUENCE = tag(1, VARINT);
const MESSAGE = tag(2, VARINT);
const HEADER = tag(3, BYTES);
const LAST = tag(4, VARINT);
const ABANDONED = tag(5, VARINT);
const PAYLOAD = tag(6, BYTES);

/** Longest encoding of everything in a chunk frame but header and payload. */
const CHUNK_HEAD_BYTES = 96;

/** The frame as parts for Connection.send: a head, then the payload's parts untouched. */
export function encodeChunk(chunk: Chunk, acknowledged: number): Uint8Array[] {
  const { header, payloadBytes } = chunk;
  const head = new FieldWriter(CHUNK_HEAD_BYTES + (header?.length ?? 0));
  let length = 1 + varintBytes(chunk.sequence) + 1 + varintBytes(chunk.message);
  if (header !== undefined) length += 1 + varintBytes(header.length) + header.length;
  if (chunk.last) length += 2;
  if (chunk.abandoned) length += 2;
  if (payloadBytes > 0) length += 1 + varintBytes(payloadBytes) + payloadBytes;
  head.number(ACKNOWLEDGED, acknowledged);
  head.byte(CHUNK);
  head.varint(length);
  head.byte(SEQUENCE);
  head.varint(chunk.sequence);
  head.byte(MESSAGE);
  head.varint(chunk.message);
  if (header !== undefined) head.bytes(HEADER, header);
  if (chunk.last) head.number(LAST, 1);
  if (chunk.abandoned) head.number(ABANDONED, 1);
  if (payloadBytes === 0) return [head.done()];
  head.byte(PAYLOAD);
  head.varint(payloadBytes);
  return [head.done(), ...chunk.parts];
}

export function encodeNote(payload: Uint8Array, acknowledged: number): Uint8Array[] {
  const head = new FieldWriter(CHUNK_HEAD_BYTES);
  head.number(ACKNOWLEDGED, acknowledged);
  head.byte(NOTE);
  head.varint(payload.length);
  return [head.done(), payload];
}

export function encodeAck(acknowledged: number, acknowledgeNow: boolean): Uint8Array[] {
  const head = new FieldWriter(CHUNK_HEAD_BYTES);
  head.number(ACKNOWLEDGED, acknowledged);
  if (acknowledgeNow) head.number(ACKNOWLEDGE_NOW, 1);
  return [head.done()];
}

export function encodeHello(hello: Hello): Uint8Array[] {
  const bytes = toBinary(
    LinkHelloSchema,
    create(LinkHelloSchema, { ...hello, received: BigInt(hello.received) }),
  );
  const head = new FieldWriter(CHUNK_HEAD_BYTES + bytes.length);
  head.bytes(HELLO, bytes);
  return [head.done()];
}

export function encodeRefusal(refusal: Refusal): Uint8Array[] {
  const bytes = toBinary(LinkRefusalSchema, create(LinkRefusalSchema, refusal));
  const head = new FieldWriter(CHUNK_HEAD_BYTES + bytes.length);
  head.bytes(REFUSAL, bytes);
  return [head.done()];
}

export function encodeGoodbye(): Uint8Array[] {
  return [Uint8Array.of(GOODBYE, 0)];
}

/** A frame whose payload does not come last is copied once. */
export const FRAME_BOUND: DecodeBound = {
  bytesMax: LINK_FRAME_BYTES_MAX,
  memory: { perByte: 384, once: 128 * 1024 },
  steps: { perByte: 64, once: 5_000 },
};

/** What of a frame in parts is looked at first; with the usual header of a message this is all but the payload. */
const LOOKED_AT_BYTES = 4 * 1024;

/**
 * Decodes a frame given in parts; the payload stays as it came. Unknown fields are skipped, as protobuf asks for;
 * everything else that an encoder does not do is refused.
 * @throws {PeerError} PRIVITY_PROTOCOL_VIOLATION
 */
export function decodeFrame(parts: readonly Uint8Array[]): Frame {
  let count = 0;
  let bytes = 0;
  while (count < parts.length && bytes < LOOKED_AT_BYTES) bytes += parts[count++]?.length ?? 0;
  const tail = parts.slice(count);
  const head = joined(parts.slice(0, count), bytes);
  try {
    return decodeFields(new FieldReader(head, tail));
  } catch (error) {
    if (error !== STRADDLES) throw error;
    return decodeFields(new FieldReader(joined([head, ...tail]), []));
  }
}

const joined = (parts: readonly Uint8Array[], bytes?: number): Uint8Array =>
  parts.length === 1 ? (parts[0] ?? new Uint8Array(0)) : Buffer.concat(parts, bytes);

function decodeFields(reader: FieldReader): Frame {
  let acknowledged = 0;
  let acknowledgeNow = false;
  let body: FrameBody = { kind: 'none' };
  while (reader.next()) {
    switch (reader.tag) {
      case ACKNOWLEDGED:
        acknowledged = reader.number();
        break;
      case ACKNOWLEDGE_NOW:
        acknowledgeNow = reader.number() !== 0;
        break;
      case HELLO:
      case REFUSAL:
      case GOODBYE:
      case NOTE:
      case CHUNK:
        if (body.kind !== 'none') throw violation('a frame with two bodies');
        body =
          reader.tag === CHUNK
            ? { kind: 'chunk', chunk: decodeChunk(reader.message()) }
            : decodeBody(reader.tag, reader.bytes());
        break;
      default:
        reader.skip();
    }
  }
  return { acknowledged, acknowledgeNow, body };
}

function decodeBody(field: number, content: Uint8Array): FrameBody {
  switch (field) {
    case HELLO:
      return { kind: 'hello', hello: decodeHello(content) };
    case REFUSAL:
      return { kind: 'refusal', refusal: generated(LinkRefusalSchema, content) as LinkRefusal };
    case GOODBYE:
      return { kind: 'goodbye' };
    default:
      return { kind: 'note', payload: content };
  }
}

function decodeChunk(reader: FieldReader): Chunk {
  let sequence = 0;
  let message = 0;
  let header: Uint8Array | undefined;
  let last = false;
  let abandoned = false;
  let payload: Payload = { parts: [], payloadBytes: 0 };
  while (reader.next()) {
    switch (reader.tag) {
      case SEQUENCE:
        sequence = reader.number();
        break;
      case MESSAGE:
        message = reader.number();
        break;
      case HEADER:
        header = reader.bytes();
        break;
      case LAST:
        last = reader.number() !== 0;
        break;
      case ABANDONED:
        abandoned = reader.number() !== 0;
        break;
      case PAYLOAD:
        payload = reader.payload();
        break;
      default:
        reader.skip();
    }
  }
  return { sequence, message, header, last, abandoned, ...payload };
}

function decodeHello(content: Uint8Array): Hello {
  const hello = generated(LinkHelloSchema, content) as LinkHello;
  if (hello.received > BigInt(Number.MAX_SAFE_INTEGER)) throw violation('a number out of range');
  return { ...hello, received: Number(hello.received) };
}

function generated(schema: typeof LinkHelloSchema | typeof LinkRefusalSchema, content: Uint8Array) {
  if (content.length > HANDSHAKE_BYTES_MAX) throw violation('an oversized hello or refusal');
  try {
    return fromBinary<typeof LinkHelloSchema | typeof LinkRefusalSchema>(schema, content, {
      readUnknownFields: false,
    });
  } catch {
    throw violation('a hello or refusal that cannot be decoded');
  }
}
