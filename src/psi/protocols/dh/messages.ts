/**
 * What Diffie-Hellman intersection says between hello and done, in parts of these kinds:
 *
 * | kind   | number | body |
 * | ------ | ------ | ---- |
 * | points | index of the chunk | blinded points (32 bytes each) |
 * | tags   | index of the chunk | tags of the points of that chunk, in their order |
 * | answers | index of the chunk | where matches are counted: tags of all points, in an order of the sender |
 * | products | index of the chunk | where rows have keys: points of that chunk, multiplied: the credit for more |
 * | slots  | index of the chunk | where rows have keys: tags of the sender's ids, in its order |
 *
 * Tags to a peer that does not receive the result, or that counts, have no body: they are the credit for more points
 * alone.
 */
import type { DecodeBound } from '../../../base/decode-bound.ts';
import { PART_HEADER_BYTES, type Part, violation } from '../../messages.ts';
import { tagBytes } from '../../tags.ts';
import { BOTH, ID_BYTES, KEYED_ROW_BYTES, type PsiCost, type PsiTold, ROW_KEY_BYTES } from '../protocol.ts';
import { POINT_BYTES } from './hash-to-curve.ts';

/** Kinds in the header of a message. */
export const POINTS = 2;
export const TAGS = 3;
export const ANSWERS = 6;
/** Where rows have keys: */
export const PRODUCTS = 7;
export const SLOTS = 8;

/**
 * Ids in a message: 25 ms of work for one core, so both sides have something to do soon, and 16 KiB, so headers do not
 * count.
 */
export const CHUNK_IDS = 512;

/**
 * Chunks of points that may be under way without their tags. Tags are the credit for more points: without a bound a
 * fast sender would fill a slow peer's memory. 64 chunks are 1 MiB, and 32,768 ids keep 32 cores busy over a link of
 * 100 ms.
 */
export const WINDOW_CHUNKS = 64;

/** Longest message: a chunk of points. */
export const PSI_MESSAGE_BYTES_MAX = PART_HEADER_BYTES + CHUNK_IDS * POINT_BYTES;

/** Nothing is copied. A point costs a multiplication afterwards, some 90 µs, and a tag 11 bytes at most. */
export const PSI_MESSAGE_BOUND: DecodeBound = {
  bytesMax: PSI_MESSAGE_BYTES_MAX,
  memory: { perByte: 8, once: 128 * 1024 },
  steps: { perByte: 4, once: 5_000 },
};

export const partOf = (part: number, index: number, body: Uint8Array): Part => ({
  kind: 'part',
  part,
  index,
  body,
});
export const points = (index: number, body: Uint8Array): Part => partOf(POINTS, index, body);
export const tags = (index: number, body: Uint8Array): Part => partOf(TAGS, index, body);
export const answers = (index: number, body: Uint8Array): Part => partOf(ANSWERS, index, body);

/**
 * Every u-coordinate must be the one encoding of its number, below 2^255 - 19: X25519 would accept others for the same
 * point. Points of low order are found by the multiplication, which gives zero for them.
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

/** Ids of chunk `index` of a list of `rows`. */
export function chunkIds(rows: number, index: number): number {
  return Math.min(CHUNK_IDS, rows - index * CHUNK_IDS);
}

export function chunkCount(rows: number): number {
  return Math.ceil(rows / CHUNK_IDS);
}

/** Of a tag in the table in which it is found again: at most half of the slots are taken. */
const FOUND_BYTES = 4 * Uint32Array.BYTES_PER_ELEMENT;

/** Ids in secret order, that order, and three tags for each id of either; some of them are in a table. */
export function dhMemory(ownRows: number, peerRows: number): number {
  const each = 3 * tagBytes(ownRows, peerRows) + FOUND_BYTES;
  return (ID_BYTES + Uint32Array.BYTES_PER_ELEMENT + each) * ownRows + each * peerRows;
}

/**
 * 32 bytes an own row, a tag a row of the peer if it receives the result; two rounds a window, in which both parties
 * send at the same time.
 */
export function dhCost(
  ownRows: number,
  peerRows: number,
  _rank: number,
  { peerReceives }: PsiTold = BOTH,
): PsiCost {
  const chunks = chunkCount(ownRows) + chunkCount(peerRows);
  const tagged = peerReceives ? peerRows * tagBytes(ownRows, peerRows) : 0;
  return {
    messages: chunks,
    bytes: chunks * PART_HEADER_BYTES + ownRows * POINT_BYTES + tagged,
    rounds: 2 * Math.ceil(chunkCount(Math.max(ownRows, peerRows)) / WINDOW_CHUNKS),
  };
}

/** Where matches are counted: tags come once more by themselves, together with the last credits. */
export function dhCountCost(
  ownRows: number,
  peerRows: number,
  rank: number,
  { peerReceives }: PsiTold = BOTH,
): PsiCost {
  const { messages, bytes, rounds } = dhCost(ownRows, peerRows, rank, { receives: true, peerReceives });
  const again = peerReceives ? chunkCount(peerRows) : 0;
  return { messages: messages + again, bytes: bytes + again * PART_HEADER_BYTES, rounds };
}

/** Where rows have keys: points of the receiver there and back, and a tag of each row of the sender. */
export function dhKeyedCost(
  ownRows: number,
  peerRows: number,
  _rank: number,
  { receives }: PsiTold,
): PsiCost {
  const receiverRows = receives ? ownRows : peerRows;
  const rounds = 2 * Math.ceil(chunkCount(receiverRows) / WINDOW_CHUNKS);
  const points = receiverRows * POINT_BYTES;
  if (receives) {
    const messages = chunkCount(ownRows);
    return { messages, bytes: messages * PART_HEADER_BYTES + points, rounds };
  }
  const messages = chunkCount(ownRows) + chunkCount(peerRows);
  const tags = ownRows * tagBytes(ownRows, peerRows);
  return { messages, bytes: messages * PART_HEADER_BYTES + points + tags, rounds };
}

/** As without keys, and the keys: at the receiver once more of rows that match. */
export function dhKeyedMemory(ownRows: number, peerRows: number): number {
  return (
    dhMemory(ownRows, peerRows) + KEYED_ROW_BYTES * ownRows + ROW_KEY_BYTES * Math.min(ownRows, peerRows)
  );
}
