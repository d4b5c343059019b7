/** Sources of bytes for the decoder, over what has been received into memory. */
import type { ByteSource } from './value-codec.ts';

/** Over pieces as they came; they are copied when read, so a small value does not keep a large network buffer alive. */
export function memorySource(pieces: readonly Uint8Array[]): ByteSource {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const read = (offset: number, length: number): Uint8Array<ArrayBuffer> => {
    const copy = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      const from = Math.max(0, offset - at);
      const until = Math.min(piece.length, offset + length - at);
      if (from < until) copy.set(piece.subarray(from, until), at + from - offset);
      at += piece.length;
      if (at >= offset + length) break;
    }
    return copy;
  };
  return {
    size,
    read: async (offset, length) => read(offset, length),
    blob: async (offset, length, type) => new Blob([read(offset, length)], { type }),
  };
}
