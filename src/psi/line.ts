/** The peer of an intersection as a protocol sees it. */
import type { Channel } from '../contracts/channel.ts';
import { Gate } from './gate.ts';
import { decodeMessage, encodeMessage, type Message, type Part, violation } from './messages.ts';

/** Messages to and from the peer. Every wait ends at once when the line fails, whatever the channel does. */
export class PsiLine {
  /** Of this party: 0 or 1. */
  readonly rank: number;
  readonly #channel: Channel;
  readonly #gate = new Gate();

  constructor(channel: Channel) {
    this.rank = channel.rank;
    this.#channel = channel;
  }

  get peer(): number {
    return 1 - this.rank;
  }

  send(message: Message): Promise<void> {
    return this.orFailure(this.#channel.send(this.peer, encodeMessage(message)));
  }

  /** @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH */
  async receive(): Promise<Message> {
    return decodeMessage(await this.orFailure(this.#channel.receive(this.peer)));
  }

  /** The next message, which must be one of the protocol's own. */
  async receivePart(): Promise<Part> {
    const message = await this.receive();
    if (message.kind !== 'part') throw violation(`${message.kind} among the messages of the protocol`);
    return message;
  }

  /** Resolves when the condition holds; it is looked at now and after each `notify`. */
  until(condition: () => boolean): Promise<void> {
    return this.#gate.until(condition);
  }

  notify(): void {
    this.#gate.notify();
  }

  /** Every wait, now or later, rejects with this. The first reason counts. */
  fail(reason: unknown): void {
    this.#gate.fail(reason);
  }

  /** Parts of a protocol that run side by side: a failure of one ends what the others wait for. */
  async together(...parts: readonly Promise<void>[]): Promise<void> {
    for (const part of parts) part.catch((error: unknown) => this.fail(error));
    await Promise.all(parts);
  }

  /** What the promise gives, unless the line fails before. */
  orFailure<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // Forgotten with the answer: what still waits holds a message, and the line would hold all of a run.
      const forget = this.#gate.onFailure(reject);
      void promise.then(resolve, reject).finally(forget);
    });
  }
}

/** Work over a line that fails with the signal, for the signal's reason, and with the work. */
export async function onLine<T>(
  channel: Channel,
  signal: AbortSignal,
  work: (line: PsiLine) => Promise<T>,
): Promise<T> {
  const line = new PsiLine(channel);
  const abort = () => line.fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await work(line);
  } catch (error) {
    line.fail(error);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
