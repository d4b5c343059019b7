/**
 * Reads FlatBuffers (https://flatbuffers.dev/internals/) that a peer wrote. The generated readers of the Arrow library
 * trust the lengths and offsets that they find; a few wrong bytes make them loop or allocate for minutes. This one
 * checks each before use.
 */

/** The bytes are not what they should be. Caught by the decoder, which knows how to say so. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

export function malformed(what: string): never {
  throw new MalformedError(what);
}

/** A vector inside a buffer: `length` elements from byte `start` on, all of them inside. */
export interface FlatVector {
  readonly start: number;
  readonly length: number;
}

export class FlatTable {
  readonly #view: DataView;
  readonly #position: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  constructor(view: DataView, position: number) {
    this.#view = view;
    this.#position = position;
    this.#vtable = position - view.getInt32(position, true);
    this.#vtableBytes = view.getUint16(this.#vtable, true);
    if (this.#vtableBytes < 4) malformed('a table without a layout');
  }

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  /** Of the whole buffer that it stands in. */
  get bytes(): number {
    return this.#view.byteLength;
  }

  /** Where a field's value is, or undefined when the writer left it at its default. */
  #field(slot: number): number | undefined {
    const entry = 4 + 2 * slot;
    if (entry + 2 > this.#vtableBytes) return undefined;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? undefined : this.#position + offset;
  }

  #target(slot: number): number | undefined {
    const at = this.#field(slot);
    return at === undefined ? undefined : at + this.#view.getUint32(at, true);
  }

  uint8(slot: number, absent = 0): number {
    const at = this.#field(slot);
    return at === undefined ? absent : this.#view.getUint8(at);
  }

  int16(slot: number, absent = 0): number {
    const at = this.#field(slot);
    return at === undefined ? absent : this.#view.getInt16(at, true);
  }

  int32(slot: number, absent = 0): number {
    const at = this.#field(slot);
    return at === undefined ? absent : this.#view.getInt32(at, true);
  }

  /** A 64-bit size or count. */
  size(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : sizeAt(this.#view, at);
  }

  table(slot: number): FlatTable | undefined {
    const target = this.#target(slot);
    return target === undefined ? undefined : new FlatTable(this.#view, target);
  }

  /** A vector of inline elements of `elementBytes` each. */
  vector(slot: number, elementBytes: number): FlatVector {
    const target = this.#target(slot);
    if (target === undefined) return { start: 0, length: 0 };
    const length = this.#view.getUint32(target, true);
    const start = target + 4;
    if (length * elementBytes > this.#view.byteLength - start) malformed('a vector longer than its buffer');
    return { start, length };
  }

  /** A vector of tables, at most `lengthMax`. */
  tables(slot: number, lengthMax: number): readonly FlatTable[] {
    const { start, length } = this.vector(slot, 4);
    if (length > lengthMax) malformed('too many entries');
    return Array.from({ length }, (_, index) => {
      const at = start + 4 * index;
      return new FlatTable(this.#view, at + this.#view.getUint32(at, true));
    });
  }

  /** Text of at most so many bytes. */
  text(slot: number, bytesMax: number): string | undefined {
    if (this.#field(slot) === undefined) return undefined;
    const { start, length } = this.vector(slot, 1);
    if (length > bytesMax) malformed('a name that is too long');
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
    return decodeUtf8(bytes);
  }

  /** The two 64-bit sizes of an element of a vector of pairs (field nodes and buffers in Arrow). */
  pair({ start, length }: FlatVector, index: number): readonly [number, number] {
    if (index >= length) malformed('fewer entries than columns need');
    return [sizeAt(this.#view, start + 16 * index), sizeAt(this.#view, start + 16 * index + 8)];
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return malformed('text that is not UTF-8');
  }
}

function sizeAt(view: DataView, at: number): number {
  const value = view.getBigInt64(at, true);
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) malformed('a size out of range');
  return Number(value);
}
