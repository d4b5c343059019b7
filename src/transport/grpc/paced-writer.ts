import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import type { KeptReading } from './kept-reading.ts';

/**
 * Bytes given to Node's HTTP/2 at a time, at first and after a write that the network did not take at once. Node stops reading a socket
 * while a write to it is under way, and takes nothing that arrives to its reader until it is done. So a piece should not be under way
 * for long: on a link of 1 Mbit/s this one takes half a second.
 */
export const WRITE_BYTES_MIN = 60 * 1024;
/** Where each write is taken at once, pieces double up to this size: larger ones bring nothing. */
export const WRITE_BYTES_MAX = 16 * WRITE_BYTES_MIN;
/** What is left of a queue may go along: a 64 KiB message with its headers then needs no pause. */
const OVERSHOOT_BYTES = 6 * 1024;
/** Pieces up to this size are copied together: cheaper than a write of several. */
export const COPY_BYTES_MAX = 8 * 1024;

/** Where the reading cannot be kept up: calls back when the event loop has polled the sockets once with nothing to write. */
function afterReading(callback: () => void): void {
  // One setImmediate may run before the next poll, the second comes behind it.
  setImmediate(() => setImmediate(callback));
}

/** Writes to a stream, piece by piece, while its socket goes on being read. Bytes are not copied but where small. */
export class PacedWriter {
  readonly #stream: ClientHttp2Stream | ServerHttp2Stream;
  readonly #reading: KeptReading;
  readonly #onProgress: () => void;
  readonly #queue: Uint8Array[] = [];
  /** Position in the first piece. */
  #at = 0;
  #queuedBytes = 0;
  /** A write is under way. */
  #isBusy = false;
  #pieceBytes = WRITE_BYTES_MIN;
  #isEnding = false;

  constructor(stream: ClientHttp2Stream | ServerHttp2Stream, reading: KeptReading, onProgress: () => void) {
    this.#stream = stream;
    this.#reading = reading;
    this.#onProgress = onProgress;
  }

  /** Bytes accepted and not yet taken by the session. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(pieces: readonly Uint8Array[]): void {
    let bytes = 0;
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#queue.push(piece);
      bytes += piece.length;
    }
    this.#queuedBytes += bytes;
    this.#flush();
  }

  /** As `write`, for one small message while nothing is queued: one copy, no bookkeeping. False: not such a moment. */
  writeAtOnce(message: Uint8Array): boolean {
    if (this.#isBusy || this.#queuedBytes > 0) return false;
    this.#queuedBytes = message.length;
    this.#put([message]);
    return true;
  }

  /** Ends the stream behind what is queued. */
  end(): void {
    this.#isEnding = true;
    this.#flush();
  }

  #flush(): void {
    if (this.#isBusy || this.#stream.destroyed) return;
    if (this.#queue.length === 0) {
      if (this.#isEnding) this.#stream.end();
      return;
    }
    // No write is under way, so what is queued is all that `queuedBytes` counts.
    const isNearlyAll = this.#queuedBytes <= this.#pieceBytes + OVERSHOOT_BYTES;
    this.#put(this.#take(isNearlyAll ? this.#queuedBytes : this.#pieceBytes));
  }

  #put(portion: Uint8Array[]): void {
    const last = portion.pop();
    if (last === undefined) return;
    let bytes = last.length;
    this.#isBusy = true;
    if (portion.length > 0) this.#stream.cork();
    for (const piece of portion) {
      bytes += piece.length;
      this.#stream.write(piece);
    }
    const done = this.#reading.writes();
    // They leave together, so the last one's callback stands for all.
    this.#stream.write(last, () => {
      const isAtOnce = done();
      this.#queuedBytes -= bytes;
      if (!this.#reading.isPossible) afterReading(() => this.#goOn());
      else {
        this.#pieceBytes = isAtOnce
          ? Math.min(WRITE_BYTES_MAX, Math.max(this.#pieceBytes, 2 * bytes))
          : WRITE_BYTES_MIN;
        this.#goOn();
      }
      this.#onProgress();
    });
    if (portion.length > 0) this.#stream.uncork();
  }

  #goOn(): void {
    this.#isBusy = false;
    this.#flush();
  }

  /** The next portion: large pieces as views, runs of small ones copied together. */
  #take(bytesMax: number): Uint8Array[] {
    const portion: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    let smallBytes = 0;
    const join = (): void => {
      const [first] = small;
      if (first !== undefined) portion.push(small.length === 1 ? first : Buffer.concat(small, smallBytes));
      small = [];
      smallBytes = 0;
    };
    let room = bytesMax;
    let taken = 0;
    for (const piece of this.#queue) {
      if (room === 0) break;
      const end = Math.min(piece.length, this.#at + room);
      const part = this.#at === 0 && end === piece.length ? piece : piece.subarray(this.#at, end);
      room -= part.length;
      if (part.length <= COPY_BYTES_MAX) {
        small.push(part);
        smallBytes += part.length;
      } else {
        join();
        portion.push(part);
      }
      if (end < piece.length) {
        this.#at = end;
        break;
      }
      this.#at = 0;
      taken++;
    }
    join();
    this.#queue.splice(0, taken);
    return portion;
  }
}
