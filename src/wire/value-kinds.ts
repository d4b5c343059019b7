/**
 * The leaves of a value that travel as raw segments beside the structure, and how typed arrays are named on the wire.
 */

/** The typed arrays of JavaScript: they are sent as they lie in memory. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

interface ArrayKind {
  /** For people: the ledger's word. */
  readonly label: string;
  readonly bytes: number;
  readonly from: (buffer: ArrayBuffer) => TypedArray;
}

const kind = (label: string, bytes: number, from: (buffer: ArrayBuffer) => TypedArray): ArrayKind => ({
  label,
  bytes,
  from,
});

/** Kinds of segment that become strings and plain arrays. */
export const heapKinds: ReadonlySet<string> = new Set(['numbers', 'utf8', 'utf16']);

/** By wire name. Names, not numbers: a dump of a frame explains itself. */
export const arrayKinds: ReadonlyMap<string, ArrayKind> = new Map([
  ['i8', kind('int8', 1, (b) => new Int8Array(b))],
  ['u8', kind('bytes', 1, (b) => new Uint8Array(b))],
  ['u8c', kind('uint8 clamped', 1, (b) => new Uint8ClampedArray(b))],
  ['i16', kind('int16', 2, (b) => new Int16Array(b))],
  ['u16', kind('uint16', 2, (b) => new Uint16Array(b))],
  ['i32', kind('int32', 4, (b) => new Int32Array(b))],
  ['u32', kind('uint32', 4, (b) => new Uint32Array(b))],
  ['f32', kind('float32', 4, (b) => new Float32Array(b))],
  ['f64', kind('float64', 8, (b) => new Float64Array(b))],
  ['i64', kind('int64', 8, (b) => new BigInt64Array(b))],
  ['u64', kind('uint64', 8, (b) => new BigUint64Array(b))],
]);

const names: ReadonlyMap<string, string> = new Map([
  ['Int8Array', 'i8'],
  ['Uint8Array', 'u8'],
  ['Uint8ClampedArray', 'u8c'],
  ['Int16Array', 'i16'],
  ['Uint16Array', 'u16'],
  ['Int32Array', 'i32'],
  ['Uint32Array', 'u32'],
  ['Float32Array', 'f32'],
  ['Float64Array', 'f64'],
  ['BigInt64Array', 'i64'],
  ['BigUint64Array', 'u64'],
]);

const typedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/**
 * The wire name of a typed array's elements (a Buffer is bytes); undefined for everything else. Cannot be fooled by
 * properties.
 */
export function arrayKindOf(value: unknown): string | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return names.get(String(typedArrayTag?.call(value)));
}

/** What the ledger calls an array, or a tensor, of a kind. */
export function arrayWord(kind: string, noun: 'array' | 'tensor'): string {
  const label = arrayKinds.get(kind)?.label ?? 'typed';
  return label === 'bytes' && noun === 'array' ? 'bytes' : `${label} ${noun}`;
}

export function isTypedArray(value: unknown): value is TypedArray {
  return arrayKindOf(value) !== undefined;
}

/**
 * Raw copies are sent as they lie in memory; all platforms that Node.js is released for but s390x agree on this order.
 */
export const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * A dense array with dimensions: `data.length` is the product of `shape`. An ordinary record, so that no class is
 * needed.
 */
export interface Tensor<D extends TypedArray = TypedArray> {
  /** Its dimensions; [] for a single number. */
  readonly shape: readonly number[];
  /** The elements, row by row (the last axis runs fastest). */
  readonly data: D;
}

export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const { shape, data } = value as Partial<Tensor>;
  if (!Array.isArray(shape) || !isTypedArray(data) || Object.keys(value).length !== 2) return false;
  return fits(shape, data.length);
}

/** Whether dimensions multiply to a length, all of them non-negative integers. */
export function fits(shape: readonly unknown[], length: number): boolean {
  let product = 1;
  for (const dimension of shape) {
    if (typeof dimension !== 'number' || !Number.isSafeInteger(dimension) || dimension < 0) return false;
    product *= dimension;
  }
  return product === length;
}
