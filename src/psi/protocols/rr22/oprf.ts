/**
 * The oblivious pseudorandom function of one bucket, from its vector OLE: what the receiver sends for its inputs, and
 * the value of any input at either party. The values of both are the same just for inputs that the receiver encoded.
 */
import { createHash } from 'node:crypto';
import { InternalError } from '../../../base/errors.ts';
import type { Random } from '../../../contracts/random.ts';
import type { RowBucket } from '../../rows/row-kernel-types.ts';
import { addInto } from '../../vole/gf128.ts';
import { ENCODINGS_MAX, SEED_BYTES } from './sizes.ts';

/** What the function is asked for in a bucket: 32 bytes for each input. */
export interface OprfInputs {
  /** Of this bucket in this run: the same at both parties, in no other run. */
  readonly salt: Uint8Array;
  readonly count: number;
  /** Those from one number to another, hashed under a key, in the shape of the bucket's encoding. */
  hashed(key: Uint8Array, from: number, to: number): RowBucket;
}

/** Inputs that are looked up at once, where the encoding is for fewer: 2 MiB. */
const INPUTS_AT_ONCE = 65_536;

/** Key of a hash for a purpose, under the salt of a bucket. */
export function keyOf(salt: Uint8Array, purpose: string, seed: Uint8Array): Uint8Array {
  return createHash('sha256').update(`privity-psi rr22 ${purpose} `).update(salt).update(seed).digest();
}

/** The receiver's inputs, encoded under a seed that it draws when it has them. */
export function encodeInputs(
  { salt, count, hashed }: OprfInputs,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  for (let left = ENCODINGS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const encoded = hashed(keyOf(salt, 'rows', seed), 0, count).encode(random);
    if (encoded !== undefined) return { seed, encoding: encoded };
  }
  throw new InternalError('ids could not be encoded, which chance alone makes rarer than 2^-40');
}

/** How a party has the function: by its vector; `times` at the sender, which takes delta times a value away. */
export interface OprfKey {
  /** Of the encoding. */
  readonly seed: Uint8Array;
  readonly vector: Uint8Array;
  times?(values: Uint8Array): Uint8Array;
}

/**
 * The function's value for each of so many inputs at a time, 32 bytes that are to be hashed once more: `take` gets them
 * with the number of the first, and they are zeroed after it. `encoded`: inputs for which the encoding is.
 */
export function evaluate(
  { salt, count, hashed }: OprfInputs,
  encoded: number,
  { seed, vector, times }: OprfKey,
  take: (values: Uint8Array, from: number) => void,
): void {
  const key = keyOf(salt, 'rows', seed);
  const atOnce = Math.max(encoded, INPUTS_AT_ONCE);
  for (let from = 0; from < count; from += atOnce) {
    const bucket = hashed(key, from, Math.min(from + atOnce, count));
    const values = bucket.values();
    const sums = bucket.decode(vector);
    if (times !== undefined) {
      const products = times(values);
      addInto(sums, products);
      products.fill(0);
    }
    const pairs = pairUp(sums, values);
    take(pairs, from);
    for (const secret of [sums, values, pairs]) secret.fill(0);
  }
}

/** A block of each, in turn. */
function pairUp(first: Uint8Array, second: Uint8Array): Uint8Array {
  const [a, b] = [wordsOf(first), wordsOf(second)];
  const pairs = new Uint32Array(2 * a.length);
  for (let at = 0; at < a.length; at += 4) {
    for (let word = 0; word < 4; word++) {
      pairs[2 * at + word] = a[at + word] ?? 0;
      pairs[2 * at + 4 + word] = b[at + word] ?? 0;
    }
  }
  return new Uint8Array(pairs.buffer);
}

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength / 4);
