/**
 * The messages of an intersection. Each begins with eight bytes: 'PSI', version, kind, three zeros. Numbers are
 * little-endian.
 *
 * | kind  | body |
 * | ----- | ---- |
 * | keys  | protocols that would do (u32: a bit each), agreement (32 bytes), types of the key columns (16 bytes) |
 * | hello | rows (u32) |
 * | done  | size of the intersection (u32), digest of its tags and of who sends this (32 bytes) |
 *
 * The agreement is a digest of what both want. Every other kind is a part of the protocol that runs in between: a
 * number (u32), and a body.
 */
import { PeerError } from '../base/errors.ts';

export const PSI_VERSION = 4;

export const HEADER_BYTES = 8;
export const DIGEST_BYTES = 32;
/** Types of key columns: see key-types.ts. */
export const KEY_TYPES_BYTES = 16;
/** Everything before the body of a part. */
export const PART_HEADER_BYTES = HEADER_BYTES + 4;
export const KEYS_BYTES = PART_HEADER_BYTES + DIGEST_BYTES + KEY_TYPES_BYTES;
export const HELLO_BYTES = HEADER_BYTES + 4;
export const DONE_BYTES = PART_HEADER_BYTES + DIGEST_BYTES;

const kinds = { hello: 1, done: 4, keys: 5 } as const;

/** A message of the protocol. */
export interface Part {
  readonly kind: 'part';
  /** Its kind in the header: any but 1, 4 and 5. Each protocol has its own. */
  readonly part: number;
  readonly index: number;
  readonly body: Uint8Array;
}

export type Message =
  | {
      readonly kind: 'keys';
      readonly protocols: number;
      readonly agreement: Uint8Array;
      readonly types: Uint8Array;
    }
  | { readonly kind: 'hello'; readonly rows: number }
  | { readonly kind: 'done'; readonly matches: number; readonly digest: Uint8Array }
  | Part;

export function encodeMessage(message: Message): Uint8Array {
  switch (message.kind) {
    case 'keys':
      return frame(kinds.keys, message.protocols, Buffer.concat([message.agreement, message.types]));
    case 'hello':
      return frame(kinds.hello, message.rows, new Uint8Array());
    case 'done':
      return frame(kinds.done, message.matches, message.digest);
    case 'part':
      return frame(message.part, message.index, message.body);
  }
}

function frame(kind: number, number: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PART_HEADER_BYTES + body.byteLength);
  bytes.set([0x50, 0x53, 0x49, PSI_VERSION, kind]);
  new DataView(bytes.buffer).setUint32(HEADER_BYTES, number, true);
  bytes.set(body, PART_HEADER_BYTES);
  return bytes;
}

/**
 * Nothing is copied.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH
 */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.byteLength < PART_HEADER_BYTES || bytes[0] !== 0x50 || bytes[1] !== 0x53 || bytes[2] !== 0x49) {
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
  const body = bytes.subarray(PART_HEADER_BYTES);
  switch (bytes[4]) {
    case kinds.keys:
      requireLength(body, DIGEST_BYTES + KEY_TYPES_BYTES, 'keys');
      return {
        kind: 'keys',
        protocols: number,
        agreement: body.subarray(0, DIGEST_BYTES),
        types: body.subarray(DIGEST_BYTES),
      };
    case kinds.hello:
      requireLength(body, 0, 'hello');
      return { kind: 'hello', rows: number };
    case kinds.done:
      requireLength(body, DIGEST_BYTES, 'done');
      return { kind: 'done', matches: number, digest: body };
    default:
      return { kind: 'part', part: bytes[4] ?? 0, index: number, body };
  }
}

export function requireLength(body: Uint8Array, length: number, what: string): void {
  if (body.byteLength !== length) {
    throw violation(`${what} of ${body.byteLength} bytes where ${length} were due`);
  }
}

export function violation(what: string): PeerError {
  return new PeerError('PRIVITY_PSI_PROTOCOL', `the peer of the intersection sent ${what}`);
}
