/**
 * For a few elements y of GF(2^128) that one party has, and a fixed delta of the other: shares of delta·y.
 *
 * Reference: Roy, SoftSpokenOT, CRYPTO 2022, https://eprint.iacr.org/2022/192, section 3: the VOLE over a small field
 *   from trees of 2^4 leaves, of which the holder of delta lacks one each.
 * Differences: leaves give elements of GF(2^128) instead of bits, and the numbers 0 … 15 of leaves are polynomials of
 *   degree below 4 in it; the 32 pieces of delta are put together by powers of x^4. No consistency check (semi-honest).
 * Security: semi-honest; AES pseudorandom. All that is sent is masked by streams of leaves that their receiver lacks.
 * Needs: 32 trees (setup.ts), whose streams serve for one bucket only.
 * Flow: in tree i both add up the leaves' streams, once plain (u) and once each times its number: w = v + delta_i·u.
 *       The owner of y takes u of the first tree for y and sends u + y for the others; w is corrected by delta_i times
 *       that, and sum(x^(4i)·w_i) = sum(x^(4i)·v_i) + delta·y.
 * Cost: 31 · 16 bytes an element, by the owner of y. 128 correlated OTs would cost 128 · 16.
 */
import { createCipheriv } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import { timesX } from './gf128.ts';
import { ELEMENT_BYTES } from './parameters.ts';

/** Bits of delta in a tree. */
export const PIECE_BITS = 4;
export const PIECES = (8 * ELEMENT_BYTES) / PIECE_BITS;
export const PIECE_LEAVES = 2 ** PIECE_BITS;

const WORDS = ELEMENT_BYTES / 4;

export function productBytes(count: number): number {
  return (PIECES - 1) * count * ELEMENT_BYTES;
}

type Leaves = readonly (readonly (Uint8Array | undefined)[])[];

/** Random y, and the other share of delta·y. Writes the message for the holder of delta. */
export function ownNoise(
  leaves: Leaves,
  count: number,
  message: Uint8Array,
): { readonly y: Uint8Array; readonly share: Uint8Array } {
  invariant(message.byteLength === productBytes(count), 'a message of another size');
  const y = new Uint32Array(WORDS * count);
  const share = new Uint32Array(WORDS * count);
  const corrections = new Uint32Array(message.byteLength / 4);
  const zeros = new Uint8Array(count * ELEMENT_BYTES);
  // From the highest piece down, so that each step moves what is there by x.
  for (let piece = PIECES - 1; piece >= 0; piece--) {
    const sums = pieceSums(leaves[piece] ?? [], 0, zeros);
    moveAndAdd(share, sums.planes);
    if (piece === 0) y.set(sums.plain);
    else corrections.set(sums.plain, (piece - 1) * WORDS * count);
    wipe([sums.plain, ...sums.planes]);
  }
  for (let at = 0; at < corrections.length; at++) {
    corrections[at] = (corrections[at] as number) ^ (y[at % y.length] as number);
  }
  message.set(bytesOf(corrections));
  return { y: bytesOf(y), share: bytesOf(share) };
}

/** The holder of delta: its share of delta·y. `missing` has the piece of delta for each tree. */
export function deltaShare(
  leaves: Leaves,
  missing: Uint8Array,
  count: number,
  message: Uint8Array,
): Uint8Array {
  invariant(message.byteLength === productBytes(count), 'a message of another size');
  const corrections = new Uint32Array(new Uint8Array(message).buffer);
  const share = new Uint32Array(WORDS * count);
  const zeros = new Uint8Array(count * ELEMENT_BYTES);
  for (let piece = PIECES - 1; piece >= 0; piece--) {
    const delta = missing[piece] as number;
    // Counted from the missing leaf, which then is number 0 and counts nowhere.
    const sums = pieceSums(leaves[piece] ?? [], delta, zeros);
    if (piece > 0) {
      const correction = corrections.subarray((piece - 1) * WORDS * count, piece * WORDS * count);
      for (const [bit, plane] of sums.planes.entries()) addMasked(plane, correction, -((delta >> bit) & 1));
    }
    moveAndAdd(share, sums.planes);
    wipe([sums.plain, ...sums.planes]);
  }
  return bytesOf(share);
}

/** Delta, put together from the leaves that are missing. */
export function deltaOf(missing: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: ELEMENT_BYTES },
    (_, at) => (missing[2 * at] as number) | ((missing[2 * at + 1] as number) << PIECE_BITS),
  );
}

/**
 * The sum of all streams, and for each bit of the leaves' numbers that of the leaves that have it: by pairs, so that
 * each is read once.
 */
function pieceSums(
  leaves: readonly (Uint8Array | undefined)[],
  offset: number,
  zeros: Uint8Array,
): { readonly plain: Uint32Array; readonly planes: readonly Uint32Array[] } {
  invariant(leaves.length === PIECE_LEAVES, 'trees of another size');
  const sums = leaves.map((_, number) => {
    const seed = leaves[number ^ offset];
    return seed === undefined ? new Uint32Array(zeros.byteLength / 4) : streamOf(seed, zeros);
  });
  const planes = Array.from({ length: PIECE_BITS }, (_, bit) => {
    const plane = new Uint32Array(zeros.byteLength / 4);
    for (let even = 0; even < PIECE_LEAVES; even += 2 << bit) {
      const odd = sums[even + (1 << bit)] as Uint32Array;
      addMasked(plane, odd, -1);
      addMasked(sums[even] as Uint32Array, odd, -1);
      odd.fill(0);
    }
    return plane;
  });
  return { plain: sums[0] as Uint32Array, planes };
}

function streamOf(seed: Uint8Array, zeros: Uint8Array): Uint32Array {
  const cipher = createCipheriv('aes-128-ctr', seed, new Uint8Array(16));
  const made = cipher.update(zeros);
  cipher.final();
  if (made.byteOffset % 4 === 0) return new Uint32Array(made.buffer, made.byteOffset, made.byteLength / 4);
  const stream = new Uint32Array(new Uint8Array(made).buffer);
  made.fill(0);
  return stream;
}

/** target·x^4 + the sum of plane_b·x^b. */
function moveAndAdd(target: Uint32Array, planes: readonly Uint32Array[]): void {
  for (let at = 0; at < target.length; at += WORDS) {
    for (let bit = PIECE_BITS - 1; bit >= 0; bit--) {
      const plane = planes[bit] as Uint32Array;
      timesX(target, at);
      for (let word = at; word < at + WORDS; word++) {
        target[word] = (target[word] as number) ^ (plane[word] as number);
      }
    }
  }
}

function addMasked(target: Uint32Array, addend: Uint32Array, mask: number): void {
  for (let at = 0; at < target.length; at++) {
    target[at] = (target[at] as number) ^ ((addend[at] as number) & mask);
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function wipe(secrets: readonly Uint32Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
