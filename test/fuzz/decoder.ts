import type { DecodeBound } from '../../src/base/decode-bound.ts';
import type { ErrorCode } from '../../src/base/error-catalogue.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';

/** How a format is changed so that the change gets past the first check: see `mutate.ts`. */
export type Format = 'bytes' | 'protobuf' | 'cbor' | 'arrow' | 'text';

/** Who may have written what a decoder reads. */
export type Author = 'a stranger' | 'a peer' | "a partner's code" | 'whoever wrote a file';

export interface Decoder {
  readonly name: string;
  readonly author: Author;
  /** The functions that it stands for, `FILE NAME`, below src/. */
  readonly functions: readonly string[];
  readonly bound: DecodeBound;
  readonly format: Format;
  /** Length of inputs that are made of others at most, where a decoder is slow. */
  readonly inputBytesMax?: number;
  /** With what it refuses. Everything else that is thrown is a finding. */
  readonly codes: readonly ErrorCode[];
  /** Bytes that an honest sender could have made. */
  valid(random: SeededRandom): Uint8Array;
  /** Takes the bytes, or throws. What it resolves with is held until memory has been measured. */
  decode(bytes: Uint8Array): unknown;
  /** About so many bytes that cost as much as is known to be possible: each kind of bomb, one. */
  hostile(bytes: number): readonly Uint8Array[];
}

/** `part` as often as fits into so many bytes, `head` before it and `tail` behind it. */
export function repeated(
  part: Uint8Array | string,
  bytes: number,
  head: Uint8Array | string = '',
  tail: Uint8Array | string = '',
): Uint8Array {
  const [first, middle, last] = [Buffer.from(head), Buffer.from(part), Buffer.from(tail)];
  const count = Math.max(1, Math.floor((bytes - first.length - last.length) / middle.length));
  return Buffer.concat([first, ...Array<Buffer>(count).fill(middle), last]);
}

/** Bytes that a generator gives. */
export function someBytes(random: SeededRandom, bytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, () => random.below(256));
}

/** So many items, each made anew. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
