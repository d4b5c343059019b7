/**
 * The receiving half of a link, without I/O of its own: checks numbers, gives pieces to sinks, counts what they took.
 * Everything here comes from another organisation, so whatever an honest peer cannot send is a protocol violation.
 */
import { PeerError } from '../../base/errors.ts';
import type { MessageSink } from '../../contracts/index.ts';
import type { Chunk } from './frame.ts';
import { FRAME_OVERHEAD_BYTES, type LinkLimits } from './limits.ts';

export class Inbox {
  readonly #limits: Pick<LinkLimits, 'openMessagesMax' | 'headerBytesMax'>;
  readonly #open: (header: Uint8Array) => MessageSink;
  readonly #sinks = new Map<number, MessageSink>();
  #lastMessage = 0;
  #received = 0;
  #taken = 0;
  /** Bytes taken since the last acknowledgement went out. */
  #unacknowledgedBytes = 0;
  #acknowledged = 0;

  constructor(
    limits: Pick<LinkLimits, 'openMessagesMax' | 'headerBytesMax'>,
    open: (header: Uint8Array) => MessageSink,
  ) {
    this.#limits = limits;
    this.#open = open;
  }

  /** Last number received: what a hello tells, so that it is not sent again. */
  get received(): number {
    return this.#received;
  }

  /** Last number whose content a sink has taken: what acknowledgements tell. */
  get taken(): number {
    return this.#taken;
  }

  get unacknowledgedBytes(): number {
    return this.#unacknowledgedBytes;
  }

  get hasUnacknowledged(): boolean {
    return this.#taken > this.#acknowledged;
  }

  /** An acknowledgement of everything taken is on its way. */
  noteAcknowledged(): number {
    this.#acknowledged = this.#taken;
    this.#unacknowledgedBytes = 0;
    return this.#taken;
  }

  /**
   * Takes one chunk. A promise is returned when a sink wants the sender held back; nothing may be given until it
   * resolves.
   * @throws {PeerError} PRIVITY_PROTOCOL_VIOLATION
   */
  accept(chunk: Chunk): undefined | Promise<void> {
    this.#check(chunk);
    this.#received = chunk.sequence;
    const cost = chunk.payloadBytes + (chunk.header?.length ?? 0) + FRAME_OVERHEAD_BYTES;
    const pending = this.#give(chunk);
    if (pending === undefined) {
      this.#take(chunk.sequence, cost);
      return undefined;
    }
    return pending.then(() => this.#take(chunk.sequence, cost));
  }

  /** The link is over: what is incomplete will never be complete. */
  close(error: Error): void {
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    for (const sink of sinks) sink.abort(error);
  }

  #take(sequence: number, cost: number): void {
    this.#taken = sequence;
    this.#unacknowledgedBytes += cost;
  }

  #check(chunk: Chunk): void {
    if (chunk.sequence !== this.#received + 1) {
      throw violation(`frame ${chunk.sequence} where frame ${this.#received + 1} is due`);
    }
    if (chunk.header !== undefined) {
      if (chunk.message !== this.#lastMessage + 1) throw violation('messages out of order');
      if (chunk.header.length > this.#limits.headerBytesMax) throw violation('an oversized header');
      if (this.#sinks.size >= this.#limits.openMessagesMax) throw violation('too many messages at one time');
    } else if (!this.#sinks.has(chunk.message)) throw violation('a chunk of no open message');
    if (chunk.abandoned && !chunk.last) throw violation('an abandoned message that goes on');
  }

  #give(chunk: Chunk): undefined | Promise<void> {
    const { header, message } = chunk;
    const isFirst = header !== undefined;
    if (isFirst) this.#lastMessage = message;
    const sink = isFirst ? this.#open(header) : this.#sinks.get(message);
    if (sink === undefined) return undefined;
    if (chunk.last) this.#sinks.delete(message);
    else if (isFirst) this.#sinks.set(message, sink);
    if (chunk.abandoned) {
      sink.abort(
        new PeerError('PRIVITY_MESSAGE_ABANDONED', 'the sender of a streamed message failed before its end'),
      );
      return undefined;
    }
    const written = writeAll(sink, chunk.parts, 0);
    if (!chunk.last) return written;
    return written === undefined ? sink.end() : written.then(() => sink.end());
  }
}

/** Gives parts to a sink one after the other, from `index` on; synchronously as long as the sink takes them so. */
function writeAll(sink: MessageSink, parts: readonly Uint8Array[], index: number): undefined | Promise<void> {
  for (let at = index; at < parts.length; at++) {
    const part = parts[at];
    const pending = part && sink.write(part);
    if (pending !== undefined) return pending.then(() => writeAll(sink, parts, at + 1));
  }
  return undefined;
}

const violation = (what: string): PeerError =>
  new PeerError('PRIVITY_PROTOCOL_VIOLATION', `the peer sent ${what}`);
