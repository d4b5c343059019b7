import { PeerError } from '../../base/errors.ts';

const PREFIX_BYTES = 5;

/**
 * Cuts the bytes of a gRPC stream into messages: one byte of flags (0: not compressed), four of length, the content.
 * A message within one chunk that fills most of it is a view; any other is copied once. Pure.
 */
export class MessageReader {
  readonly #messageBytesMax: number;
  readonly #chunks: Uint8Array[] = [];
  /** Read position in the first chunk. */
  #at = 0;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  #message: Buffer | undefined;
  #messageBytes = 0;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** Whether the input so far ends within a message. */
  get inMessage(): boolean {
    return this.#prefixBytes > 0;
  }

  /**
   * The next complete message, or undefined until more bytes are pushed.
   * @throws {PeerError} PRIVITY_PROTOCOL_VIOLATION for a compressed or oversized message
   */
  next(): Uint8Array | undefined {
    while (this.#prefixBytes < PREFIX_BYTES) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      this.#prefix[this.#prefixBytes++] = chunk[this.#at] ?? 0;
      this.#advance(1);
      if (this.#prefixBytes === PREFIX_BYTES) this.#begin();
    }
    const message = this.#message ?? this.#take();
    if (message === undefined) return undefined;
    while (this.#messageBytes < message.length) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      const part = chunk.subarray(this.#at, this.#at + message.length - this.#messageBytes);
      message.set(part, this.#messageBytes);
      this.#messageBytes += part.length;
      this.#advance(part.length);
    }
    this.#prefixBytes = 0;
    this.#message = undefined;
    return message;
  }

  get #length(): number {
    const [, a = 0, b = 0, c = 0, d = 0] = this.#prefix;
    return a * 2 ** 24 + (b << 16) + (c << 8) + d;
  }

  #begin(): void {
    if (this.#prefix[0] !== 0) throw violation('a compressed message, though no compression was agreed');
    if (this.#length > this.#messageBytesMax) {
      throw violation(`a message of ${this.#length} bytes; the limit is ${this.#messageBytesMax}`);
    }
  }

  /** Decides, at the first byte of a message, between a view and a buffer to fill. undefined: no byte there yet. */
  #take(): Buffer | undefined {
    const length = this.#length;
    this.#messageBytes = 0;
    const chunk = this.#chunks[0];
    if (length > 0 && chunk === undefined) return undefined;
    if (chunk !== undefined && chunk.length - this.#at >= length && length * 2 >= chunk.buffer.byteLength) {
      const view = Buffer.from(chunk.buffer, chunk.byteOffset + this.#at, length);
      this.#messageBytes = length;
      this.#advance(length);
      return view;
    }
    this.#message = Buffer.allocUnsafe(length);
    return this.#message;
  }

  #advance(bytes: number): void {
    this.#at += bytes;
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
