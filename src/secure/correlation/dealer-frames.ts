/**
 * The messages between a dealer and the members, version 1. Each begins with sixteen bytes, little-endian: 'DEA',
 * version, kind, three zeros, number (u32: of the request), part (u32). What does not fit exactly is
 * PROTOCOL_VIOLATION, never a wrong number.
 *
 * | kind       | from, to             | body |
 * | ---------- | -------------------- | ---- |
 * | seed       | dealer to each       | 16 bytes |
 * | order      | last member to dealer | kind, four sizes (zeros behind the last), bytes of the path (u32 each), |
 * |            |                      | words that the fiber has drawn (u64), path of the fiber |
 * | correction | dealer to last member | words, at most PART_BYTES_MAX in a part |
 * | release    | last member to dealer | path of a fiber that has ended |
 * | end        | each to dealer       | nothing |
 */
import type { DecodeBound } from '../../base/decode-bound.ts';
import { PeerError } from '../../base/errors.ts';
import { type Order, recipeKinds } from './recipes.ts';

export const FRAME_HEADER_BYTES = 16;

/** Corrections are cut into parts of this size, so that the member works on one while the next is on its way. */
export const PART_BYTES_MAX = 1 << 20;

/** Longest path of a fiber: some hundred levels of concurrent operations. */
const PATH_BYTES_MAX = 4096;

const VERSION = 1;
const ORDER_BYTES = 32;

/** Reading costs little; what an order then costs the dealer is bounded by its sizes, in recipes.ts. */
export const DEALER_MESSAGE_BOUND: DecodeBound = {
  bytesMax: FRAME_HEADER_BYTES + PART_BYTES_MAX,
  memory: { perByte: 16, once: 64 * 1024 },
  steps: { perByte: 4, once: 5_000 },
};

const kinds = { seed: 1, order: 2, correction: 3, release: 4, end: 5 } as const;

type FrameKind = keyof typeof kinds;

export function frame(kind: FrameKind, number: number, part: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + body.byteLength);
  bytes.set([0x44, 0x45, 0x41, VERSION, kinds[kind]]);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, number, true);
  view.setUint32(12, part, true);
  bytes.set(body, FRAME_HEADER_BYTES);
  return bytes;
}

/** The body of a message that must be exactly this one. */
export function readFrame(
  bytes: Uint8Array,
  kind: FrameKind,
  number: number,
  part: number,
  bodyBytes: number,
): Uint8Array {
  const header = readHeader(bytes);
  if (header.kind !== kind) throw violation(`${header.kind} where ${kind} was due`);
  if (header.number !== number || header.part !== part) throw violation(`${kind} out of order`);
  if (bytes.byteLength !== FRAME_HEADER_BYTES + bodyBytes) throw violation(`${kind} of another length`);
  return bytes.subarray(FRAME_HEADER_BYTES);
}

/** Where in which stream: so that both sides draw the same, and nothing twice. */
export interface Place {
  readonly path: string;
  /** Words that the last member has drawn for this fiber before. */
  readonly drawn: number;
}

export type MemberMessage =
  | { readonly kind: 'order'; readonly number: number; readonly order: Order; readonly place: Place }
  | { readonly kind: 'release'; readonly path: string }
  | { readonly kind: 'end' };

/** What a dealer may be sent. */
export function readMemberMessage(bytes: Uint8Array): MemberMessage {
  const { kind, number } = readHeader(bytes);
  const body = bytes.subarray(FRAME_HEADER_BYTES);
  if (kind === 'end' && body.byteLength === 0) return { kind };
  if (kind === 'release') return { kind, path: readPath(body) };
  if (kind !== 'order' || body.byteLength < ORDER_BYTES)
    throw violation(`${kind} that a dealer does not take`);
  const view = new DataView(body.buffer, body.byteOffset);
  const recipe = recipeKinds[view.getUint32(0, true)];
  if (recipe === undefined) throw violation('an order of an unknown kind');
  const sizes = [4, 8, 12, 16].map((at) => view.getUint32(at, true));
  while (sizes.at(-1) === 0) sizes.pop();
  const pathBytes = body.subarray(ORDER_BYTES);
  if (view.getUint32(20, true) !== pathBytes.byteLength) throw violation('an order of another length');
  const drawn = view.getUint32(24, true) + view.getUint32(28, true) * 2 ** 32;
  return { kind, number, order: { kind: recipe, sizes }, place: { path: readPath(pathBytes), drawn } };
}

export function orderBody({ kind, sizes }: Order, { path, drawn }: Place): Uint8Array {
  const text = Buffer.from(path);
  const body = new Uint8Array(ORDER_BYTES + text.byteLength);
  const view = new DataView(body.buffer);
  view.setUint32(0, recipeKinds.indexOf(kind), true);
  for (const [index, size] of sizes.entries()) view.setUint32(4 + 4 * index, size, true);
  view.setUint32(20, text.byteLength, true);
  view.setUint32(24, drawn % 2 ** 32, true);
  view.setUint32(28, Math.floor(drawn / 2 ** 32), true);
  body.set(text, ORDER_BYTES);
  return body;
}

export function violation(what: string): PeerError {
  return new PeerError(
    'PRIVITY_DEALER_PROTOCOL',
    `between a dealer and a member of its secure device: ${what}`,
  );
}

function readHeader(bytes: Uint8Array): { kind: FrameKind; number: number; part: number } {
  const known = Object.entries(kinds).find(([, value]) => value === bytes[4]);
  const fixed = [0x44, 0x45, 0x41, VERSION, bytes[4], 0, 0, 0];
  if (
    bytes.byteLength < FRAME_HEADER_BYTES ||
    known === undefined ||
    fixed.some((byte, at) => bytes[at] !== byte)
  ) {
    throw violation('a message that is not of this protocol');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { kind: known[0] as FrameKind, number: view.getUint32(8, true), part: view.getUint32(12, true) };
}

function readPath(bytes: Uint8Array): string {
  if (bytes.byteLength > PATH_BYTES_MAX) throw violation('a path that is too long');
  const path = Buffer.from(bytes).toString('utf8');
  if (!/^[\d./]*$/.test(path)) throw violation('a path that is none');
  return path;
}
