/** What the peer sends in the buckets that are under way: put together, and handed to who waits for it. */
import { deferred } from '../../../base/deferred.ts';
import { ignored } from '../../../base/ignored.ts';
import type { PsiLine } from '../../line.ts';
import { violation } from '../../messages.ts';
import { DueMessage, type PartName, PIECES_MAX } from './messages.ts';

export class Inbox {
  readonly #line: PsiLine;
  readonly #earlyBytes: (bucket: number) => number | undefined;
  /** What the buckets under way wait for, by their number. */
  readonly #waiting = new Map<number, Waiting>();

  /** `earlyBytes`: length of a bucket's `first` that may come before it is asked for; undefined: it may not. */
  constructor(line: PsiLine, earlyBytes: (bucket: number) => number | undefined) {
    this.#line = line;
    this.#earlyBytes = earlyBytes;
  }

  /** The next message of a bucket, whole. To be asked for before the peer has what it answers. */
  due(bucket: number, name: PartName, bytes: number): Promise<Uint8Array> {
    const waiting = this.#waiting.get(bucket) ?? waitFor(name, bytes);
    waiting.isAskedFor = true;
    // One that came early, and whole, is waited for no longer.
    if (waiting.message.body === undefined) this.#waiting.set(bucket, waiting);
    else this.#waiting.delete(bucket);
    const due = this.#line.orFailure(waiting.promise);
    void ignored(due, 'where a send before it fails, nobody comes to wait for it');
    return due;
  }

  /**
   * Takes all that the peer sends, at once: only its first message of a bucket can come before it is asked for.
   * @throws {PeerError} PRIVITY_PSI_PROTOCOL
   */
  async listen(pieces: number): Promise<void> {
    for (let left = pieces; left > 0; left--) {
      const part = await this.#line.receivePart();
      const bucket = Math.floor(part.index / PIECES_MAX);
      const waiting = this.#waiting.get(bucket) ?? this.#early(bucket);
      waiting.message.take(part);
      const { body } = waiting.message;
      if (body === undefined) continue;
      // What is early stays until its bucket comes.
      if (waiting.isAskedFor) this.#waiting.delete(bucket);
      waiting.resolve(body);
    }
  }

  #early(bucket: number): Waiting {
    const bytes = this.#earlyBytes(bucket);
    if (bytes === undefined) throw violation('a message of a bucket that is not due');
    const waiting = waitFor('first', bytes);
    this.#waiting.set(bucket, waiting);
    return waiting;
  }
}

interface Waiting {
  readonly message: DueMessage;
  readonly promise: Promise<Uint8Array>;
  isAskedFor: boolean;
  resolve(body: Uint8Array): void;
}

function waitFor(name: PartName, bytes: number): Waiting {
  const { promise, resolve } = deferred<Uint8Array>();
  return { message: new DueMessage(name, bytes), promise, isAskedFor: false, resolve };
}
