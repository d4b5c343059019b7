/**
 * What an intersection by rr22, or into shares, says between hello and done, in parts of these kinds:
 *
 * | kind   | number          | body |
 * | ------ | --------------- | ---- |
 * | setup  | 0, 1, 2         | opening, answer and trees of the base OTs (src/psi/vole/) |
 * | first  | bucket          | seed of the encoding (32 bytes), corrections of the OTs |
 * | second | bucket          | what the sender of a silent VOLE answers |
 * | vector | bucket, piece   | the encoding of the receiver's ids, masked: 16 bytes a column |
 * | tags   | bucket, piece   | tags of the sender's ids in random order, among random ones up to the room of a bucket |
 * | result | bucket          | to a sender that is told: a bit for each of these, whether the receiver has it, too |
 * | hints  | bucket, piece   | into shares (src/psi/shares/), in place of tags: words and columns of bins, masked |
 *
 * A number is the bucket times {@link PIECES_MAX}, and the piece.
 */
import type { DecodeBound } from '../../../base/decode-bound.ts';
import type { PsiLine } from '../../line.ts';
import { PART_HEADER_BYTES, type Part, requireLength, violation } from '../../messages.ts';

/** Kinds in the header of a message. */
export const parts = {
  setup: 16,
  first: 17,
  second: 18,
  vector: 19,
  tags: 20,
  result: 21,
  hints: 22,
} as const;
export type PartName = keyof typeof parts;

/** Its number is its place among the setup's messages. */
export const setupPart = (index: number, body: Uint8Array): Part => ({
  kind: 'part',
  part: parts.setup,
  index,
  body,
});

/** Bytes of a piece: headers do not count, and a message never waits long for another. */
export const PIECE_BYTES = 256 * 1024;
/** Pieces of one message at most: 64 MiB. */
export const PIECES_MAX = 256;

/** Pieces for which room is made with the first of them: a vector of a bucket is no longer, only hints are. */
const ROOM_PIECES = 20;

/**
 * Room is made with the first piece, which is a full one where others follow, for {@link ROOM_PIECES} at most, and is
 * doubled when they have come. Nothing else is made before all have.
 */
export const RR22_MESSAGE_BOUND: DecodeBound = {
  bytesMax: PART_HEADER_BYTES + PIECE_BYTES,
  memory: { perByte: 32, once: 128 * 1024 },
  steps: { perByte: 4, once: 5_000 },
};

export function pieceCount(bytes: number): number {
  return Math.ceil(bytes / PIECE_BYTES);
}

export async function sendPieces(
  line: PsiLine,
  name: PartName,
  bucket: number,
  body: Uint8Array,
): Promise<void> {
  for (let piece = 0; piece < pieceCount(body.byteLength); piece++)
    await line.send({
      kind: 'part',
      part: parts[name],
      index: bucket * PIECES_MAX + piece,
      body: body.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES),
    });
}

/** A message that is due, put together from its pieces. */
export class DueMessage {
  readonly #name: PartName;
  readonly #bytes: number;
  #body: Uint8Array | undefined;
  #pieces = 0;

  constructor(name: PartName, bytes: number) {
    this.#name = name;
    this.#bytes = bytes;
  }

  get body(): Uint8Array | undefined {
    return this.#pieces === pieceCount(this.#bytes) ? this.#body : undefined;
  }

  /** @throws {PeerError} PRIVITY_PSI_PROTOCOL */
  take({ part, index, body }: Part): void {
    if (part !== parts[this.#name]) throw violation(`a message of kind ${part} where ${this.#name} was due`);
    if (this.body !== undefined) throw violation(`more than all of ${this.#name}`);
    if (index % PIECES_MAX !== this.#pieces) throw violation(`pieces of ${this.#name} out of order`);
    const at = this.#pieces * PIECE_BYTES;
    requireLength(body, Math.min(PIECE_BYTES, this.#bytes - at), this.#name);
    this.#makeRoom(at, body.byteLength).set(body, at);
    this.#pieces++;
  }

  #makeRoom(at: number, bytes: number): Uint8Array {
    if (this.#body === undefined || this.#body.byteLength < at + bytes) {
      const grown = new Uint8Array(Math.min(this.#bytes, Math.max(ROOM_PIECES * PIECE_BYTES, 2 * at)));
      if (this.#body !== undefined) grown.set(this.#body);
      this.#body = grown;
    }
    return this.#body;
  }
}
