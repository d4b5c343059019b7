/**
 * What the sender of encrypted rows says, in parts of two kinds:
 *
 * | kind  | number          | body |
 * | ----- | --------------- | ---- |
 * | shape | bytes of a row  | names and types of the columns: an Arrow stream without rows |
 * | rows  | piece           | of each slot the encrypted row, or as many random bytes |
 */
import { PART_HEADER_BYTES, type Part } from '../messages.ts';
import { SEAL_BYTES } from './row-seal.ts';

export const SHAPE = 32;
export const ROWS = 33;

/** Bytes of a piece, about: headers do not count, and a message never waits long for another. */
export const PIECE_BYTES = 256 * 1024;

export const shape = (rowBytes: number, body: Uint8Array): Part => ({
  kind: 'part',
  part: SHAPE,
  index: rowBytes,
  body,
});
export const rows = (index: number, body: Uint8Array): Part => ({ kind: 'part', part: ROWS, index, body });

/** Slots of a piece. */
export const slotsOfPiece = (rowBytes: number): number =>
  Math.max(1, Math.floor(PIECE_BYTES / (rowBytes + SEAL_BYTES)));

/** What encrypted rows cost their sender, beside the protocol that gives the keys. */
export function sealedCost(
  slots: number,
  rowBytes: number,
  shapeBytes: number,
): { readonly messages: number; readonly bytes: number } {
  const messages = 1 + Math.ceil(slots / slotsOfPiece(rowBytes));
  return { messages, bytes: messages * PART_HEADER_BYTES + shapeBytes + slots * (rowBytes + SEAL_BYTES) };
}
