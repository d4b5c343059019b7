/**
 * What parties are about to send: heartbeats at once, everything else after this turn; of several boards only the last
 * (src/supervisor/party/control-plane.ts).
 */
import type { Message } from '../../src/coordination/types.ts';

export interface OutboxHandlers {
  /** After this turn of the party, once it runs. */
  later(party: number, run: () => void): void;
  send(from: number, to: number, message: Message): void;
}

export class Outboxes {
  readonly #handlers: OutboxHandlers;
  readonly #waiting = new Map<number, Map<number, Message[]>>();

  constructor(handlers: OutboxHandlers) {
    this.#handlers = handlers;
  }

  put(party: number, to: number, message: Message): void {
    if (message.type === 'heartbeat') return this.#handlers.send(party, to, message);
    const outbox = this.#waiting.get(party) ?? new Map<number, Message[]>();
    this.#waiting.set(party, outbox);
    if (outbox.size === 0) this.#handlers.later(party, () => this.#flush(party));
    const waiting = outbox.get(to) ?? [];
    const last = waiting.at(-1);
    if (message.type === 'board' && last?.type === 'board' && message.epoch === last.epoch) waiting.pop();
    waiting.push(message);
    outbox.set(to, waiting);
  }

  /** The peer has been given up. */
  drop(party: number, to: number): void {
    this.#waiting.get(party)?.delete(to);
  }

  isEmpty(party: number): boolean {
    return (this.#waiting.get(party)?.size ?? 0) === 0;
  }

  #flush(party: number): void {
    const all = [...(this.#waiting.get(party) ?? [])];
    this.#waiting.get(party)?.clear();
    for (const [to, messages] of all) for (const each of messages) this.#handlers.send(party, to, each);
  }
}
