/**
 * Rounds over one channel. Operations run as fibers: each asks for an exchange and waits; when every live fiber waits,
 * what they all have to say to a member leaves as one message. Independent operations thus share rounds.
 *
 * All members run the same fibers and every fiber takes part in the same exchanges at all members, also where a member
 * has nothing to send: so the composition of a round is a function of the program alone, and each side knows what to
 * expect.
 *
 * A message begins with 24 bytes, little-endian: 'SEC', version, round (u32), digest of the sections (u32: fibers,
 * labels and sizes, in order), part (u32), bytes of the whole round for this receiver (u64). Sections begin at
 * multiples of 8.
 */
import type { DecodeBound } from '../base/decode-bound.ts';
import type { Channel } from '../contracts/channel.ts';
import type { Exchange } from './fiber.ts';
import { Fiber } from './fiber.ts';
import { blaming, closed, violation } from './violations.ts';

const VERSION = 1;
export const HEADER_BYTES = 24;

/**
 * Cuts large rounds: small enough that the receiver works while the sender still sends, large enough that headers do
 * not count.
 */
export const MESSAGE_BYTES_MAX = 1024 * 1024;

/** Views of this size or more are sent as they are; smaller ones cost less to copy than to count. */
const SHARED_BYTES_MIN = 16 * 1024;

const nothing = new Uint8Array(0);
const isSome = (bytes: number): boolean => bytes > 0;

interface Waiting {
  readonly fiber: Fiber;
  readonly exchange: Exchange;
  readonly resolve: (received: readonly Uint8Array[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Counts of one operation, or of all. Bytes are payload, as costs are declared. */
export interface Traffic {
  exchanges: number;
  bytesSent: number;
}

export interface RoundsReport {
  readonly rounds: number;
  readonly messagesSent: number;
  /** Payload only; see {@link Cost}. */
  readonly bytesSent: number;
  /** With headers and padding. */
  readonly wireBytesSent: number;
  readonly byOperation: Readonly<Record<string, Traffic>>;
}

export class Rounds {
  readonly root: Fiber;
  readonly #channel: Channel;
  #waiting: Waiting[] = [];
  #live = 1;
  #round = 0;
  #messages = 0;
  #bytes = 0;
  #wireBytes = 0;
  #failure: { readonly error: unknown } | undefined;
  readonly #byOperation = new Map<string, Traffic>();

  constructor(channel: Channel) {
    this.#channel = channel;
    this.root = new Fiber(this, '', channel.rank, channel.size, undefined);
  }

  report(): RoundsReport {
    return {
      rounds: this.#round,
      messagesSent: this.#messages,
      bytesSent: this.#bytes,
      wireBytesSent: this.#wireBytes,
      byOperation: Object.fromEntries([...this.#byOperation].map(([name, counts]) => [name, { ...counts }])),
    };
  }

  /** Every fiber that waits, now or later, is rejected with this. The first error counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure.error);
  }

  close(): void {
    this.fail(closed());
  }

  exchange(fiber: Fiber, exchange: Exchange): Promise<readonly Uint8Array[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    this.#count(fiber.operation ?? exchange.label, exchange);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fiber, exchange, resolve, reject });
      this.#flushIfAllWait();
    });
  }

  /** `count` fibers begin while their parent waits for them. */
  forked(count: number): void {
    this.#live += count - 1;
  }

  /** A fiber has ended while others of its parent go on. */
  ended(): void {
    this.#live--;
    this.#flushIfAllWait();
  }

  #count(operation: string, { outgoing }: Exchange): void {
    const bytes = outgoing.reduce((sum, list) => sum + sizeOf(list), 0);
    const traffic = this.#byOperation.get(operation) ?? { exchanges: 0, bytesSent: 0 };
    traffic.exchanges++;
    traffic.bytesSent += bytes;
    this.#byOperation.set(operation, traffic);
    this.#bytes += bytes;
  }

  #flushIfAllWait(): void {
    if (this.#waiting.length < this.#live || this.#waiting.length === 0) return;
    const waiting = this.#waiting.splice(0).sort((a, b) => (a.fiber.path < b.fiber.path ? -1 : 1));
    this.#run(waiting).catch((error: unknown) => {
      this.#failure ??= { error };
      for (const { reject } of waiting) reject(this.#failure.error);
    });
  }

  async #run(waiting: readonly Waiting[]): Promise<void> {
    const { rank, size, signal } = this.#channel;
    signal.throwIfAborted();
    const round = this.#round++;
    const received: (readonly Uint8Array[] | undefined)[] = new Array(size).fill(undefined);
    const legs: Promise<void>[] = [];
    // Most rounds have nothing for some of the members, or from them, and are over sooner without asking.
    for (let peer = 0; peer < size; peer++) {
      if (peer === rank) continue;
      const outgoing = waiting.map(({ exchange }) => sizeOf(exchange.outgoing[peer]));
      if (outgoing.some(isSome)) legs.push(this.#send(round, peer, waiting, outgoing));
    }
    for (let peer = 0; peer < size; peer++) {
      const incoming = waiting.map(({ exchange }) => exchange.incoming[peer] ?? 0);
      if (peer === rank || !incoming.some(isSome)) continue;
      const receiving = blaming(peer, this.#receive(round, peer, waiting, incoming));
      const put = (sections: readonly Uint8Array[]): void => {
        received[peer] = sections;
      };
      legs.push(receiving.then(put));
    }
    await Promise.all(legs);
    waiting.forEach(({ resolve }, index) => {
      resolve(received.map((sections) => sections?.[index] ?? nothing));
    });
  }

  async #send(
    round: number,
    peer: number,
    waiting: readonly Waiting[],
    sizes: readonly number[],
  ): Promise<void> {
    const sections = waiting.map(({ exchange }) => exchange.outgoing[peer] ?? []);
    const layout = layoutOf(sizes);
    const digest = digestOf(waiting, sizes);
    for (let part = 0, from = 0; from < layout.bytes; part++, from += MESSAGE_BYTES_MAX) {
      const to = Math.min(layout.bytes, from + MESSAGE_BYTES_MAX);
      const header = new Uint8Array(HEADER_BYTES);
      writeHeader(header, { round, digest, part, bytes: layout.bytes });
      this.#messages++;
      this.#wireBytes += HEADER_BYTES + to - from;
      await this.#channel.send(peer, piecesOf(header, sections, layout.offsets, from, to));
    }
  }

  async #receive(
    round: number,
    peer: number,
    waiting: readonly Waiting[],
    sizes: readonly number[],
  ): Promise<readonly Uint8Array[]> {
    const layout = layoutOf(sizes);
    // Fresh memory, because messages come in pieces, and at odd addresses.
    const bytes = new Uint8Array(layout.bytes);
    const digest = digestOf(waiting, sizes);
    for (let part = 0, from = 0; from < layout.bytes; part++, from += MESSAGE_BYTES_MAX) {
      const pieces = (await this.#channel.receivePieces?.(peer)) ?? [await this.#channel.receive(peer)];
      const into = bytes.subarray(from, Math.min(layout.bytes, from + MESSAGE_BYTES_MAX));
      const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const header = new Uint8Array(Math.min(HEADER_BYTES, size));
      copyPieces(pieces, 0, header);
      checkHeader(header, { round, digest, part, bytes: layout.bytes }, size - into.byteLength);
      copyPieces(pieces, HEADER_BYTES, into);
    }
    return sizes.map((size, index) => {
      const at = layout.offsets[index] ?? 0;
      return bytes.subarray(at, at + size);
    });
  }
}

/** Room is made for what this party expects, never for what a message says. */
export const ROUND_BOUND: DecodeBound = {
  bytesMax: HEADER_BYTES + MESSAGE_BYTES_MAX,
  memory: { perByte: 32, once: 128 * 1024 },
  steps: { perByte: 4, once: 5_000 },
};

interface Header {
  readonly round: number;
  readonly digest: number;
  readonly part: number;
  readonly bytes: number;
}

function writeHeader(message: Uint8Array, { round, digest, part, bytes }: Header): void {
  message.set([0x53, 0x45, 0x43, VERSION]);
  const view = new DataView(message.buffer, message.byteOffset);
  view.setUint32(4, round, true);
  view.setUint32(8, digest, true);
  view.setUint32(12, part, true);
  view.setBigUint64(16, BigInt(bytes), true);
}

/**
 * `bytesBeside`: of the message, all but what is expected of its body.
 * @throws {PeerError} PRIVITY_SECURE_PROTOCOL
 */
function checkHeader(message: Uint8Array, want: Header, bytesBeside: number): void {
  if (
    message.byteLength < HEADER_BYTES ||
    message[0] !== 0x53 ||
    message[1] !== 0x45 ||
    message[2] !== 0x43 ||
    message[3] !== VERSION
  ) {
    throw violation('a message that is not of this protocol');
  }
  const view = new DataView(message.buffer, message.byteOffset);
  if (view.getUint32(4, true) !== want.round) throw violation('a message of another round');
  if (view.getUint32(12, true) !== want.part) throw violation('the parts of a message out of order');
  if (view.getUint32(8, true) !== want.digest) throw violation('a message of other operations');
  if (view.getBigUint64(16, true) !== BigInt(want.bytes) || bytesBeside !== HEADER_BYTES) {
    throw violation('a message of another size');
  }
}

function sizeOf(list: readonly ArrayBufferView[] | undefined): number {
  return list === undefined ? 0 : list.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Where each section begins, and how long all are. An empty section takes no room. */
function layoutOf(sizes: readonly number[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  let at = 0;
  const offsets = sizes.map((size) => {
    const offset = at;
    at += Math.ceil(size / 8) * 8;
    return offset;
  });
  return { offsets, bytes: at };
}

/**
 * FNV-1a over who says what at which length: a mistake or a mixed-up message is found; an attacker is not the concern
 * here.
 */
function digestOf(waiting: readonly Waiting[], sizes: readonly number[]): number {
  let hash = 0x811c9dc5;
  waiting.forEach(({ fiber, exchange }, index) => {
    const text = `${fiber.path}:${exchange.label}:${sizes[index]};`;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  });
  return hash >>> 0;
}

/**
 * The header and bytes [from, to) of the laid-out sections, in pieces: large views as they are, which the channel sends
 * without a copy; between them, small ones and gaps copied together.
 */
function piecesOf(
  header: Uint8Array,
  sections: readonly (readonly ArrayBufferView[])[],
  offsets: readonly number[],
  from: number,
  to: number,
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small = [header];
  const join = (): void => {
    const [only] = small;
    if (only !== undefined) pieces.push(small.length === 1 ? only : Buffer.concat(small));
    small = [];
  };
  let done = from;
  const upTo = (end: number): void => {
    if (end > done) small.push(new Uint8Array(end - done));
    done = Math.max(done, end);
  };
  sections.forEach((views, index) => {
    let at = offsets[index] ?? 0;
    for (const view of views) {
      const [begin, end] = [Math.max(from, at), Math.min(to, at + view.byteLength)];
      if (begin < end) {
        upTo(begin);
        const piece = new Uint8Array(view.buffer, view.byteOffset + begin - at, end - begin);
        if (piece.byteLength < SHARED_BYTES_MIN) small.push(piece);
        else {
          join();
          pieces.push(piece);
        }
        done = end;
      }
      at += view.byteLength;
    }
  });
  upTo(to);
  join();
  return pieces;
}

/** Fills `into` with what stands from `skip` on. */
function copyPieces(pieces: readonly Uint8Array[], skip: number, into: Uint8Array): void {
  let at = -skip;
  for (const piece of pieces) {
    const part = piece.subarray(Math.max(0, -at), Math.max(0, into.byteLength - at));
    if (part.byteLength > 0) into.set(part, Math.max(0, at));
    at += piece.byteLength;
  }
}
