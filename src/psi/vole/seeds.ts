/**
 * What the setup of a run leaves at either party, and what of it a bucket gets: seeds of its own, by a hash, so that
 * lanes can work on different buckets without talking to each other.
 */
import { createHash } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import { sharedBytes } from '../shared-bytes.ts';
import { PIECE_LEAVES, PIECES } from './noise-products.ts';
import { ELEMENT_BYTES } from './parameters.ts';

const TRANSCRIPT_BYTES = 32;
const SET_BYTES = PIECES * PIECE_LEAVES * ELEMENT_BYTES;
/** Two sets of trees, of each which leaf is missing (255: none), and the transcript. */
export const SEEDS_BYTES = TRANSCRIPT_BYTES + 2 * (SET_BYTES + PIECES);

const NONE_MISSING = 255;

/** 32 trees of 16 leaves. At the VOLE's sender one leaf of each is missing. */
export interface LeafSet {
  readonly leaves: readonly (readonly (Uint8Array | undefined)[])[];
  readonly missing: Uint8Array | undefined;
}

/** Public values of a bucket. */
export interface PublicSeeds {
  readonly rowHash: Uint8Array;
  readonly trees: readonly [Uint8Array, Uint8Array];
  readonly code: Uint8Array;
}

/** Taken over by who works on the bucket. */
export interface BucketSeeds {
  /** For the OTs that choose places. */
  readonly places: LeafSet;
  /** For the products of noise and delta. */
  readonly products: LeafSet;
  readonly open: PublicSeeds;
}

export class VoleSeeds {
  readonly #places: LeafSet;
  readonly #products: LeafSet;
  readonly #transcript: Uint8Array;
  readonly #forked = new Set<number>();

  /** Takes the seeds over. `transcript`: 32 bytes, public, the same at both and different in every run. */
  constructor(places: LeafSet, products: LeafSet, transcript: Uint8Array) {
    this.#places = places;
    this.#products = products;
    this.#transcript = transcript;
  }

  /**
   * The seeds of a bucket. A bucket that is worked on again, after a failure or with other rows, needs another number:
   * the same one gives the same noise. Copies of these seeds in several lanes are the caller's duty.
   */
  fork(bucket: number): BucketSeeds {
    invariant(
      Number.isInteger(bucket) && bucket >= 0 && bucket < 2 ** 32,
      'buckets have a number of 32 bits',
    );
    invariant(!this.#forked.has(bucket), 'a bucket has its seeds already');
    this.#forked.add(bucket);
    const open = (what: string): Uint8Array => derive(what, bucket, this.#transcript);
    return {
      places: forkSet(this.#places, 'places', bucket),
      products: forkSet(this.#products, 'products', bucket),
      open: { rowHash: open('row hash'), trees: [open('left'), open('right')], code: open('code') },
    };
  }

  /** For lanes in other threads of this party: secret, and to be zeroed when the last one has read it. */
  encode(): Uint8Array {
    const bytes = sharedBytes(SEEDS_BYTES);
    bytes.set(this.#transcript);
    let at = TRANSCRIPT_BYTES;
    for (const { leaves, missing } of [this.#places, this.#products]) {
      bytes.set(missing ?? new Uint8Array(PIECES).fill(NONE_MISSING), at);
      at += PIECES;
      for (const leaf of leaves.flat()) {
        if (leaf !== undefined) bytes.set(leaf, at);
        at += ELEMENT_BYTES;
      }
    }
    return bytes;
  }

  static decode(encoded: Uint8Array): VoleSeeds {
    const bytes = new Uint8Array(encoded);
    invariant(bytes.byteLength === SEEDS_BYTES, 'seeds of another size');
    const set = (at: number): LeafSet => {
      const missing = bytes.subarray(at, at + PIECES);
      const leaves = Array.from({ length: PIECES }, (_, tree) =>
        Array.from({ length: PIECE_LEAVES }, (_leaf, leaf) => {
          const from = at + PIECES + (tree * PIECE_LEAVES + leaf) * ELEMENT_BYTES;
          return leaf === missing[tree] ? undefined : bytes.subarray(from, from + ELEMENT_BYTES);
        }),
      );
      return { leaves, missing: missing[0] === NONE_MISSING ? undefined : missing };
    };
    const places = set(TRANSCRIPT_BYTES);
    const products = set(TRANSCRIPT_BYTES + PIECES + SET_BYTES);
    return new VoleSeeds(places, products, bytes.slice(0, TRANSCRIPT_BYTES));
  }

  destroy(): void {
    wipeSet(this.#places);
    wipeSet(this.#products);
  }
}

export function wipeSet({ leaves, missing }: LeafSet): void {
  for (const leaf of leaves.flat()) leaf?.fill(0);
  missing?.fill(0);
}

function forkSet({ leaves, missing }: LeafSet, what: string, bucket: number): LeafSet {
  // In one piece: what is as small as a leaf the engine moves about, and leaves copies behind.
  const store = new Uint8Array(SET_BYTES);
  return {
    leaves: leaves.map((tree, index) =>
      tree.map((leaf, place) => {
        if (leaf === undefined) return undefined;
        const at = (index * PIECE_LEAVES + place) * ELEMENT_BYTES;
        const into = store.subarray(at, at + ELEMENT_BYTES);
        return derive(`${what} ${index} ${place}`, bucket, leaf, into);
      }),
    ),
    missing: missing?.slice(),
  };
}

/** `from` has a fixed length for each `what`. */
function derive(
  what: string,
  bucket: number,
  from: Uint8Array,
  into = new Uint8Array(ELEMENT_BYTES),
): Uint8Array {
  const digest = createHash('sha256').update(`privity psi vole 1 ${what} ${bucket}\0`).update(from).digest();
  into.set(digest.subarray(0, ELEMENT_BYTES));
  digest.fill(0);
  return into;
}
