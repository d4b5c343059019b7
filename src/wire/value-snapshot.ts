/**
 * The sender's half of the codec: walks a value once, refuses what cannot be sent, and copies what could change later.
 * Everything here is synchronous, so what is sent is the value as it was at one instant.
 */
import { isDate } from 'node:util/types';
import { UsageError } from '../base/errors.ts';
import type { ValueForm } from './value-form.ts';
import { arrayKindOf, littleEndian, type TypedArray } from './value-kinds.ts';
import type { ValueLimits } from './value-limits.ts';
import { BIGINT_BYTES_MAX, bignum, encodeStructure, leaf } from './value-structure.ts';

/** A kind of object that this room does not know (a table): recognised, encoded and decoded by its owner. */
export interface ValueAdapter {
  /** The wire name of the kind; must not collide with the codec's own. */
  readonly kind: string;
  matches(value: object): boolean;
  /** The object's bytes. The object must be immutable: it is encoded after the snapshot. */
  encode(value: object): Promise<Uint8Array>;
  /** @throws {DataError} for bytes that {@link encode} cannot have made. */
  decode(bytes: Uint8Array): Promise<unknown>;
  /** What the ledger says of it. */
  shape?(value: object): readonly number[] | undefined;
  /** What a contract of disclosures says of it. Default: kind and shape. */
  form?(value: object): ValueForm;
}

export type Segment = Uint8Array | Blob | { readonly adapter: ValueAdapter; readonly value: object };

export interface Snapshot {
  readonly root: unknown;
  readonly segments: readonly Segment[];
}

/** Strings of up to this length stay in the structure; longer ones would be copied several times there. */
const INLINE_STRING_CHARS_MAX = 16 * 1024;
/** Shorter arrays of numbers are no larger as CBOR. */
const PACKED_NUMBERS_MIN = 16;
/**
 * What one leaf adds to the items that the decoder counts, at most: tag, array, kind, parameters, its segment's length.
 */
const LEAF_ITEMS = 8;

export function takeSnapshot(
  value: unknown,
  limits: ValueLimits,
  adapters: readonly ValueAdapter[],
  where: string,
): Snapshot {
  return new Walk(limits, adapters, where).run(value);
}

class Walk {
  readonly #limits: ValueLimits;
  readonly #adapters: readonly ValueAdapter[];
  readonly #where: string;
  readonly #segments: Segment[] = [];
  readonly #ancestors = new Set<object>();
  #items = LEAF_ITEMS;
  #bytes = 0;
  #heapBytes = 0;
  #objects = 0;

  constructor(limits: ValueLimits, adapters: readonly ValueAdapter[], where: string) {
    this.#limits = limits;
    this.#adapters = adapters;
    this.#where = where;
  }

  run(value: unknown): Snapshot {
    if (!littleEndian) throw this.#refuse('a value on a big-endian machine, which is not supported', 0);
    return { root: this.#visit(value, 0), segments: this.#segments };
  }

  #visit(value: unknown, depth: number): unknown {
    this.#count(1, depth);
    switch (typeof value) {
      case 'undefined':
      case 'boolean':
      case 'number':
        return value;
      case 'string':
        return this.#string(value);
      case 'bigint':
        return this.#bigint(value, depth);
      case 'object':
        return value === null ? null : this.#object(value, depth);
      default:
        throw this.#refuse(`a ${typeof value}`, depth);
    }
  }

  #string(value: string): unknown {
    if (isPlain(value) && value.length <= INLINE_STRING_CHARS_MAX) return value;
    // A lone surrogate has no UTF-8, and decoders drop a leading byte order mark.
    const kind = isPlain(value) ? 'utf8' : 'utf16';
    return this.#raw(kind, Uint8Array.from(Buffer.from(value, kind === 'utf8' ? 'utf8' : 'utf16le')));
  }

  #bigint(value: bigint, depth: number): unknown {
    const tagged = bignum(value);
    if (tagged.value.length > BIGINT_BYTES_MAX)
      throw this.#refuse(`a bigint of over ${BIGINT_BYTES_MAX} bytes`, depth);
    this.#count(2, depth);
    return tagged;
  }

  #object(value: object, depth: number): unknown {
    const arrayKind = arrayKindOf(value);
    if (arrayKind !== undefined) return this.#typedArray(value as TypedArray, arrayKind);
    const adapter = this.#adapters.find((candidate) => candidate.matches(value));
    if (adapter !== undefined) return this.#adapted(adapter, value, depth);
    if (value instanceof Blob) return this.#blob(value, depth);
    if (isDate(value)) return this.#date(value);
    const proto: unknown = Object.getPrototypeOf(value);
    if (depth >= this.#limits.depthMax)
      throw this.#refuse(`more than ${this.#limits.depthMax} levels`, depth);
    if (this.#ancestors.has(value)) throw this.#refuse('a cycle', depth);
    this.#ancestors.add(value);
    try {
      if (Array.isArray(value) && proto === Array.prototype) return this.#array(value, depth);
      if (proto === Object.prototype || proto === null) return this.#record(value, depth);
    } finally {
      this.#ancestors.delete(value);
    }
    throw this.#refuse(nameOf(value), depth);
  }

  #typedArray(value: TypedArray, arrayKind: string): unknown {
    this.#fitsMemory(value.byteLength);
    // A fresh copy: neither later writes nor the rest of a pooled buffer can reach the wire.
    const bytes = new Uint8Array(value.byteLength);
    bytes.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return this.#segment(arrayKind, bytes);
  }

  #adapted(adapter: ValueAdapter, value: object, depth: number): unknown {
    if (++this.#objects > this.#limits.objectsMax)
      throw this.#refuse(`more than ${this.#limits.objectsMax} tables`, depth);
    return this.#segment(adapter.kind, { adapter, value });
  }

  #blob(value: Blob, depth: number): unknown {
    if (value.type.length > 255) throw this.#refuse('a Blob with a media type of over 255 characters', depth);
    return this.#segment('blob', value, value.type);
  }

  #date(value: Date): unknown {
    this.#count(LEAF_ITEMS, 0);
    return leaf('date', Date.prototype.getTime.call(value));
  }

  #array(value: readonly unknown[], depth: number): unknown {
    const packed = packNumbers(value);
    if (packed) return this.#raw('numbers', packed);
    if (value.length > this.#limits.itemsMax)
      throw this.#refuse(`more than ${this.#limits.itemsMax} items`, depth);
    if (Reflect.ownKeys(value).length !== value.length + 1)
      throw this.#refuse('an array with holes or named properties', depth);
    return Array.from(value, (_, index) =>
      this.#visit(this.#property(value, String(index), depth), depth + 1),
    );
  }

  #record(value: object, depth: number): unknown {
    const copy: Record<string, unknown> = Object.create(null);
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol') throw this.#refuse('a record with a symbol as key', depth);
      if (key === '__proto__') throw this.#refuse('a record with the key __proto__', depth);
      if (!isPlain(key)) throw this.#refuse('a record with a key that is not well-formed text', depth);
      this.#count(1, depth);
      copy[key] = this.#visit(this.#property(value, key, depth), depth + 1);
    }
    return copy;
  }

  /** Reads without running code of the value's author. */
  #property(value: object, key: string, depth: number): unknown {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !('value' in property)) throw this.#refuse('an accessor property', depth);
    return property.value;
  }

  /** What becomes a string or a plain array. */
  #raw(kind: string, bytes: Uint8Array): unknown {
    this.#fitsMemory(bytes.byteLength);
    this.#heapBytes += bytes.byteLength;
    if (this.#heapBytes > this.#limits.heapBytesMax) throw tooLong(this.#where, this.#limits);
    return this.#segment(kind, bytes);
  }

  #segment(kind: string, segment: Segment, ...params: unknown[]): unknown {
    this.#count(LEAF_ITEMS, 0);
    this.#segments.push(segment);
    return leaf(kind, this.#segments.length - 1, ...params);
  }

  #count(items: number, depth: number): void {
    this.#items += items;
    if (this.#items > this.#limits.itemsMax)
      throw this.#refuse(`more than ${this.#limits.itemsMax} items; use typed arrays or a table`, depth);
  }

  #fitsMemory(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.memoryBytesMax) throw tooLarge(this.#where, this.#limits);
  }

  /** Names kinds and depth only: keys and contents may be private. */
  #refuse(what: string, depth: number): UsageError {
    return new UsageError(
      'PRIVITY_VALUE_NOT_SENDABLE',
      `${this.#where} contains ${what}${depth > 0 ? `, ${depth} ${depth === 1 ? 'level' : 'levels'} deep` : ''}. ` +
        'Only scalars, strings, bytes, typed arrays, tables, Blobs, dates and plain records and arrays of those can be sent.',
    );
  }
}

export function tooLarge(where: string, limits: ValueLimits): UsageError {
  return new UsageError(
    'PRIVITY_VALUE_TOO_LARGE',
    `${where} is larger than ${limits.memoryBytesMax} bytes. Send it as a Blob, which is streamed, or send less.`,
  );
}

function tooLong(where: string, limits: ValueLimits): UsageError {
  return new UsageError(
    'PRIVITY_VALUE_TOO_LARGE',
    `${where} has more than ${limits.heapBytesMax} bytes of strings and plain arrays of numbers. Send typed arrays, a table or a Blob.`,
  );
}

/** The structure's bytes for a snapshot whose segments' lengths are known. */
export function structureOf(
  snapshot: Snapshot,
  lengths: readonly number[],
  limits: ValueLimits,
  where: string,
): Uint8Array {
  const bytes = encodeStructure({ segments: lengths, root: snapshot.root });
  if (bytes.length > limits.structureBytesMax) {
    throw new UsageError(
      'PRIVITY_VALUE_NOT_SENDABLE',
      `${where} has over ${limits.structureBytesMax} bytes of records and strings. Use a table, typed arrays or a Blob.`,
    );
  }
  return bytes;
}

/** Text that survives UTF-8 and every decoder. */
function isPlain(text: string): boolean {
  return !text.startsWith('\uFEFF') && !/\p{Surrogate}/u.test(text);
}

/** A long array of nothing but numbers, as float64: exact, and a hundred times faster than number by number. */
function packNumbers(value: readonly unknown[]): Uint8Array | undefined {
  if (value.length < PACKED_NUMBERS_MIN) return undefined;
  for (let i = 0; i < value.length; i++) if (typeof value[i] !== 'number') return undefined;
  return new Uint8Array(Float64Array.from(value as readonly number[]).buffer);
}

/** The kind of object in words that do not depend on the job's data: never a class name of the author's. */
function nameOf(value: object): string {
  if (value instanceof Map) return 'a Map';
  if (value instanceof Set) return 'a Set';
  if (value instanceof Promise) return 'a Promise (await it in the task)';
  if (value instanceof Error) return 'an Error';
  if (value instanceof RegExp) return 'a RegExp';
  if (value instanceof ArrayBuffer || value instanceof DataView)
    return 'an ArrayBuffer or DataView (use a Uint8Array)';
  return 'an instance of a class';
}
