import { type Deferred, deferred } from '../base/deferred.ts';
import { invariant } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';

/** What a test sees of a message, and may replace or drop before it arrives. */
export type Tap = (from: number, to: number, bytes: Uint8Array) => Uint8Array | undefined;

/** Channels in memory, and what has crossed them. */
export interface MemoryChannels {
  /** One for each member, by rank. */
  readonly channels: readonly Channel[];
  /** Messages and bytes that each member has sent. */
  readonly sent: readonly { readonly messages: number; readonly bytes: number }[];
}

/** How channels in memory behave. */
export interface MemoryChannelOptions {
  /** Ends all of them; what is pending rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Sees each message, gives the bytes to deliver (undefined: lost). Default: unchanged. */
  readonly tap?: Tap;
  /**
   * Messages to one member that may wait to be received before `send` waits. Default: 4, so that tests meet
   * backpressure.
   */
  readonly queueMessages?: number;
  /** By rank: what each member's channel says of the run. Default: nothing. */
  readonly bindingOf?: (rank: number) => Uint8Array;
}

/**
 * Channels between `size` members of one process. Messages are copied, as a network would.
 *
 * @example
 * const { channels, sent } = memoryChannels(2);
 * await channels[0]?.send(1, Uint8Array.of(7));
 * const message = await channels[1]?.receive(0); // Uint8Array [7]; sent[0] is { messages: 1, bytes: 1 }
 */
export function memoryChannels(size: number, options: MemoryChannelOptions = {}): MemoryChannels {
  const signal = options.signal ?? new AbortController().signal;
  const tap = options.tap ?? ((_from, _to, bytes) => bytes);
  const queues = new Map<string, MessageQueue>();
  // One listener for all queues: members have one for each other member, and Node warns of more than ten.
  const wakeAll = (): void => {
    for (const each of queues.values()) each.wake();
  };
  signal.addEventListener('abort', wakeAll, { once: true });
  const queue = (from: number, to: number): MessageQueue => {
    invariant(from !== to && from < size && to < size && to >= 0, 'a channel has no such member');
    const key = `${from} ${to}`;
    const found = queues.get(key) ?? new MessageQueue(options.queueMessages ?? 4, signal);
    queues.set(key, found);
    return found;
  };
  const sent = Array.from({ length: size }, () => ({ messages: 0, bytes: 0 }));
  const channels = sent.map(
    (count, rank): Channel => ({
      rank,
      size,
      signal,
      binding: options.bindingOf?.(rank),
      async send(to, message) {
        signal.throwIfAborted();
        const bytes = new Uint8Array(message instanceof Uint8Array ? message : Buffer.concat(message));
        count.messages++;
        count.bytes += bytes.byteLength;
        const delivered = tap(rank, to, bytes);
        if (delivered !== undefined) await queue(rank, to).push(delivered);
      },
      receive: (from) => queue(from, rank).shift(),
    }),
  );
  return { channels, sent };
}

/** An ordered queue with room for a few; push waits for room, shift for a message. */
class MessageQueue {
  readonly #messages: Uint8Array[] = [];
  readonly #room: number;
  readonly #signal: AbortSignal;
  #changed: Deferred<void> = deferred();

  constructor(room: number, signal: AbortSignal) {
    this.#room = room;
    this.#signal = signal;
  }

  async push(bytes: Uint8Array): Promise<void> {
    while (this.#messages.length >= this.#room) await this.#change();
    this.#messages.push(bytes);
    this.wake();
  }

  async shift(): Promise<Uint8Array> {
    for (;;) {
      const bytes = this.#messages.shift();
      if (bytes !== undefined) {
        this.wake();
        return bytes;
      }
      await this.#change();
    }
  }

  async #change(): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#changed.promise;
    this.#signal.throwIfAborted();
  }

  wake(): void {
    this.#changed.resolve();
    this.#changed = deferred();
  }
}
