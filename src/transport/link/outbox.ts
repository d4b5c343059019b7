/**
 * The sending half of a link, without I/O: messages take turns in giving chunks, chunks get numbers and stay in the
 * replay buffer until they are acknowledged. `next` yields what a connection should send now; `resume` starts it over
 * after a break.
 */
import { invariant } from '../../base/errors.ts';
import type { Chunk } from './frame.ts';
import { FRAME_OVERHEAD_BYTES, type LinkLimits } from './limits.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

interface FlushWaiter {
  readonly messages: Set<OutgoingMessage>;
  sequence: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Outbox {
  readonly #limits: LinkLimits;
  /** Not begun yet, in the order of their sends. */
  readonly #waiting = new Set<OutgoingMessage>();
  /** Begun and taking turns. */
  #turns: OutgoingMessage[] = [];
  /** The chunk before was a first one. */
  #hasBegun = false;
  #lastMessage = 0;
  #lastSequence = 0;
  #acknowledged = 0;
  /** Frames acknowledged + 1 ... lastSequence, from position #replayHead on. */
  #replay: (Chunk | undefined)[] = [];
  #replayHead = 0;
  #replayBytes = 0;
  /** Number of the next frame to give to the connection. */
  #cursor = 1;
  #flushes: FlushWaiter[] = [];

  constructor(limits: LinkLimits) {
    this.#limits = limits;
  }

  get sent(): number {
    return this.#lastSequence;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get replayBytes(): number {
    return this.#replayBytes;
  }

  /** Messages that are not completely in the replay buffer. */
  get pendingMessages(): number {
    return this.#waiting.size + this.#turns.length;
  }

  add(message: OutgoingMessage): void {
    this.#waiting.add(message);
  }

  /** The next frame for the connection: one to be repeated, or a new chunk if there is room. */
  next(): Chunk | undefined {
    if (this.#cursor <= this.#lastSequence) {
      const frame = this.#replay[this.#replayHead + this.#cursor - this.#acknowledged - 1];
      invariant(frame !== undefined, 'a frame to be repeated is gone');
      this.#cursor++;
      return frame;
    }
    const frame = this.#cut();
    if (frame !== undefined) this.#cursor++;
    return frame;
  }

  /** A new connection: everything after that number is sent again. */
  resume(after: number): void {
    this.acknowledge(after);
    this.#cursor = after + 1;
  }

  /** Whether such an acknowledgement can be true. */
  canAcknowledge(sequence: number): boolean {
    return sequence < this.#cursor;
  }

  /** Everything up to that number has been taken by the peer. Older numbers change nothing. */
  acknowledge(sequence: number): void {
    if (sequence <= this.#acknowledged) return;
    for (let count = sequence - this.#acknowledged; count > 0; count--) {
      const frame = this.#replay[this.#replayHead];
      invariant(frame !== undefined, 'an acknowledged frame is gone');
      this.#replayBytes -= costOf(frame);
      this.#replay[this.#replayHead++] = undefined;
    }
    // Moved together only when more than half of it is used up: constant cost a frame.
    if (this.#replayHead * 2 > this.#replay.length) {
      this.#replay = this.#replay.slice(this.#replayHead);
      this.#replayHead = 0;
    }
    this.#acknowledged = sequence;
    this.#settleFlushes();
  }

  /** Resolves when all that was added so far is acknowledged. */
  flushed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#flushes.push({
        messages: new Set([...this.#waiting, ...this.#turns]),
        sequence: this.#lastSequence,
        resolve,
        reject,
      });
      this.#settleFlushes();
    });
  }

  get isFlushing(): boolean {
    return this.#flushes.length > 0;
  }

  /** The link is over: flushes reject, everything is let go. */
  close(error: Error): void {
    const flushes = this.#flushes;
    this.#flushes = [];
    for (const flush of flushes) flush.reject(error);
    this.#waiting.clear();
    this.#turns = [];
    this.#replay = [];
    this.#replayHead = 0;
    this.#replayBytes = 0;
  }

  #cut(): Chunk | undefined {
    if (this.pendingMessages === 0) return undefined;
    const { chunkBytes, replayBufferBytesMax } = this.#limits;
    const room = replayBufferBytesMax - this.#replayBytes;
    if (this.#replayBytes > 0 && room < chunkBytes + FRAME_OVERHEAD_BYTES) return undefined;
    const message = this.#take();
    if (message === undefined) return undefined;
    const isFirst = message.number === 0;
    if (isFirst) {
      message.number = ++this.#lastMessage;
      message.onLeaving?.();
    }
    const header = isFirst ? message.header : undefined;
    const { parts, bytes } = message.cut(Math.max(1, chunkBytes - (header?.length ?? 0)));
    const last = message.complete;
    const frame: Chunk = {
      sequence: ++this.#lastSequence,
      message: message.number,
      header,
      last,
      abandoned: message.abandoned,
      parts,
      payloadBytes: bytes,
    };
    this.#replay.push(frame);
    this.#replayBytes += costOf(frame);
    if (last) this.#finish(message, frame.sequence);
    else {
      this.#turns.push(message);
      if (message.exhausted) message.onHungry();
    }
    return frame;
  }

  /**
   * Whose turn it is. Beginning a message and going on with one alternate, so that neither a long body holds up a short
   * message nor a flood of short ones holds up a long body.
   */
  #take(): OutgoingMessage | undefined {
    const [waiting] = this.#turns.length < this.#limits.activeMessagesMax ? this.#waiting : [];
    const index =
      waiting !== undefined && !this.#hasBegun ? -1 : this.#turns.findIndex((message) => message.ready);
    this.#hasBegun = index < 0;
    if (index >= 0) return this.#turns.splice(index, 1)[0];
    if (waiting !== undefined) this.#waiting.delete(waiting);
    return waiting;
  }

  #finish(message: OutgoingMessage, sequence: number): void {
    for (const flush of this.#flushes) {
      if (flush.messages.delete(message)) flush.sequence = Math.max(flush.sequence, sequence);
    }
    message.onTaken();
  }

  #settleFlushes(): void {
    if (this.#flushes.length === 0) return;
    const done = (flush: FlushWaiter): boolean =>
      flush.messages.size === 0 && flush.sequence <= this.#acknowledged;
    const settled = this.#flushes.filter(done);
    if (settled.length === 0) return;
    this.#flushes = this.#flushes.filter((flush) => !done(flush));
    for (const flush of settled) flush.resolve();
  }
}

const costOf = (frame: Chunk): number =>
  frame.payloadBytes + (frame.header?.length ?? 0) + FRAME_OVERHEAD_BYTES;
