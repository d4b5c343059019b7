import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';

/**
 * Most bytes given to Node's HTTP/2 between two pauses for reading. Node stops reading a socket while a write to it is
 * under way. Were that write larger than what the network takes in without anybody reading, and the same at the other
 * end, both would wait for ever (seen with 4 MB each way). It cannot happen when fewer bytes than the other end's
 * receive buffer holds (64 KiB where nothing is tuned) are written between two turns of the event loop in which all
 * that has arrived is read: for both to be stuck, each would have had to read after the other did.
 */
export const WRITE_BYTES_MAX = 60 * 1024;
/** What is left of a queue may go along: a 64 KiB message with its headers then needs no pause. */
const OVERSHOOT_BYTES = 6 * 1024;
/**
 * While the session is reading, it sends what it is given beyond this at once, in the middle of that. Where such a
 * write fails at once, since the peer has just died, Node 20 and 22 read what is being read a second time, and crash.
 */
const WHILE_READING_BYTES_MAX = 4096;
/** Pieces up to this size are copied together: cheaper than a write of several. */
export const COPY_BYTES_MAX = 8 * 1024;

/**
 * Calls back when the event loop has polled the sockets once with nothing to write. One setImmediate may run before the
 * next poll, the second comes behind it. A write queued earlier would go out with the first piece read, and end the
 * reading.
 */
function afterReading(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}

/**
 * Writes to a stream, with a pause for reading after every WRITE_BYTES_MAX at the latest. Bytes are not copied but
 * where small.
 */
export class PacedWriter {
  readonly #stream: ClientHttp2Stream | ServerHttp2Stream;
  readonly #onProgress: () => void;
  readonly #queue: Uint8Array[] = [];
  /** Position in the first piece. */
  #at = 0;
  #queuedBytes = 0;
  /** A write is under way. */
  #isBusy = false;
  #isPausing = false;
  /** The session may be reading until the next turn of the event loop. */
  #isReading = false;
  /** Bytes that may still be written before the next pause for reading. */
  #budget = WRITE_BYTES_MAX;
  #isEnding = false;

  constructor(stream: ClientHttp2Stream | ServerHttp2Stream, onProgress: () => void) {
    this.#stream = stream;
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
    if (this.#isBusy || this.#isPausing || this.#queuedBytes > 0 || message.length > this.#budget)
      return false;
    if (this.#isReading && message.length > WHILE_READING_BYTES_MAX) return false;
    this.#queuedBytes = message.length;
    this.#put([message]);
    return true;
  }

  /** The session reads: more than a little is written when it has done so. */
  reads(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    setImmediate(() => {
      this.#isReading = false;
      this.#flush();
    });
  }

  /** Ends the stream behind what is queued. */
  end(): void {
    this.#isEnding = true;
    this.#flush();
  }

  #flush(): void {
    if (this.#isBusy || this.#isPausing || this.#stream.destroyed) return;
    if (this.#queue.length === 0) {
      if (this.#isEnding) this.#stream.end();
      return;
    }
    // Everything in flight has been taken by the session, so what is queued is all that `queuedBytes` counts. A pause
    // may begin while the session reads: what it waits for comes later.
    if (this.#budget < WRITE_BYTES_MAX && this.#queuedBytes > this.#budget) return this.#pause();
    if (this.#isReading && this.#queuedBytes > WHILE_READING_BYTES_MAX) return;
    const isNearlyAll = this.#queuedBytes <= this.#budget + OVERSHOOT_BYTES;
    this.#put(this.#take(isNearlyAll ? this.#queuedBytes : this.#budget));
  }

  #pause(): void {
    this.#isPausing = true;
    afterReading(() => {
      this.#isPausing = false;
      this.#budget = WRITE_BYTES_MAX;
      this.#flush();
    });
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
    this.#budget -= bytes;
    // They leave together, so the last one's callback stands for all.
    this.#stream.write(last, () => {
      this.#queuedBytes -= bytes;
      this.#isBusy = false;
      // Behind this the session goes on with what it had put aside of a read.
      this.reads();
      // While there is nothing to write the pause costs nobody anything.
      if (this.#queue.length === 0 && !this.#isEnding && this.#budget * 2 < WRITE_BYTES_MAX) this.#pause();
      else this.#flush();
      this.#onProgress();
    });
    if (portion.length > 0) this.#stream.uncork();
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
