/**
 * Writes FlatBuffers (https://flatbuffers.dev/internals/), which flatbuffer.ts reads: a tree of tables becomes one
 * buffer. What a table refers to stands behind it, so that one pass is enough.
 */

/** A value of a field. Absent fields are at the default that the schema gives them. */
export type FlatValue =
  | { readonly kind: 'number'; readonly bytes: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'table'; readonly value: FlatFields }
  | { readonly kind: 'tables'; readonly value: readonly FlatFields[] }
  /** Structures of two 64-bit numbers. */
  | { readonly kind: 'pairs'; readonly value: readonly (readonly [number, number])[] };

/** The fields of a table by their slots. */
export type FlatFields = readonly (FlatValue | undefined)[];

type Reference = Exclude<FlatValue, { readonly kind: 'number' }>;

export const flat = {
  uint8: (value: number): FlatValue => ({ kind: 'number', bytes: 1, value }),
  int16: (value: number): FlatValue => ({ kind: 'number', bytes: 2, value }),
  int32: (value: number): FlatValue => ({ kind: 'number', bytes: 4, value }),
  int64: (value: number): FlatValue => ({ kind: 'number', bytes: 8, value }),
  text: (value: string): FlatValue => ({ kind: 'text', value }),
  table: (value: FlatFields): FlatValue => ({ kind: 'table', value }),
  tables: (value: readonly FlatFields[]): FlatValue => ({ kind: 'tables', value }),
  pairs: (value: readonly (readonly [number, number])[]): FlatValue => ({ kind: 'pairs', value }),
} as const;

/** What bytes are aligned to, here and in Arrow. */
export const ALIGNMENT = 8;

export function aligned(bytes: number, alignment = ALIGNMENT): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** The buffer of a root table. Its length is a multiple of {@link ALIGNMENT}. */
export function writeFlat(root: FlatFields): Uint8Array {
  const writer = new FlatWriter();
  writer.root(root);
  return writer.bytes();
}

const BYTES_AT_FIRST = 1024;

class FlatWriter {
  #view = new DataView(new ArrayBuffer(BYTES_AT_FIRST));
  #end = 0;

  bytes(): Uint8Array {
    this.#take(0, ALIGNMENT);
    return new Uint8Array(this.#view.buffer, 0, this.#end);
  }

  root(fields: FlatFields): void {
    const at = this.#take(4, 4);
    this.#refer(at, this.#table(fields));
  }

  /** Room for so many bytes, all zero, of which the one after `lead` is aligned. Its place. */
  #take(bytes: number, alignment: number, lead = 0): number {
    const at = aligned(this.#end + lead, alignment) - lead;
    this.#end = at + bytes;
    if (this.#end > this.#view.byteLength) {
      const grown = new Uint8Array(2 * this.#end);
      grown.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  #refer(at: number, target: number): void {
    this.#view.setUint32(at, target - at, true);
  }

  #table(fields: FlatFields): number {
    const layout = this.#take(4 + 2 * fields.length, 2);
    const table = this.#take(4, 4);
    this.#view.setInt32(table, table - layout, true);
    const references: (readonly [at: number, Reference])[] = [];
    for (const [slot, field] of fields.entries()) {
      if (field === undefined) continue;
      const bytes = field.kind === 'number' ? field.bytes : 4;
      const at = this.#take(bytes, bytes);
      this.#view.setUint16(layout + 4 + 2 * slot, at - table, true);
      if (field.kind === 'number') this.#number(at, field.bytes, field.value);
      else references.push([at, field]);
    }
    this.#view.setUint16(layout, 4 + 2 * fields.length, true);
    this.#view.setUint16(layout + 2, this.#end - table, true);
    for (const [at, reference] of references) this.#refer(at, this.#target(reference));
    return table;
  }

  #number(at: number, bytes: 1 | 2 | 4 | 8, value: number): void {
    if (bytes === 1) this.#view.setUint8(at, value);
    else if (bytes === 2) this.#view.setInt16(at, value, true);
    else if (bytes === 4) this.#view.setInt32(at, value, true);
    else this.#view.setBigInt64(at, BigInt(value), true);
  }

  #target(reference: Reference): number {
    switch (reference.kind) {
      case 'table':
        return this.#table(reference.value);
      case 'text': {
        const bytes = Buffer.from(reference.value);
        // A zero byte behind the text is part of the format.
        const at = this.#vector(bytes.byteLength, bytes.byteLength + 1, 4);
        new Uint8Array(this.#view.buffer).set(bytes, at + 4);
        return at;
      }
      case 'tables': {
        const { length } = reference.value;
        const at = this.#vector(length, 4 * length, 4);
        for (const [index, fields] of reference.value.entries())
          this.#refer(at + 4 + 4 * index, this.#table(fields));
        return at;
      }
      case 'pairs': {
        const { length } = reference.value;
        const at = this.#vector(length, 16 * length, 8);
        for (const [index, [first, second]] of reference.value.entries()) {
          this.#number(at + 4 + 16 * index, 8, first);
          this.#number(at + 12 + 16 * index, 8, second);
        }
        return at;
      }
    }
  }

  /** Its length, and room for so many bytes of elements behind it. */
  #vector(length: number, bytes: number, alignment: number): number {
    const at = this.#take(4 + bytes, alignment, 4);
    this.#view.setUint32(at, length, true);
    return at;
  }
}
