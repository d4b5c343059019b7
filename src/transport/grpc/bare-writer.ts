import type { TLSSocket } from 'node:tls';

/** Pieces up to this size are copied together: a write costs a turn of the event loop, which is more. */
const JOINED_BYTES_MAX = 64 * 1024;
/** Content of a TLS record. What is copied fills some, so that the rest begins with one. */
const RECORD_BYTES = 16 * 1024;

/** Writes to a socket, one write at a time: what Node gathers of several it copies whole. */
export class BareWriter {
  readonly #socket: TLSSocket;
  readonly #onProgress: () => void;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** A write is under way. */
  #isBusy = false;
  #isEnding = false;

  constructor(socket: TLSSocket, onProgress: () => void) {
    this.#socket = socket;
    this.#onProgress = onProgress;
  }

  /** Bytes accepted and not yet taken by the system. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#queue.push(piece);
      this.#queuedBytes += piece.length;
    }
    this.#flush();
  }

  /** Ends the socket behind what is queued. */
  end(): void {
    this.#isEnding = true;
    this.#flush();
  }

  #flush(): void {
    if (this.#isBusy || this.#socket.destroyed) return;
    const bytes = this.#take();
    if (bytes === undefined) {
      if (this.#isEnding) this.#socket.end();
      return;
    }
    this.#isBusy = true;
    this.#socket.write(bytes, () => {
      this.#queuedBytes -= bytes.length;
      this.#isBusy = false;
      this.#flush();
      this.#onProgress();
    });
  }

  /** The next write: a large piece as it is, or small ones and the beginning of a large one copied together. */
  #take(): Uint8Array | undefined {
    let bytes = 0;
    let count = 0;
    for (const { length } of this.#queue) {
      if (bytes + length > JOINED_BYTES_MAX) break;
      bytes += length;
      count++;
    }
    if (count === 0) return this.#queue.shift();
    const joined = this.#queue.splice(0, count);
    const [large] = this.#queue;
    // Longer than that, or it had been taken.
    const filled = large === undefined ? 0 : -bytes & (RECORD_BYTES - 1);
    if (large !== undefined && filled > 0) {
      joined.push(large.subarray(0, filled));
      this.#queue[0] = large.subarray(filled);
    }
    const [only] = joined;
    return joined.length === 1 ? only : Buffer.concat(joined, bytes + filled);
  }
}
