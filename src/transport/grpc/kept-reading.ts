import type { Http2Session } from 'node:http2';
import type { Clock, Timer } from '../../contracts/index.ts';

/** How long a socket may go unread because of a write that the network does not take: short beside what two full buffers cost. */
const UNREAD_MS_MAX = 5;

/**
 * Has a session's socket read although a write to it is under way. Node's HTTP/2 stops reading then. Two ends that write to each other
 * at once, more than the network takes in without anybody reading, would wait for each other for ever (seen with 4 MB each way).
 * Once for a write is not enough: the session stops again with its next, which may be one of its own, such as the room it grants for what
 * it has read. What is read meanwhile waits in the session, at most the receive windows, until the write is done.
 */
export class KeptReading {
  /** Node has no public way. This one has been there since version 4; where it is missing, nothing can be kept up. */
  readonly isPossible: boolean;
  readonly #session: Http2Session;
  readonly #clock: Clock;
  #writes = 0;
  #timer: Timer | undefined;

  constructor(session: Http2Session, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    this.isPossible = typeof handleOf(session)?.readStart === 'function';
  }

  /** A write begins. What this gives is called when it is done, and says whether the network has taken it at once. */
  writes(): () => boolean {
    let [isDone, isLate] = [false, false];
    this.#writes++;
    // What is taken at once is done before this.
    setImmediate(() => {
      if (isDone) return;
      isLate = true;
      this.#read();
      this.touch();
    });
    return () => {
      isDone = true;
      this.#writes--;
      return !isLate;
    };
  }

  /** The session has been busy, so it may be writing. */
  touch(): void {
    if (!this.isPossible || this.#session.destroyed) return;
    this.#timer ??= this.#clock.after(UNREAD_MS_MAX, () => {
      this.#timer = undefined;
      this.#read();
      if (this.#writes > 0) this.touch();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #read(): void {
    if (!this.#session.destroyed) handleOf(this.#session)?.readStart?.();
  }
}

interface Handle {
  readStart?(): number;
}

const handleOf = ({ socket }: Http2Session): Handle | null | undefined =>
  (socket as unknown as { _handle?: Handle | null })._handle;
