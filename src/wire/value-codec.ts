/**
 * How values cross between parties: a CBOR structure, then the raw segments that it refers to (typed arrays, long
 * strings, tables, Blobs), each at a multiple of 8 bytes.
 *
 *     "PRV1"  u32 length of structure  structure  pad  segment 0  pad  segment 1  pad ...      (little-endian)
 *
 * No class, function or prototype crosses, only data. Decoding is total: whatever the bytes, the answer is a value or a
 * typed error, and no more is allocated than the bytes that arrived account for.
 */
import type { DecodeBound } from '../base/decode-bound.ts';
import { DataError } from '../base/errors.ts';
import { nextTurn } from '../base/turn.ts';
import { arrayKinds, heapKinds } from './value-kinds.ts';
import { defaultValueLimits, VALUE_MEMORY_BYTES_MAX, type ValueLimits } from './value-limits.ts';
import { structureOf, takeSnapshot, tooLarge, type ValueAdapter } from './value-snapshot.ts';
import { corrupt, type DecodedStructure, decodeStructure, Leaf, type Structure } from './value-structure.ts';

export interface CodecOptions {
  readonly limits?: ValueLimits;
  readonly adapters?: readonly ValueAdapter[];
}

/**
 * A value ready to be sent, any number of times. Holds copies: what happens to the value afterwards does not matter.
 */
export interface EncodedValue {
  readonly bytes: number;
  /** The body to send: pieces in memory, or a stream when there are Blobs. */
  body(): readonly Uint8Array[] | AsyncIterable<Uint8Array>;
}

/** A snapshot that has been taken. */
export interface PendingValue {
  /** It holds objects (tables) that are turned into bytes only by {@link encode}, which costs memory. */
  readonly deferred: boolean;
  encode(): Promise<EncodedValue>;
}

/** Random access to the bytes of a received value, in memory or in a file. */
export interface ByteSource {
  readonly size: number;
  /** A fresh copy, at the start of its own buffer. `offset + length` is within `size`. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A Blob over a part, which stays valid after decoding. */
  blob(offset: number, length: number, type: string): Promise<Blob>;
}

/**
 * Two bytes can be an empty record in a list; items are counted before they are made, so that the whole stays near 200
 * MB beside the segments.
 */
export const VALUE_BOUND: DecodeBound = {
  bytesMax: VALUE_MEMORY_BYTES_MAX,
  memory: { perByte: 768, once: 1024 * 1024 },
  steps: { perByte: 64, once: 20_000 },
};

const MAGIC = 0x31565250;
const PREFIX_BYTES = 8;
const ALIGNMENT = 8;
const padding = (length: number): number => (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
const zeros = new Uint8Array(ALIGNMENT);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a snapshot of a value now, synchronously, and returns what finishes the encoding (tables are turned into bytes
 * then). `where` names the value in errors: 'The value of step 3 "rate"'.
 *
 * @throws {UsageError} PRIVITY_VALUE_NOT_SENDABLE, PRIVITY_VALUE_TOO_LARGE
 */
export function snapshotValue(value: unknown, where: string, options: CodecOptions = {}): PendingValue {
  const limits = options.limits ?? defaultValueLimits;
  const snapshot = takeSnapshot(value, limits, options.adapters ?? [], where);
  const encode = async (): Promise<EncodedValue> => {
    const parts: (Uint8Array | Blob)[] = [];
    let inMemory = 0;
    for (const segment of snapshot.segments) {
      const part = 'adapter' in segment ? await segment.adapter.encode(segment.value) : segment;
      if (part instanceof Uint8Array) inMemory += part.length;
      if (inMemory > limits.memoryBytesMax) throw tooLarge(where, limits);
      parts.push(part);
    }
    return assemble(structureOf(snapshot, parts.map(lengthOf), limits, where), parts);
  };
  return { deferred: snapshot.segments.some((segment) => 'adapter' in segment), encode };
}

/** {@link snapshotValue} in one go. */
export async function encodeValue(
  value: unknown,
  where: string,
  options: CodecOptions = {},
): Promise<EncodedValue> {
  return snapshotValue(value, where, options).encode();
}

const lengthOf = (part: Uint8Array | Blob): number => (part instanceof Uint8Array ? part.length : part.size);

function assemble(structure: Uint8Array, parts: readonly (Uint8Array | Blob)[]): EncodedValue {
  const prefix = new Uint8Array(PREFIX_BYTES);
  const view = new DataView(prefix.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, structure.length, true);
  const all: (Uint8Array | Blob)[] = [];
  for (const part of [prefix, structure, ...parts]) {
    if (lengthOf(part) > 0) all.push(part);
    const pad = padding(lengthOf(part));
    if (pad > 0) all.push(zeros.subarray(0, pad));
  }
  const bytes = all.reduce((sum, part) => sum + lengthOf(part), 0);
  const pieces = all.filter((part) => part instanceof Uint8Array);
  return { bytes, body: () => (pieces.length === all.length ? pieces : stream(all)) };
}

async function* stream(parts: readonly (Uint8Array | Blob)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Uint8Array) yield part;
    else for await (const piece of part.stream()) yield piece;
  }
}

/**
 * Decodes one received value.
 *
 * @throws {DataError} PRIVITY_VALUE_CORRUPT, PRIVITY_VALUE_TOO_LARGE
 */
export async function decodeValue(source: ByteSource, options: CodecOptions = {}): Promise<unknown> {
  const limits = options.limits ?? defaultValueLimits;
  if (source.size < PREFIX_BYTES) throw corrupt('it is truncated');
  const prefix = await source.read(0, PREFIX_BYTES);
  const view = new DataView(prefix.buffer);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt('it does not begin as a value does');
  const length = view.getUint32(4, true);
  if (length > source.size - PREFIX_BYTES) throw corrupt('it is truncated');
  if (length > limits.structureBytesMax) throw overLimit('structure', limits.structureBytesMax);
  const structure = decodeStructure(await source.read(PREFIX_BYTES, length), limits);
  const offsets = layOut(structure, PREFIX_BYTES + length, source.size);
  return new Assembly(source, structure, offsets, limits, options.adapters ?? []).run();
}

/** Where each segment begins; together they have to fill the body exactly, so nothing can hide in it. */
function layOut(structure: Structure, start: number, size: number): readonly number[] {
  let at = start + padding(start);
  const offsets = structure.segments.map((length) => {
    const offset = at;
    at += length + padding(length);
    if (at > size) throw corrupt('its segments are longer than what arrived');
    return offset;
  });
  if (at !== size) throw corrupt('its segments are shorter than what arrived');
  return offsets;
}

const overLimit = (what: string, bytes: number): DataError =>
  new DataError('PRIVITY_VALUE_TOO_LARGE', `A received value's ${what} is over the limit of ${bytes} bytes.`);

/** Nodes that are looked at, and numbers that are made, before other work of the process gets a turn: some 5 ms. */
const NODES_PER_TURN = 16_384;
const NUMBERS_PER_TURN = 1 << 20;

/** Replaces the leaves of a decoded structure by what they stand for. */
class Assembly {
  readonly #source: ByteSource;
  readonly #structure: DecodedStructure;
  readonly #offsets: readonly number[];
  readonly #limits: ValueLimits;
  readonly #adapters: readonly ValueAdapter[];
  readonly #used = new Set<number>();
  #inMemory = 0;
  #inHeap = 0;
  #objects = 0;
  #nodes = 0;

  constructor(
    source: ByteSource,
    structure: DecodedStructure,
    offsets: readonly number[],
    limits: ValueLimits,
    adapters: readonly ValueAdapter[],
  ) {
    this.#source = source;
    this.#structure = structure;
    this.#offsets = offsets;
    this.#limits = limits;
    this.#adapters = adapters;
  }

  async run(): Promise<unknown> {
    const { root, leaves } = this.#structure;
    const filled = leaves === 0 ? root : await this.#fill(root);
    if (this.#used.size !== this.#offsets.length) throw corrupt('a segment belongs to nothing');
    return filled;
  }

  /** The depth of recursion was bounded when the structure was decoded. */
  async #fill(node: unknown): Promise<unknown> {
    if (++this.#nodes % NODES_PER_TURN === 0) await nextTurn();
    if (node instanceof Leaf) return this.#leaf(node);
    if (typeof node !== 'object' || node === null) return node;
    // Only leaves need to be waited for: waiting for every scalar would cost a turn of the event loop each.
    for (const [key, child] of Object.entries(node)) {
      if (typeof child === 'object' && child !== null)
        (node as Record<string, unknown>)[key] = await this.#fill(child);
    }
    return node;
  }

  async #leaf(node: Leaf): Promise<unknown> {
    const [first, second] = node.params;
    if (node.kind === 'date') {
      if (typeof first !== 'number' || node.params.length !== 1) throw corrupt('a malformed date');
      return new Date(first);
    }
    const { offset, length } = this.#claim(first);
    if (node.kind === 'blob') {
      if (typeof second !== 'string' || second.length > 255) throw corrupt('a malformed Blob');
      return this.#source.blob(offset, length, second);
    }
    if (node.params.length !== 1) throw corrupt('a leaf with too many parameters');
    this.#inMemory += length;
    if (this.#inMemory > this.#limits.memoryBytesMax) throw overLimit('memory', this.#limits.memoryBytesMax);
    if (heapKinds.has(node.kind)) this.#inHeap += length;
    if (this.#inHeap > this.#limits.heapBytesMax)
      throw overLimit('strings and plain arrays', this.#limits.heapBytesMax);
    return this.#materialise(node.kind, await this.#source.read(offset, length));
  }

  #claim(index: unknown): { offset: number; length: number } {
    const offset = this.#offsets[index as number];
    const length = this.#structure.segments[index as number];
    if (typeof index !== 'number' || offset === undefined || length === undefined)
      throw corrupt('a leaf without a segment');
    if (this.#used.has(index)) throw corrupt('two leaves share a segment');
    this.#used.add(index);
    return { offset, length };
  }

  #materialise(kind: string, bytes: Uint8Array<ArrayBuffer>): unknown {
    const array = arrayKinds.get(kind === 'numbers' ? 'f64' : kind);
    if (array !== undefined) {
      if (bytes.length % array.bytes !== 0) throw corrupt('a typed array with a broken element');
      const typed = array.from(bytes.buffer);
      return kind === 'numbers' ? plainNumbers(typed as Float64Array) : typed;
    }
    if (kind === 'utf16') return decodeUtf16(bytes);
    if (kind === 'utf8') return decodeUtf8(bytes);
    const adapter = this.#adapters.find((candidate) => candidate.kind === kind);
    if (adapter === undefined) throw corrupt('a leaf of an unknown kind');
    if (++this.#objects > this.#limits.objectsMax)
      throw new DataError(
        'PRIVITY_VALUE_TOO_LARGE',
        `A received value has more than ${this.#limits.objectsMax} tables.`,
      );
    return adapter.decode(bytes);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw corrupt('a string that is not UTF-8');
  }
}

function decodeUtf16(bytes: Uint8Array<ArrayBuffer>): string {
  if (bytes.length % 2 !== 0) throw corrupt('a string with half a character');
  return Buffer.from(bytes.buffer).toString('utf16le');
}

async function plainNumbers(typed: Float64Array): Promise<number[]> {
  const numbers = Array.from(typed.subarray(0, NUMBERS_PER_TURN));
  for (let at = NUMBERS_PER_TURN; at < typed.length; at++) {
    if (at % NUMBERS_PER_TURN === 0) await nextTurn();
    numbers.push(typed[at] ?? 0);
  }
  return numbers;
}
