/** The control plane of one party: a link to the supervisor of every other party, in terms of the core's messages. */
import { PeerError } from '../../base/errors.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import { ignored } from '../../base/ignored.ts';
import type { Link, LinkHandlers, Timer } from '../../contracts/index.ts';
import { decodeMessage, encodeMessage } from '../../coordination/messages.ts';
import type { Message } from '../../coordination/types.ts';
import { closedFor } from '../../transport/index.ts';
import type { Connect, EventLoop } from '../seam/platform.ts';

export interface ControlPlaneHandlers {
  onMessage(peer: number, message: Message): void;
  /** `closed`: the peer has said goodbye; otherwise a link that is down comes back. */
  onLink(peer: number, up: boolean, closed: boolean): void;
  /** A dial has failed or a connection broke; the link goes on trying. */
  onTrouble(peer: number, error: Error): void;
  /** The peer cannot be talked to, ever: its identity was refused, or it sent what no peer may send. */
  onRefused(peer: number, error: Error): void;
  /** A link that stands has not taken a message: what it says, the peer will never hear. */
  onUnsent(peer: number, error: Error): void;
}

/** Control messages are headers. A peer that sends a body speaks another language, and waits for an answer. */
function bodyError(): PeerError {
  return new PeerError(
    'PRIVITY_CONTROL_MESSAGE_INVALID',
    'A control message cannot be accepted: it has a body.',
  );
}

export class ControlPlane {
  readonly #parties: readonly string[];
  readonly #links = new Map<number, Link>();
  readonly #outbox = new Map<number, Message[]>();
  readonly #handlers: ControlPlaneHandlers;
  readonly #loop: EventLoop;
  #failure: FailureCode | undefined;

  constructor(
    self: number,
    parties: readonly string[],
    connect: Connect,
    loop: EventLoop,
    handlers: ControlPlaneHandlers,
  ) {
    this.#parties = parties;
    this.#handlers = handlers;
    this.#loop = loop;
    for (const [peer, name] of parties.entries()) {
      if (peer !== self) this.#links.set(peer, connect(name, this.#linkHandlers(peer)));
    }
  }

  /**
   * Sends after the current turn of the event loop; of several boards of one epoch in a row only the last, which
   * contains the others.
   */
  send(peer: number, message: Message): void {
    if (message.type === 'heartbeat') return this.#beat(peer, message);
    const waiting = this.#outbox.get(peer) ?? [];
    if (this.#outbox.size === 0) this.#loop.later(() => this.#flushOutbox());
    const last = waiting.at(-1);
    if (message.type === 'board' && last?.type === 'board' && message.epoch === last.epoch) waiting.pop();
    waiting.push(message);
    this.#outbox.set(peer, waiting);
  }

  /** The peer has been given up: nothing is sent to it or heard from it any more. */
  drop(peer: number): void {
    this.#outbox.delete(peer);
    this.#hangUp(peer, closedFor('PEER_UNREACHABLE'));
  }

  /**
   * Resolves when all that was sent has been acknowledged by those who still listen, after `timeoutMs` at the latest.
   */
  async flush(timeoutMs: number): Promise<void> {
    this.#flushOutbox();
    const all = [...this.#links.values()].filter((link) => link.state === 'up').map((link) => link.flushed());
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#loop.hold(timeoutMs, resolve);
    });
    await Promise.race([Promise.allSettled(all), late]);
    timer?.cancel();
  }

  /** The run is decided: what the peers' calls end with. undefined: it has completed. */
  endsFor(failure: FailureCode | undefined): void {
    this.#failure = failure;
  }

  async close(): Promise<void> {
    const reason = this.#failure && closedFor(this.#failure);
    await Promise.allSettled([...this.#links.values()].map((link) => link.close(reason)));
  }

  get size(): number {
    return this.#links.size;
  }

  #hangUp(peer: number, reason: Error): void {
    const closing = this.#links.get(peer)?.close(reason);
    if (closing) void ignored(closing, 'the peer is given up, whether it hears of it or not');
  }

  #beat(peer: number, heartbeat: Message): void {
    try {
      this.#links.get(peer)?.note(encodeMessage(heartbeat, this.#parties));
    } catch (error) {
      this.#handlers.onUnsent(peer, error as Error);
    }
  }

  #flushOutbox(): void {
    const outbox = [...this.#outbox];
    this.#outbox.clear();
    // Most messages go to all peers alike.
    const encoded = new Map<Message, Uint8Array>();
    for (const [peer, messages] of outbox) {
      const link = this.#links.get(peer);
      for (const message of messages) {
        const bytes = encoded.get(message) ?? encodeMessage(message, this.#parties);
        encoded.set(message, bytes);
        link?.send(bytes).catch((error: Error) => this.#unsent(peer, link, error));
      }
    }
  }

  /** What a link has not delivered when it closes, by either end or a refusal, `onState` has told of. */
  #unsent(peer: number, link: Link, error: Error): void {
    if (link.state !== 'closed') this.#handlers.onUnsent(peer, error);
  }

  /** The peer has sent what no peer may send. */
  #refuse(peer: number, error: Error): void {
    this.#hangUp(peer, error);
    this.#handlers.onRefused(peer, error);
  }

  #linkHandlers(peer: number): LinkHandlers {
    const take = (bytes: Uint8Array): void => {
      try {
        this.#handlers.onMessage(peer, decodeMessage(bytes, this.#parties));
      } catch (error) {
        this.#refuse(peer, error as Error);
      }
    };
    return {
      onMessage: (header) => {
        let hasBody = false;
        return {
          write: (piece) => {
            if (piece.length > 0 && !hasBody) this.#refuse(peer, bodyError());
            hasBody ||= piece.length > 0;
            return undefined;
          },
          end: () => {
            if (!hasBody) take(header);
            return undefined;
          },
          abort: () => undefined,
        };
      },
      onNote: take,
      failure: () => this.#failure,
      onState: (state, error) => {
        // A peer that says goodbye has left, or has given up on this party: silence for the core. Any other end is a
        // refusal.
        if (state === 'closed' && error instanceof PeerError) this.#handlers.onRefused(peer, error);
        else this.#handlers.onLink(peer, state === 'up', state === 'closed');
        if (state !== 'closed' && error !== undefined) this.#handlers.onTrouble(peer, error);
      },
    };
  }
}
