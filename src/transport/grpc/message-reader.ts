import type { DecodeBound } from '../../base/decode-bound.ts';
import { PeerError } from '../../base/errors.ts';
import { LINK_FRAME_BYTES_MAX } from '../link/limits.ts';

const PREFIX_BYTES = 5;
/** In the place of a message's flags, with a length of zero: no message follows. Only where HTTP/2 does not say it. */
export const END_FLAG = 0x80;

/** Messages up to this size are copied into one piece of their own; longer ones stay views of what the network gave. */
const COPY_BYTES_MAX = 32 * 1024;
/**
 * A chunk that is less than this part of the memory that it is a view of is copied: it would keep all of that until its
 * message is whole, and a peer that sends byte by byte could make this party keep thousands of times what it has sent.
 */
const VIEW_PART_MIN = 1 / 8;
/** Memory into which such chunks are copied, one behind the other. */
const CRUMBS_BYTES = 16 * 1024;

/** An empty message costs five bytes and some objects. */
export const GRPC_STREAM_BOUND: DecodeBound = {
  bytesMax: LINK_FRAME_BYTES_MAX,
  memory: { perByte: 768, once: 256 * 1024 },
  steps: { perByte: 64, once: 10_000 },
};

/**
 * Cuts the bytes of a gRPC stream into messages: one byte of flags (0: not compressed), four of length, the content.
 * Pure.
 */
export class MessageReader {
  readonly #messageBytesMax: number;
  readonly #onEnd: (() => void) | undefined;
  readonly #chunks: Uint8Array[] = [];
  #crumbs = new Uint8Array(0);
  #crumbsAt = 0;
  /** Read position in the first chunk. */
  #at = 0;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  /** Parts of the message that is being read, and what is still missing of it. */
  #parts: Uint8Array[] = [];
  #missing = 0;
  #unreadBytes = 0;

  /** @param onEnd where the stream has an end mark: `next` has met it, and what that returns now is no message */
  constructor(messageBytesMax: number, onEnd?: () => void) {
    this.#messageBytesMax = messageBytesMax;
    this.#onEnd = onEnd;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#unreadBytes += chunk.length;
    this.#chunks.push(chunk.length < VIEW_PART_MIN * chunk.buffer.byteLength ? this.#copy(chunk) : chunk);
  }

  /** Bytes that were pushed and that `next` has not come to. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** Whether the input so far ends within a message. */
  get inMessage(): boolean {
    return this.#prefixBytes > 0;
  }

  /**
   * The next complete message in parts, at least one, or undefined until more bytes are pushed.
   * @throws {PeerError} PRIVITY_PROTOCOL_VIOLATION for a compressed or oversized message
   */
  next(): readonly Uint8Array[] | undefined {
    while (this.#prefixBytes < PREFIX_BYTES) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      this.#prefix[this.#prefixBytes++] = chunk[this.#at] ?? 0;
      this.#advance(1);
      if (this.#prefixBytes === PREFIX_BYTES) this.#begin();
    }
    while (this.#missing > 0) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      const isWhole = this.#at === 0 && chunk.length <= this.#missing;
      const part = isWhole ? chunk : chunk.subarray(this.#at, this.#at + this.#missing);
      this.#addPart(part);
      this.#missing -= part.length;
      this.#advance(part.length);
    }
    const parts = this.#parts;
    this.#parts = [];
    this.#prefixBytes = 0;
    return this.#length <= COPY_BYTES_MAX ? [Buffer.concat(parts, this.#length)] : parts;
  }

  get #length(): number {
    const [, a = 0, b = 0, c = 0, d = 0] = this.#prefix;
    return a * 2 ** 24 + (b << 16) + (c << 8) + d;
  }

  #begin(): void {
    if (this.#prefix[0] === END_FLAG && this.#length === 0 && this.#onEnd !== undefined) return this.#onEnd();
    if (this.#prefix[0] !== 0) throw violation('a compressed message, though no compression was agreed');
    if (this.#length > this.#messageBytesMax) {
      throw violation(`a message of ${this.#length} bytes; the limit is ${this.#messageBytesMax}`);
    }
    this.#missing = this.#length;
  }

  #copy(chunk: Uint8Array): Uint8Array {
    if (this.#crumbs.length - this.#crumbsAt < chunk.length) {
      this.#crumbs = new Uint8Array(Math.max(CRUMBS_BYTES, chunk.length));
      this.#crumbsAt = 0;
    }
    const from = this.#crumbsAt;
    this.#crumbs.set(chunk, from);
    this.#crumbsAt += chunk.length;
    return this.#crumbs.subarray(from, this.#crumbsAt);
  }

  /** Parts that are neighbours in memory become one, so that crumbs are few objects. */
  #addPart(part: Uint8Array): void {
    const last = this.#parts.at(-1);
    if (last?.buffer === part.buffer && last.byteOffset + last.length === part.byteOffset) {
      this.#parts[this.#parts.length - 1] = new Uint8Array(
        part.buffer,
        last.byteOffset,
        last.length + part.length,
      );
    } else this.#parts.push(part);
  }

  #advance(bytes: number): void {
    this.#at += bytes;
    this.#unreadBytes -= bytes;
    if (this.#at >= (this.#chunks[0]?.length ?? 0)) {
      this.#chunks.shift();
      this.#at = 0;
    }
  }
}

/** The prefix of a message of that length. */
export function writePrefix(target: Buffer, length: number): void {
  target[0] = 0;
  target.writeUInt32BE(length, 1);
}

export { PREFIX_BYTES };

const violation = (what: string): PeerError =>
  new PeerError('PRIVITY_PROTOCOL_VIOLATION', `the peer sent ${what}`);
