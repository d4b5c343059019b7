/**
 * A pair of links in memory, for tests of what runs above links. Messages arrive asynchronously, in order, and are kept
 * as they crossed, so that a test can search them for what must never cross. A test can hold messages back and let them
 * go.
 */
import { PeerError, PeerLostError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import type { Body, Link, LinkHandlers, LinkState, MessageSink } from '../contracts/link.ts';

/** A message that has crossed a pair of links. */
export interface CrossedMessage {
  /** The party that has sent it. */
  readonly from: string;
  /** The party that has received it. */
  readonly to: string;
  /** As it was sent. */
  readonly header: Uint8Array;
  /** All pieces of the body together. */
  readonly body: Uint8Array;
}

/** Two ends of a link in memory, and the means to disturb it. */
export interface MemoryLinks {
  /** Link of the first party to the second, and the reverse. */
  readonly links: readonly [Link, Link];
  /** Everything that crossed, in order. */
  readonly crossed: CrossedMessage[];
  /** Keeps messages of a party from arriving until `release`. */
  hold(from: string): void;
  /** Lets the held messages of a party go. */
  release(from: string): void;
  /** Changes every piece of a body that a party sends from now on. */
  tamper(from: string, change: (part: Uint8Array) => Uint8Array): void;
}

/**
 * A pair of links in one process. `handlers[i]` receives what is sent to `parties[i]`. Pieces are cut to `pieceBytes`
 * to exercise reassembly.
 *
 * @example
 * const sink = { write: () => undefined, end: () => undefined, abort: () => undefined };
 * const { links, crossed } = memoryLinks(['alice', 'bob'], [{ onMessage: () => sink }, { onMessage: () => sink }]);
 * await links[0].send(Uint8Array.of(1));
 * await links[0].flushed(); // crossed has one message from alice to bob
 */
export function memoryLinks(
  parties: readonly [string, string],
  handlers: readonly [LinkHandlers, LinkHandlers],
  pieceBytes = 64 * 1024,
): MemoryLinks {
  const crossed: CrossedMessage[] = [];
  const ends = [0, 1].map((side) => {
    const [from, to] = side === 0 ? parties : [parties[1], parties[0]];
    return new End(from, to, handlers[1 - side] as LinkHandlers, crossed, pieceBytes);
  }) as [End, End];
  const endOf = (from: string): End => (from === parties[0] ? ends[0] : ends[1]);
  return {
    links: ends,
    crossed,
    hold: (from) => endOf(from).hold(),
    release: (from) => endOf(from).release(),
    tamper: (from, change) => {
      endOf(from).change = change;
    },
  };
}

class End implements Link {
  readonly peer: string;
  readonly plane = 'data' as const;
  change: (part: Uint8Array) => Uint8Array = (part) => part;
  readonly #self: string;
  readonly #handlers: LinkHandlers;
  readonly #crossed: CrossedMessage[];
  readonly #pieceBytes: number;
  #held: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  #tail: Promise<void> = Promise.resolve();
  #state: LinkState = 'up';
  readonly #sinks = new Set<MessageSink>();

  constructor(
    self: string,
    peer: string,
    handlers: LinkHandlers,
    crossed: CrossedMessage[],
    pieceBytes: number,
  ) {
    this.#self = self;
    this.peer = peer;
    this.#handlers = handlers;
    this.#crossed = crossed;
    this.#pieceBytes = pieceBytes;
  }

  get state(): LinkState {
    return this.#state;
  }

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
  }

  async send(header: Uint8Array, body: Body = [], onLeaving?: () => void): Promise<void> {
    this.#assertOpen();
    onLeaving?.();
    const copy = header.slice();
    const before = this.#tail;
    const held = this.#held;
    const delivery = before.then(() => held).then(() => this.#deliver(copy, body));
    this.#tail = ignored(
      delivery,
      'a receiver that refuses a message fails by itself, and the next one comes all the same',
    );
    // In memory a list of pieces is taken over at once; a stream only as fast as the receiver takes it.
    if (Symbol.asyncIterator in body) await delivery;
  }

  note(payload: Uint8Array): void {
    if (this.#state === 'up') this.#handlers.onNote?.(payload);
  }

  async flushed(): Promise<void> {
    await this.#tail;
    this.#assertOpen();
  }

  async close(error?: Error): Promise<void> {
    this.#state = 'closed';
    this.#release();
    for (const sink of this.#sinks) sink.abort(error ?? lost(this.peer));
    this.#sinks.clear();
  }

  async #deliver(header: Uint8Array, body: Body): Promise<void> {
    if (this.#state === 'closed') return;
    const sink = this.#handlers.onMessage(header);
    this.#sinks.add(sink);
    const pieces: Uint8Array[] = [];
    try {
      for await (const sent of body) {
        const part = this.change(sent);
        for (let at = 0; at < part.length; at += this.#pieceBytes) {
          const piece = part.slice(at, at + this.#pieceBytes);
          pieces.push(piece);
          await sink.write(piece);
        }
      }
    } catch (error) {
      this.#sinks.delete(sink);
      sink.abort(new PeerError('PRIVITY_MESSAGE_ABANDONED', `${this.#self} gave up on a message`));
      throw error;
    }
    this.#crossed.push({
      from: this.#self,
      to: this.peer,
      header,
      body: new Uint8Array(Buffer.concat(pieces)),
    });
    this.#sinks.delete(sink);
    await sink.end();
  }

  #assertOpen(): void {
    if (this.#state === 'closed') throw lost(this.peer);
  }
}

const lost = (peer: string): PeerLostError =>
  new PeerLostError('PRIVITY_LINK_CLOSED', `The link to ${peer} is closed.`, { party: peer });
