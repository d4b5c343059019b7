/** Sources of bytes for the decoder, over what has been received into memory. */
import type { ByteSource } from './value-codec.ts';

/** Over pieces as they came; they are copied when read, so a small value does not keep a large network buffer alive. */
export function memorySource(pieces: readonly Uint8Array[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const piece of pieces) {
    starts.push(size);
    size += piece.length;
  }
  const read = (offset: number, length: number): Uint8Array<ArrayBuffer> => {
    const copy = new Uint8Array(length);
    for (let index = pieceAt(starts, offset); index < pieces.length; index++) {
      const piece = pieces[index];
      const at = starts[index] ?? 0;
      if (piece === undefined || at >= offset + length) break;
      const from = Math.max(0, offset - at);
      const until = Math.min(piece.length, offset + length - at);
      if (from < until) copy.set(piece.subarray(from, until), at + from - offset);
    }
    return copy;
  };
  return {
    size,
    read: async (offset, length) => read(offset, length),
    blob: async (offset, length, type) => new Blob([read(offset, length)], { type }),
  };
}

/**
 * The last piece that begins at or before a place: a value of many segments in many pieces must not be looked through
 * for each.
 */
function pieceAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}
