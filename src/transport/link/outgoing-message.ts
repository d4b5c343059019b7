import { FRAME_PARTS_MAX } from './limits.ts';

/** A message on its way out. Its body comes as pieces; a stream's pieces are added as they come. */
export class OutgoingMessage {
  readonly header: Uint8Array;
  /** Called when the last chunk is in the replay buffer. */
  readonly onTaken: () => void;
  /** Called when the body runs out and is not ended: a stream should be read further. */
  readonly onHungry: () => void;
  /** Called when its first chunk is made, just before the connection gets it. */
  readonly onLeaving: (() => void) | undefined;
  /** 0 until its first chunk is made. */
  number = 0;
  #pieces: Uint8Array[] = [];
  /** Read position: piece and offset in it. */
  #piece = 0;
  #offset = 0;
  #ended = false;
  #abandoned = false;

  constructor(header: Uint8Array, onTaken: () => void, onHungry: () => void, onLeaving?: () => void) {
    this.header = header;
    this.onTaken = onTaken;
    this.onHungry = onHungry;
    this.onLeaving = onLeaving;
  }

  add(pieces: readonly Uint8Array[]): void {
    this.#pieces = [...this.#pieces.slice(this.#piece), ...pieces];
    this.#piece = 0;
  }

  end(): void {
    this.#ended = true;
  }

  abandon(): void {
    this.#pieces = [];
    this.#piece = 0;
    this.#offset = 0;
    this.#ended = true;
    this.#abandoned = true;
  }

  get abandoned(): boolean {
    return this.#abandoned;
  }

  get exhausted(): boolean {
    return this.#piece >= this.#pieces.length;
  }

  get complete(): boolean {
    return this.#ended && this.exhausted;
  }

  /** A chunk can be made: the first one always, so that messages begin in the order of their sends. */
  get ready(): boolean {
    return this.number === 0 || this.#ended || !this.exhausted;
  }

  /** Up to that many bytes of the body, as views. */
  cut(bytesMax: number): { parts: Uint8Array[]; bytes: number } {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    while (bytes < bytesMax && parts.length < FRAME_PARTS_MAX) {
      const piece = this.#pieces[this.#piece];
      if (piece === undefined) break;
      const end = Math.min(piece.length, this.#offset + bytesMax - bytes);
      if (end > this.#offset) {
        parts.push(this.#offset === 0 && end === piece.length ? piece : piece.subarray(this.#offset, end));
        bytes += end - this.#offset;
      }
      this.#offset = end;
      if (end === piece.length) {
        this.#piece++;
        this.#offset = 0;
      }
    }
    // What has been cut is the replay buffer's to keep, not the message's.
    if (this.exhausted) {
      this.#pieces = [];
      this.#piece = 0;
    }
    return { parts, bytes };
  }
}
