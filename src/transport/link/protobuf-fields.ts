/** The wire format of protobuf, as far as frames use it: fields, varints, bytes. */
import { PeerError } from '../../base/errors.ts';

export const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;
export const tag = (field: number, type: number): number => (field << 3) | type;

/** Thrown where something other than a payload reaches into the tail; the frame is then decoded in one part. */
export const STRADDLES = Symbol('straddles');

export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count++;
  return count;
}

/** Writes fields one after the other into memory of a given size. */
export class FieldWriter {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A varint field; proto3 leaves out zero. */
  number(fieldTag: number, value: number): void {
    if (value === 0) return;
    this.byte(fieldTag);
    this.varint(value);
  }

  bytes(fieldTag: number, value: Uint8Array): void {
    this.byte(fieldTag);
    this.varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}

/** A field of bytes in the parts that it came in, none of them empty. */
export interface Payload {
  readonly parts: readonly Uint8Array[];
  readonly payloadBytes: number;
}

/**
 * Reads the fields of a message that continues, behind the bytes at hand, in a tail that only a last field may reach
 * into.
 */
export class FieldReader {
  readonly #bytes: Uint8Array;
  #tail: readonly Uint8Array[];
  #tailBytes = 0;
  #at = 0;
  tag = 0;

  constructor(bytes: Uint8Array, tail: readonly Uint8Array[]) {
    this.#bytes = bytes;
    this.#tail = tail;
    for (const part of tail) this.#tailBytes += part.length;
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.#at === this.#bytes.length && this.#tailBytes === 0) return false;
    this.tag = this.number();
    if (this.tag < 8) throw violation('a field without a number');
    return true;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.#missing();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) throw violation('a number out of range');
        return value;
      }
      scale *= 128;
    }
    throw violation('an endless number');
  }

  bytes(): Uint8Array {
    return this.#take(this.number());
  }

  /** A field that is a message, and may be the last one. */
  message(): FieldReader {
    const length = this.number();
    if (!this.#isRest(length)) return new FieldReader(this.#take(length), []);
    const rest = new FieldReader(this.#bytes.subarray(this.#at), this.#tail);
    this.#end();
    return rest;
  }

  /** A field that may be the last one, as the parts that it came in. */
  payload(): Payload {
    const payloadBytes = this.number();
    if (!this.#isRest(payloadBytes)) {
      const content = this.#take(payloadBytes);
      return { parts: content.length === 0 ? [] : [content], payloadBytes };
    }
    const first = this.#bytes.subarray(this.#at);
    const parts = first.length === 0 ? this.#tail : [first, ...this.#tail];
    this.#end();
    return { parts, payloadBytes };
  }

  skip(): void {
    const type = this.tag & 7;
    if (type === VARINT) this.#skipVarint();
    else if (type === FIXED64) this.#take(8);
    else if (type === BYTES) this.bytes();
    else if (type === FIXED32) this.#take(4);
    else throw violation('an unknown wire type');
  }

  /** Unlike `number`, takes the full range of 64 bits: the value does not matter. */
  #skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.#missing();
      if (byte < 128) return;
    }
    throw violation('an endless number');
  }

  /** Whether so many bytes are all that is left, with a tail to it. */
  #isRest(length: number): boolean {
    return this.#tailBytes > 0 && length === this.#bytes.length - this.#at + this.#tailBytes;
  }

  #end(): void {
    this.#at = this.#bytes.length;
    this.#tail = [];
    this.#tailBytes = 0;
  }

  /** What to throw where the bytes at hand are not enough. */
  #missing(): unknown {
    return this.#tailBytes > 0 ? STRADDLES : violation('a truncated frame');
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.#missing();
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

export const violation = (what: string): PeerError =>
  new PeerError('PRIVITY_PROTOCOL_VIOLATION', `the peer sent ${what}`);
