/**
 * The oblivious pseudorandom function of one bucket, from its vector OLE: what the receiver sends for its inputs, and
 * the value of any input at either party. The values of both are the same just for inputs that the receiver encoded.
 */
import { createHash } from 'node:crypto';
import { InternalError } from '../../../base/errors.ts';
import type { Random } from '../../../contracts/random.ts';
import type { OkvsShape } from '../../okvs/shape.ts';
import type { RowKernels } from '../../rows/row-kernel-types.ts';
import { addInto } from '../../vole/gf128.ts';
import { ENCODINGS_MAX, SEED_BYTES } from './sizes.ts';

/** What both parties know of a bucket. */
export interface OprfBucket {
  readonly encoding: OkvsShape;
  /** Of this bucket in this run: the same at both parties, in no other run. */
  readonly salt: Uint8Array;
}

/** Inputs that are looked up at once, where the encoding is for fewer: 2 MiB. */
const INPUTS_AT_ONCE = 65_536;

/** Key of a hash for a purpose, under the salt of a bucket. */
export function keyOf(salt: Uint8Array, purpose: string, seed: Uint8Array): Uint8Array {
  return createHash('sha256').update(`privity-psi rr22 ${purpose} `).update(salt).update(seed).digest();
}

/** The receiver's inputs, 32 bytes each, encoded under a seed that it draws when it has them. */
export function encodeInputs(
  kernels: RowKernels,
  { encoding, salt }: OprfBucket,
  inputs: Uint8Array,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  for (let left = ENCODINGS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const encoded = kernels.hashedBucket(encoding, keyOf(salt, 'rows', seed), inputs).encode(random);
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
 * with the number of the first, and they are zeroed after it. `inputsAt` gives the inputs from one number to another.
 */
export function evaluate(
  kernels: RowKernels,
  { encoding, salt }: OprfBucket,
  { seed, vector, times }: OprfKey,
  count: number,
  inputsAt: (from: number, to: number) => Uint8Array,
  take: (values: Uint8Array, from: number) => void,
): void {
  const key = keyOf(salt, 'rows', seed);
  const atOnce = Math.max(encoding.rows, INPUTS_AT_ONCE);
  for (let from = 0; from < count; from += atOnce) {
    const inputs = inputsAt(from, Math.min(from + atOnce, count));
    const bucket = kernels.hashedBucket(encoding, key, inputs);
    const values = bucket.values();
    const sums = bucket.decode(vector);
    if (times !== undefined) addInto(sums, times(values));
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
