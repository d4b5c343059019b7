/**
 * The session of one device in one branch of the program. Its computations run one after the other, each over the
 * channel of a step of its own; all of them use the seeds and the correlated randomness on which the members agreed in
 * the first.
 *
 * A branch lies in one scope. When that fails, or a member is lost, the signal fires and the session is destroyed:
 * seeds are zeroed, everything later is refused. No other branch ever uses it; the next scope opens its own.
 */
import { InternalError } from '../../../base/errors.ts';
import type { Channel } from '../../../contracts/channel.ts';
import type { RoundsReport } from '../../../secure/rounds.ts';
import type { Evaluator, Session } from '../../../secure/session.ts';

/**
 * What a computation rejects with when something that it needs will never be there. The step that was to make it has
 * reported why.
 */
export const bereft = new Error('something that a computation needs will never be there');

/** First byte of what a member sends to a dealer. */
export const MESSAGE = 0;
export const THROUGH = 1;

export type OpenSession = (channel: Channel) => Promise<Session>;

/** What one computation has cost at this member. */
export interface Spent {
  readonly rounds: number;
  readonly messages: number;
  /** As sent, with headers. */
  readonly bytes: number;
  /** Payload bytes sent, by operation. */
  readonly byOperation: ReadonlyMap<string, number>;
}

export class SecureLine {
  readonly #open: OpenSession;
  readonly #channel: SwitchedChannel;
  #session: Session | undefined;
  #tail: Promise<void> = Promise.resolve();
  #spent: RoundsReport | undefined;
  /** A computation has failed: the members stand at different places. */
  #broken = false;

  /** @param dealer rank of the party that deals correlated randomness, if one does */
  constructor(open: OpenSession, signal: AbortSignal, dealer?: number) {
    this.#open = open;
    this.#channel = new SwitchedChannel(signal, dealer);
  }

  /** Queues one computation. `ready` resolves when everything that it needs from outside the device is there. */
  run<T>(
    channel: Channel,
    ready: Promise<void>,
    body: (on: Evaluator) => Promise<T>,
  ): Promise<{ readonly value: T; readonly spent: Spent }> {
    const result = this.#tail.then(async () => {
      await ready;
      this.#channel.signal.throwIfAborted();
      if (this.#broken) throw bereft;
      this.#channel.begin(channel);
      try {
        this.#session ??= await this.#open(this.#channel);
        const value = await this.#session.run(body);
        await this.#channel.through();
        return { value, spent: this.#difference(this.#session.report()) };
      } finally {
        this.#channel.end();
      }
    });
    this.#tail = result.then(
      () => undefined,
      () => {
        this.#broken = true;
        this.#session?.destroy();
      },
    );
    return result;
  }

  /** The branch has ended: when what is queued has run, the randomness is destroyed. */
  async end(): Promise<void> {
    await this.#tail;
    this.#session?.destroy();
  }

  #difference(now: RoundsReport): Spent {
    const before = this.#spent;
    this.#spent = now;
    const byOperation = new Map<string, number>();
    for (const [name, { bytesSent }] of Object.entries(now.byOperation)) {
      const bytes = bytesSent - (before?.byOperation[name]?.bytesSent ?? 0);
      if (bytes > 0) byOperation.set(name, bytes);
    }
    return {
      rounds: now.rounds - (before?.rounds ?? 0),
      messages: now.messagesSent - (before?.messagesSent ?? 0),
      bytes: now.wireBytesSent - (before?.wireBytesSent ?? 0),
      byOperation,
    };
  }
}

/**
 * What the session takes for its channel: the channel of the step that is running.
 *
 * A dealer serves a session as long as it lives, and cannot see when a step is over: so what goes to it is marked, and
 * the last mark of a member in a step says that it is through.
 */
class SwitchedChannel implements Channel {
  readonly signal: AbortSignal;
  readonly #dealer: number | undefined;
  readonly #early: Uint8Array[] = [];
  #current: Channel | undefined;
  #toDealer: Promise<unknown> = Promise.resolve();

  constructor(signal: AbortSignal, dealer: number | undefined) {
    this.signal = signal;
    this.#dealer = dealer;
  }

  get rank(): number {
    return this.#now.rank;
  }

  get binding(): Uint8Array | undefined {
    return this.#now.binding;
  }

  get size(): number {
    return this.#now.size;
  }

  begin(channel: Channel): void {
    this.#current = channel;
    for (const bytes of this.#early.splice(0)) void this.#mark(MESSAGE, bytes);
  }

  /** Everything that this member has to say in the step is said. */
  async through(): Promise<void> {
    if (this.#dealer === undefined) return;
    await this.#mark(THROUGH, new Uint8Array(0));
    await this.#toDealer;
  }

  end(): void {
    this.#current = undefined;
  }

  send(to: number, message: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (to !== this.#dealer) return this.#now.send(to, message);
    const bytes = message instanceof Uint8Array ? message : Buffer.concat(message);
    if (this.#current !== undefined) return this.#mark(MESSAGE, bytes);
    // Between two steps: what a session still has to tell its dealer goes with the next, or was its end.
    this.#early.push(bytes);
    return Promise.resolve();
  }

  receive(from: number): Promise<Uint8Array> {
    return this.#now.receive(from);
  }

  async receivePieces(from: number): Promise<readonly Uint8Array[]> {
    const now = this.#now;
    return now.receivePieces?.(from) ?? [await now.receive(from)];
  }

  #mark(mark: number, bytes: Uint8Array): Promise<void> {
    const marked = new Uint8Array(1 + bytes.length);
    marked[0] = mark;
    marked.set(bytes, 1);
    const sent = this.#now.send(this.#dealer ?? 0, marked);
    this.#toDealer = Promise.allSettled([this.#toDealer, sent]);
    return sent;
  }

  get #now(): Channel {
    if (this.#current === undefined)
      throw new InternalError('a secure session spoke between two computations');
    return this.#current;
  }
}
