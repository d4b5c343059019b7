/**
 * Listens where programs hand messages to their links and take them from links: what was sent, what arrived, byte for
 * byte. The checker of integrity compares the two.
 */
import { crc32 } from 'node:zlib';
import type { Body, LinkHandlers, MessageSink } from '../contracts/index.ts';
import type { Connect } from '../supervisor/seam/platform.ts';
import type { ManagedLink } from '../transport/index.ts';

/** What is known of one message that a program sent or took. */
export interface TappedMessage {
  /** Its header, a character a byte. */
  readonly header: string;
  /** Bytes of its body. */
  bytes: number;
  /** CRC-32 of its body. */
  crc: number;
  /** Known to be whole: all of its body has been handed over or taken. */
  complete: boolean;
}

/** Messages of one direction between two programs, in the order in which they began. */
export interface TappedFlow {
  /** The party that sends. */
  readonly from: string;
  /** The party that takes. */
  readonly to: string;
  /** What was handed to the link. */
  readonly sent: TappedMessage[];
  /** What was taken from it. */
  readonly arrived: TappedMessage[];
}

export class MessageTap {
  readonly #flows = new Map<string, TappedFlow>();

  get flows(): readonly TappedFlow[] {
    return [...this.#flows.values()];
  }

  watch(self: string, peer: string, connect: Connect, handlers: LinkHandlers): ManagedLink {
    const outgoing = this.#flow(self, peer).sent;
    const incoming = this.#flow(peer, self).arrived;
    const link = connect(peer, {
      ...handlers,
      onMessage: (header) => listening(begin(incoming, header), handlers.onMessage(header)),
    });
    const send = link.send.bind(link);
    link.send = (header, body: Body = [], onLeaving) =>
      send(header, copied(begin(outgoing, header), body), onLeaving);
    return link;
  }

  #flow(from: string, to: string): TappedFlow {
    const key = `${from} ${to}`;
    const found = this.#flows.get(key) ?? { from, to, sent: [], arrived: [] };
    this.#flows.set(key, found);
    return found;
  }
}

function begin(messages: TappedMessage[], header: Uint8Array): TappedMessage {
  const message = { header: Buffer.from(header).toString('latin1'), bytes: 0, crc: 0, complete: false };
  messages.push(message);
  return message;
}

function count(message: TappedMessage, piece: Uint8Array): void {
  message.bytes += piece.length;
  message.crc = crc32(piece, message.crc);
}

function copied(message: TappedMessage, body: Body): Body {
  if (Symbol.asyncIterator in body) return streamed(message, body);
  for (const piece of body) count(message, piece);
  message.complete = true;
  return body;
}

async function* streamed(
  message: TappedMessage,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    count(message, piece);
    yield piece;
  }
  message.complete = true;
}

function listening(message: TappedMessage, sink: MessageSink): MessageSink {
  return {
    write: (piece) => {
      count(message, piece);
      return sink.write(piece);
    },
    end: () => {
      message.complete = true;
      return sink.end();
    },
    abort: (error) => sink.abort(error),
  };
}
