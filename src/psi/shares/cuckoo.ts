/**
 * Cuckoo hashing without a stash: every row of one party into a bin of its own, one of three that a hash gives it.
 *
 * Reference: Pagh and Rodler, Cuckoo hashing, J. Algorithms 51, 2004; in bins for an intersection: Pinkas, Schneider
 *   and Zohner, https://eprint.iacr.org/2016/930 and https://eprint.iacr.org/2018/579, with 1.27 bins a row where there
 *   is no stash, fitted to measured failures.
 * Differences: the three bins of a row are different ones; 1.3 bins a row and more, for which the chance of a failure
 *   has a bound that can be computed, and needs no measurement; a row is placed by the shortest chain of moves, so it
 *   fails only where no placement exists.
 * Security: where no row can fail but by chance, bins tell nothing. A seed that is drawn again tells that the rows
 *   failed under another one: a chance of at most 2^-40 in a run, all regions and tries together.
 * Needs: hashes under a seed that is drawn after the rows are fixed.
 * Flow: none; the seed is told by who draws it.
 * Cost: some 0.2 microseconds a row; 1.3 bins a row.
 *
 * The bound: if there is no placement, some k rows have k - 1 bins in all, by the theorem of Hall; in a smallest such
 * set each bin is one of two rows at least (without a bin of one row, and this row, it would be smaller). There are
 * C(n, k)·C(m, k - 1) such sets, and the chance that 3k draws are of these bins, each of them twice or more, is at most
 * min((3k)!·[z^3k](e^z - 1 - z)^(k-1), ((k - 1)(k - 2)(k - 3))^k) / (m(m - 1)(m - 2))^k, and the coefficient is at most
 * the function at any z, divided by z^3k. The sum over k from 4 is the bound; cuckoo.test.ts computes it.
 */
import { invariant } from '../../base/errors.ts';

/** Bins that a row can be in. */
export const CHOICES = 3;

/** Bytes of hash for each of them. */
const HASH_BYTES = 8;
/** Of the hash of a row that says in which bins it can be. */
export const CHOICES_BYTES = CHOICES * HASH_BYTES;

/** A bin that no row is in. */
export const EMPTY = 0xffff_ffff;

/** Seeds that are tried. All of them are counted in the chance of a failure. */
export const PLACEMENTS_MAX = 2;

/** Each try fails with a chance of at most 2^-this: 2^-40 for all tries of 512 regions. */
export const PLACEMENT_BITS = 50;

/** Few rows need more bins each; up to three rows cannot fail. */
const SMALL: readonly { readonly rows: number; readonly bins: number }[] = [
  { rows: 3, bins: 3 },
  { rows: 16, bins: 200 },
  { rows: 64, bins: 384 },
  { rows: 256, bins: 718 },
  { rows: 1024, bins: 1380 },
];

/** Bins for so many rows, or fewer. By whole numbers: both parties must come to the same. */
export function binCount(rows: number): number {
  invariant(Number.isInteger(rows) && rows >= 1, 'bins for an impossible number of rows');
  return SMALL.find((small) => rows <= small.rows)?.bins ?? Math.ceil((rows * 13) / 10) + 48;
}

/** For each hash of {@link CHOICES_BYTES} three different bins, uniform but for a part of 2^-28 of their chances. */
export function choicesOf(hashes: Uint8Array, bins: number): Uint32Array {
  const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  const choices = new Uint32Array(hashes.byteLength / HASH_BYTES);
  // 52 bits as a fraction, times the number of bins that are left.
  const below = (at: number, bound: number): number =>
    Math.floor(
      ((view.getUint32(at * HASH_BYTES, true) * 2 ** 20 +
        (view.getUint32(at * HASH_BYTES + 4, true) >>> 12)) /
        2 ** 52) *
        bound,
    );
  for (let at = 0; at < choices.length; at += CHOICES) {
    const first = below(at, bins);
    let second = below(at + 1, bins - 1);
    if (second >= first) second++;
    let third = below(at + 2, bins - 2);
    if (third >= Math.min(first, second)) third++;
    if (third >= Math.max(first, second)) third++;
    choices[at] = first;
    choices[at + 1] = second;
    choices[at + 2] = third;
  }
  return choices;
}

/**
 * For each bin the row that is in it, and which of the row's bins this is: {@link CHOICES} times the row, and that; or
 * {@link EMPTY}. Undefined if there is no placement.
 */
export function placeRows(choices: Uint32Array, bins: number): Uint32Array | undefined {
  const table = new Uint32Array(bins).fill(EMPTY);
  const search = { seen: new Uint32Array(bins), from: new Uint32Array(bins), queue: new Uint32Array(bins) };
  let isPlaced = true;
  for (let row = 0; row < choices.length / CHOICES && isPlaced; row++) {
    const free = findFree(choices, table, search, row);
    isPlaced = free !== EMPTY;
    if (isPlaced) moveUp(choices, table, search.from, row, free);
  }
  for (const secret of Object.values(search)) secret.fill(0);
  return isPlaced ? table : undefined;
}

interface Search {
  /** By bin: the last row, plus 1, whose search has seen it. */
  readonly seen: Uint32Array;
  /** By bin: that of whose row it is another choice; {@link EMPTY}: of the row that is to be placed. */
  readonly from: Uint32Array;
  readonly queue: Uint32Array;
}

/** The nearest empty bin to which rows can move up, so that one of this row's gets free. */
function findFree(
  choices: Uint32Array,
  table: Uint32Array,
  { seen, from, queue }: Search,
  row: number,
): number {
  let [head, tail] = [0, 0];
  const look = (of: number, origin: number): void => {
    for (let choice = 0; choice < CHOICES; choice++) {
      const bin = choices[CHOICES * of + choice] ?? 0;
      if (seen[bin] === row + 1) continue;
      seen[bin] = row + 1;
      from[bin] = origin;
      queue[tail++] = bin;
    }
  };
  look(row, EMPTY);
  while (head < tail) {
    const bin = queue[head++] ?? 0;
    const slot = table[bin] ?? 0;
    if (slot === EMPTY) return bin;
    look(Math.floor(slot / CHOICES), bin);
  }
  return EMPTY;
}

/** Moves each row on the way into the bin after its own, and the new one into the first. */
function moveUp(
  choices: Uint32Array,
  table: Uint32Array,
  from: Uint32Array,
  row: number,
  free: number,
): void {
  for (let bin = free; bin !== EMPTY; ) {
    const before = from[bin] ?? EMPTY;
    const moved = before === EMPTY ? row : Math.floor((table[before] ?? 0) / CHOICES);
    const choice = choices.subarray(CHOICES * moved, CHOICES * (moved + 1)).indexOf(bin);
    table[bin] = CHOICES * moved + choice;
    bin = before;
  }
}
