/** The arithmetic of the bins of one bucket, for a worker thread or the calling one. */
import { InternalError } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { OKVS_ROW_BYTES } from '../okvs/shape.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import type { VoleBucket } from '../protocols/rr22/lane.ts';
import { evaluate, keyOf, type OprfBucket, type OprfKey } from '../protocols/rr22/oprf.ts';
import { ENCODINGS_MAX, SEED_BYTES } from '../protocols/rr22/sizes.ts';
import { gather } from '../protocols/rr22/split.ts';
import type { RowKernels } from '../rows/row-kernel-types.ts';
import { CHOICES, CHOICES_BYTES, choicesOf, EMPTY, PLACEMENTS_MAX, placeRows } from './cuckoo.ts';
import { type BinsSizes, BLOCK_LANES, blockBytes, laneWords } from './plan.ts';

/** What is different in each bucket. */
export interface BinsInput extends VoleBucket {
  readonly sizes: BinsSizes;
  /** All own ids, and the rows of those in this bucket. */
  readonly ids: Uint8Array;
  readonly rows: Uint32Array;
  /** Of this bucket in this run: the same at both parties, in no other run. */
  readonly salt: Uint8Array;
  /** Of the party that holds no bins: its columns for these rows, one after the other. Two words a value, low first. */
  readonly payload: Uint32Array;
}

/** Bytes of the function's value, before it is hashed for its use. */
const VALUE_BYTES = 32;
const ROW_WORDS = OKVS_ROW_BYTES / 4;

export const oprfBucket = ({ sizes, salt }: BinsInput): OprfBucket => ({ encoding: sizes.encoding, salt });

/** The bins of each row in this bucket, under a seed. */
export function rowChoices(kernels: RowKernels, input: BinsInput, seed: Uint8Array): Uint32Array {
  const { ids, rows, salt, sizes } = input;
  const hashes = kernels.hashRows(keyOf(salt, 'bins', seed), gather(ids, rows), CHOICES_BYTES);
  const choices = choicesOf(hashes, sizes.bins);
  hashes.fill(0);
  return choices;
}

/** Every row in a bin, under a seed that is drawn when they are known. */
export function placeInBins(
  kernels: RowKernels,
  input: BinsInput,
  random: Random,
): { readonly seed: Uint8Array; readonly table: Uint32Array } {
  for (let left = PLACEMENTS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const choices = rowChoices(kernels, input, seed);
    const table = placeRows(choices, input.sizes.bins);
    choices.fill(0);
    if (table !== undefined) return { seed, table };
  }
  throw new InternalError('rows do not fit their bins, which chance alone makes rarer than 2^-40');
}

/**
 * The function's inputs for some slots, each {@link CHOICES} times a place among `rows`, and which of its bins is
 * meant: the id without its last byte, in place of which this stands. 31 bytes of SHA-256 tell ids apart.
 */
export function inputsOf({ ids, rows }: BinsInput, slots: Uint32Array): Uint8Array {
  const owners = new Uint32Array(slots.length);
  for (let at = 0; at < slots.length; at++) owners[at] = rows[Math.floor((slots[at] ?? 0) / CHOICES)] ?? 0;
  const inputs = gather(ids, owners);
  for (let at = 0; at < slots.length; at++) inputs[ID_BYTES * (at + 1) - 1] = (slots[at] ?? 0) % CHOICES;
  owners.fill(0);
  return inputs;
}

/** The slots that are in a bin, in the order of bins. */
export function slotsOf(table: Uint32Array): Uint32Array {
  const slots = new Uint32Array(table.length);
  let count = 0;
  for (let bin = 0; bin < table.length; bin++) {
    const slot = table[bin] ?? EMPTY;
    if (slot !== EMPTY) slots[count++] = slot;
  }
  return slots.subarray(0, count);
}

/** All slots of so many rows. */
export function slotsOfRows(rows: number): Uint32Array {
  const slots = new Uint32Array(CHOICES * rows);
  for (let slot = 0; slot < slots.length; slot++) slots[slot] = slot;
  return slots;
}

/** The function's value for each of these slots. */
export function valuesAt(
  kernels: RowKernels,
  input: BinsInput,
  oprf: OprfKey,
  slots: Uint32Array,
): Uint8Array {
  const values = new Uint8Array(VALUE_BYTES * slots.length);
  const inputsAt = (from: number, to: number): Uint8Array => inputsOf(input, slots.subarray(from, to));
  evaluate(kernels, oprfBucket(input), oprf, slots.length, inputsAt, (some, from) =>
    values.set(some, VALUE_BYTES * from),
  );
  return values;
}

/** By slot of the party without bins: its bin, and the function's value; and the lanes of all bins. */
interface ToHint {
  readonly choices: Uint32Array;
  readonly values: Uint8Array;
  readonly lanes: Uint32Array;
}

/**
 * What the party without bins sends. For each slot of its rows, by the function's value there: the word of the slot's
 * bin, and each column less the bin's share of it.
 */
export function makeHints(
  kernels: RowKernels,
  input: BinsInput,
  { choices, values, lanes }: ToHint,
  random: Random,
): Uint8Array {
  const { hints: shape, blocks, hintsBytes } = input.sizes;
  const hints = new Uint8Array(hintsBytes);
  for (let block = 0; block < blocks; block++) {
    const at = block * blockBytes(shape);
    const { seed, encoding } = encodeBlock(kernels, input, { choices, values, lanes }, block, random);
    hints.set(seed, at);
    hints.set(encoding, at + SEED_BYTES);
  }
  return hints;
}

function encodeBlock(
  kernels: RowKernels,
  input: BinsInput,
  { choices, values, lanes }: ToHint,
  block: number,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  for (let left = ENCODINGS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const rows = kernels.hashRows(blockKey(input, block, seed), values, OKVS_ROW_BYTES);
    addLanes(rows, input, choices, lanes, block);
    const encoding = kernels.bucket(input.sizes.hints, rows).encode(random);
    rows.fill(0);
    if (encoding !== undefined) return { seed, encoding };
  }
  throw new InternalError('hints could not be encoded, which chance alone makes rarer than 2^-40');
}

/** Adds what the hints say to the values of the rows, which hide it. */
function addLanes(
  rows: Uint8Array,
  { sizes, payload }: BinsInput,
  choices: Uint32Array,
  lanes: Uint32Array,
  block: number,
): void {
  const words = new Uint32Array(rows.buffer, rows.byteOffset, rows.byteLength / 4);
  const owned = choices.length / CHOICES;
  for (let half = 0; half < BLOCK_LANES; half++) {
    const lane = BLOCK_LANES * block + half;
    const ofBins = lanes.subarray(lane * 2 * sizes.bins, (lane + 1) * 2 * sizes.bins);
    const isColumn = lane >= 1 && lane <= sizes.columns;
    const column = payload.subarray((lane - 1) * 2 * owned, lane * 2 * owned);
    for (let slot = 0; slot < choices.length; slot++) {
      const bin = choices[slot] ?? 0;
      let low = ofBins[2 * bin] ?? 0;
      let high = ofBins[2 * bin + 1] ?? 0;
      if (isColumn) {
        const row = Math.floor(slot / CHOICES);
        const value = column[2 * row] ?? 0;
        const borrow = value < low ? 1 : 0;
        low = value - low;
        high = (column[2 * row + 1] ?? 0) - high - borrow;
      }
      const at = ROW_WORDS * slot + 2 * half;
      words[at] = (words[at] ?? 0) ^ low;
      words[at + 1] = (words[at + 1] ?? 0) ^ high;
    }
  }
}

interface ToOpen {
  readonly table: Uint32Array;
  /** Of the slots in the bins, in the order of bins. */
  readonly values: Uint8Array;
  readonly hints: Uint8Array;
}

/** The holder's lanes: what the hints say at the slot in each bin, and what is drawn for bins without one. */
export function openHints(
  kernels: RowKernels,
  input: BinsInput,
  { table, values, hints }: ToOpen,
  random: Random,
): Uint32Array {
  const { hints: shape, blocks, bins } = input.sizes;
  const lanes = drawLanes(input.sizes, random);
  for (let block = 0; block < blocks; block++) {
    const message = hints.subarray(block * blockBytes(shape), (block + 1) * blockBytes(shape));
    const key = blockKey(input, block, message.subarray(0, SEED_BYTES));
    const bucket = kernels.hashedBucket(shape, key, values);
    const own = bucket.values();
    const said = bucket.decode(message.subarray(SEED_BYTES));
    const [mask, masked] = [own, said].map((bytes) => new Uint32Array(bytes.buffer)) as [
      Uint32Array,
      Uint32Array,
    ];
    let at = 0;
    for (let bin = 0; bin < bins; bin++) {
      if (table[bin] === EMPTY) continue;
      for (let half = 0; half < BLOCK_LANES; half++) {
        const lane = (BLOCK_LANES * block + half) * 2 * bins + 2 * bin;
        for (let word = 0; word < 2; word++, at++) lanes[lane + word] = (mask[at] ?? 0) ^ (masked[at] ?? 0);
      }
    }
    for (const secret of [own, said]) secret.fill(0);
  }
  return lanes;
}

/**
 * Lanes of words, two words of 32 bits for each bin, lane after lane: the word that tells a match, the columns, and up
 * to a whole block what means nothing. All 64 bits of each are random: a bit that both know would tell the holder,
 * which sees it only where a row matches, that one does.
 */
export function drawLanes(sizes: BinsSizes, random: Random): Uint32Array {
  const drawn = random.bytes(4 * laneWords(sizes));
  return new Uint32Array(drawn.buffer, drawn.byteOffset, drawn.byteLength / 4);
}

const blockKey = ({ salt }: BinsInput, block: number, seed: Uint8Array): Uint8Array =>
  keyOf(salt, `hints ${block}`, seed);
