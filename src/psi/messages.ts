/**
 * The messages of the protocol, version 3. Each begins with eight bytes: 'PSI', version, kind, three zeros. Numbers are little-endian.
 *
 * | kind   | body |
 * | ------ | ---- |
 * | keys   | zero (u32), agreement (32 bytes: a digest of what both want), types of the key columns (16 bytes) |
 * | hello  | rows (u32) |
 * | points | index of the chunk (u32), blinded points (32 bytes each) |
 * | tags   | index of the chunk (u32), tags of the points of that chunk, in their order |
 * | done   | size of the intersection (u32), digest of its tags and of who sends this (32 bytes) |
 */
import type { DecodeBound } from '../base/decode-bound.ts';
import { PeerError } from '../base/errors.ts';
import { POINT_BYTES } from './hash-to-curve.ts';

export const PSI_VERSION = 3;

export const HEADER_BYTES = 8;
export const DIGEST_BYTES = 32;
/** Types of key columns: see key-types.ts. */
export const KEY_TYPES_BYTES = 16;
export const KEYS_BYTES = HEADER_BYTES + 4 + DIGEST_BYTES + KEY_TYPES_BYTES;
export const HELLO_BYTES = HEADER_BYTES + 4;
export const DONE_BYTES = HEADER_BYTES + 4 + DIGEST_BYTES;
export const CHUNK_HEADER_BYTES = HEADER_BYTES + 4;

/** Ids in a message: 25 ms of work for one core, so both sides have something to do soon, and 16 KiB, so headers do not count. */
export const CHUNK_IDS = 512;

/**
 * Chunks of points that may be under way without their tags. Tags are the credit for more points: without a bound a fast sender would
 * fill a slow peer's memory. 64 chunks are 1 MiB, and 32,768 ids keep 32 cores busy over a link of 100 ms.
 */
export const WINDOW_CHUNKS = 64;

/** Longest message: a chunk of points. */
export const PSI_MESSAGE_BYTES_MAX = CHUNK_HEADER_BYTES + CHUNK_IDS * POINT_BYTES;

/** Nothing is copied. A point costs a multiplication afterwards, some 90 µs, and a tag 11 bytes at most. */
export const PSI_MESSAGE_BOUND: DecodeBound = {
  bytesMax: PSI_MESSAGE_BYTES_MAX,
  memory: { perByte: 8, once: 128 * 1024 },
  steps: { perByte: 4, once: 5_000 },
};

const kinds = { hello: 1, points: 2, tags: 3, done: 4, keys: 5 } as const;

export type Message =
  | { readonly kind: 'keys'; readonly agreement: Uint8Array; readonly types: Uint8Array }
  | { readonly kind: 'hello'; readonly rows: number }
  | { readonly kind: 'points'; readonly index: number; readonly body: Uint8Array }
  | { readonly kind: 'tags'; readonly index: number; readonly body: Uint8Array }
  | { readonly kind: 'done'; readonly matches: number; readonly digest: Uint8Array };

export function encodeMessage(message: Message): Uint8Array {
  switch (message.kind) {
    case 'keys':
      return frame(kinds.keys, 0, Buffer.concat([message.agreement, message.types]));
    case 'hello':
      return frame(kinds.hello, message.rows, new Uint8Array());
    case 'done':
      return frame(kinds.done, message.matches, message.digest);
    default:
      return frame(kinds[message.kind], message.index, message.body);
  }
}

function frame(kind: number, number: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + 4 + body.byteLength);
  bytes.set([0x50, 0x53, 0x49, PSI_VERSION, kind]);
  new DataView(bytes.buffer).setUint32(HEADER_BYTES, number, true);
  bytes.set(body, HEADER_BYTES + 4);
  return bytes;
}

/** @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.byteLength < CHUNK_HEADER_BYTES || bytes[0] !== 0x50 || bytes[1] !== 0x53 || bytes[2] !== 0x49) {
    throw violation('a message that is not of this protocol');
  }
  if (bytes[3] !== PSI_VERSION) {
    throw new PeerError(
      'PRIVITY_PSI_MISMATCH',
      `the peer speaks version ${bytes[3]} of the intersection protocol, this party version ${PSI_VERSION}`,
    );
  }
  if (bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0)
    throw violation('a message with reserved bytes in use');
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(HEADER_BYTES, true);
  const body = bytes.subarray(HEADER_BYTES + 4);
  switch (bytes[4]) {
    case kinds.keys:
      requireLength(body, DIGEST_BYTES + KEY_TYPES_BYTES, 'keys');
      if (number !== 0) throw violation('keys with reserved bytes in use');
      return { kind: 'keys', agreement: body.subarray(0, DIGEST_BYTES), types: body.subarray(DIGEST_BYTES) };
    case kinds.hello:
      requireLength(body, 0, 'hello');
      return { kind: 'hello', rows: number };
    case kinds.points:
      return { kind: 'points', index: number, body };
    case kinds.tags:
      return { kind: 'tags', index: number, body };
    case kinds.done:
      requireLength(body, DIGEST_BYTES, 'done');
      return { kind: 'done', matches: number, digest: body };
    default:
      throw violation(`a message of the unknown kind ${bytes[4]}`);
  }
}

export function requireLength(body: Uint8Array, length: number, what: string): void {
  if (body.byteLength !== length) {
    throw violation(`${what} of ${body.byteLength} bytes where ${length} were due`);
  }
}

/**
 * Every u-coordinate must be the one encoding of its number, below 2^255 - 19: X25519 would accept others for the same point.
 * Points of low order are found by the multiplication, which gives zero for them.
 */
export function requireCanonical(points: Uint8Array): void {
  for (let at = 0; at < points.byteLength; at += POINT_BYTES) {
    const top = points[at + 31] ?? 0;
    if (top < 0x7f) continue;
    let middle = 0xff;
    for (let i = 1; i < 31; i++) middle &= points[at + i] ?? 0;
    if (top > 0x7f || (middle === 0xff && (points[at] ?? 0) >= 0xed))
      throw violation('a point that is not canonical');
  }
}

export function violation(what: string): PeerError {
  return new PeerError('PRIVITY_PSI_PROTOCOL', `the peer of the intersection sent ${what}`);
}

/** Ids of chunk `index` of a list of `rows`. */
export function chunkIds(rows: number, index: number): number {
  return Math.min(CHUNK_IDS, rows - index * CHUNK_IDS);
}

export function chunkCount(rows: number): number {
  return Math.ceil(rows / CHUNK_IDS);
}

/** Two different ids get the same tag with a probability below 2^-TAG_CHANCE_BITS in the whole run. */
const TAG_CHANCE_BITS = 40;

/** What tags have beyond that: the bound is not met exactly, but with room, whatever is added to the protocol. */
const TAG_SLACK_BITS = 8;

/** Bytes of a tag. All n + m ids are compared with each other, also within a list: so a repeated id is found. */
export function tagBytes(ownRows: number, peerRows: number): number {
  // By powers of two, which are exact: logarithms might differ in their last digit between two versions of Node.js.
  let bits = 0;
  while (2 ** bits < (ownRows + peerRows) ** 2 / 2) bits++;
  return Math.ceil((TAG_CHANCE_BITS + TAG_SLACK_BITS + bits) / 8);
}

export interface PsiCost {
  /** Messages and bytes that this party sends. */
  readonly messages: number;
  readonly bytes: number;
  /** Messages that have to wait for each other when the lists fit into one window; a longer list adds one round trip a window. */
  readonly rounds: number;
  readonly multiplications: number;
}

/** What one run costs this party. A test compares it with measured traffic. */
export function psiCost(ownRows: number, peerRows: number): PsiCost {
  const chunks = chunkCount(ownRows) + chunkCount(peerRows);
  return {
    messages: 3 + chunks,
    bytes:
      KEYS_BYTES +
      HELLO_BYTES +
      DONE_BYTES +
      chunks * CHUNK_HEADER_BYTES +
      ownRows * POINT_BYTES +
      peerRows * tagBytes(ownRows, peerRows),
    rounds: 5,
    multiplications: ownRows + peerRows,
  };
}
