/** Bounds of one encoded value. The sender checks them before a byte leaves, the receiver before it allocates. */
export interface ValueLimits {
  /** Nesting of records and arrays. */
  readonly depthMax: number;
  /** Scalars, keys, records and arrays in the structure; elements of typed arrays and rows of tables do not count. */
  readonly itemsMax: number;
  /** Bytes of the structure: everything but typed arrays, long strings, tables and Blobs. */
  readonly structureBytesMax: number;
  /** Bytes that the receiver holds in memory to decode the value: all but Blobs. */
  readonly memoryBytesMax: number;
  /** Of those, bytes of long strings and of plain arrays of numbers. */
  readonly heapBytesMax: number;
  /** Objects of other rooms (tables), each of which costs the receiver more than its bytes. */
  readonly objectsMax: number;
}

/** Far deeper than records that people write, far shallower than the stack (which overflows near 10^4 frames here). */
export const VALUE_DEPTH_MAX = 64;
/** One byte on the wire can become an object of a hundred bytes: a million of them stay near 100 MB. */
export const VALUE_ITEMS_MAX = 1_000_000;
/** Room for a million short strings. What is larger belongs in typed arrays or tables, which are not parsed. */
export const VALUE_STRUCTURE_BYTES_MAX = 64 * 1024 * 1024;
/** A value in memory needs about twice this while it is decoded; a party has a few GB. Blobs have no such bound. */
export const VALUE_MEMORY_BYTES_MAX = 2 * 1024 * 1024 * 1024;
/**
 * Strings and plain arrays live in the heap of V8, whose longest string has 2^29 - 24 characters and whose longest
 * array of numbers 2^27: the process ends where one would be longer. Typed arrays do not count.
 */
export const VALUE_HEAP_BYTES_MAX = 512 * 1024 * 1024;
/**
 * A table costs a database some milliseconds and up to 64 KiB a column, whatever is in it. A record of tables has a
 * handful.
 */
export const VALUE_OBJECTS_MAX = 1_000;

export const defaultValueLimits: ValueLimits = {
  depthMax: VALUE_DEPTH_MAX,
  itemsMax: VALUE_ITEMS_MAX,
  structureBytesMax: VALUE_STRUCTURE_BYTES_MAX,
  memoryBytesMax: VALUE_MEMORY_BYTES_MAX,
  heapBytesMax: VALUE_HEAP_BYTES_MAX,
  objectsMax: VALUE_OBJECTS_MAX,
};
