/** The arithmetic of the bins of one bucket, for a worker thread or the calling one. */
import { InternalError } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { OKVS_ROW_BYTES } from '../okvs/shape.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import type { VoleBucket } from '../protocols/rr22/lane.ts';
import { evaluate, keyOf, type OprfInputs, type OprfKey } from '../protocols/rr22/oprf.ts';
import { ENCODINGS_MAX, SEED_BYTES } from '../protocols/rr22/sizes.ts';
import { gathered } from '../rows/gather.ts';
import type { RowKernels } from '../rows/row-kernel-types.ts';
import { addInto } from '../vole/gf128.ts';
import { CHOICES, CHOICES_BYTES, choicesOf, EMPTY, PLACEMENTS_MAX, placeRows } from './cuckoo.ts';
import { type BinsSizes, BLOCK_LANES, blockBytes } from './plan.ts';

/** What is different in each bucket. */
export interface BinsInput extends VoleBucket {
  readonly sizes: BinsSizes;
  /** All own ids, and the rows of those in this bucket. */
  readonly ids: Uint8Array;
  readonly rows: Uint32Array;
  /** Of this bucket in this run: the same at both parties, in no other run. */
  readonly salt: Uint8Array;
  readonly region: Region;
  /** Of all bins: see lanes.ts. */
  readonly lanes: Uint32Array;
  /** Of the party that holds no bins: its columns for these rows, one after the other. Two words a value, low first. */
  readonly payload: Uint32Array;
}

/** The bins in which rows of a bucket can be. */
export interface Region {
  /** As of a bucket. */
  readonly salt: Uint8Array;
  /** The number of its first bin among all. */
  readonly firstBin: number;
}

/** Bytes of the function's value, before it is hashed for its use. */
const VALUE_BYTES = 32;
const ROW_WORDS = OKVS_ROW_BYTES / 4;

/** Rows that can be in the bins of a region. */
export interface RegionRows {
  readonly ids: Uint8Array;
  readonly rows: Uint32Array;
  readonly salt: Uint8Array;
  readonly bins: number;
}

/** The bins of each row, {@link CHOICES} of them, under a seed. */
export function rowChoices(
  kernels: RowKernels,
  { ids, rows, salt, bins }: RegionRows,
  seed: Uint8Array,
): Uint32Array {
  const inputs = gathered(ids, rows);
  const hashes = kernels.hashRows(keyOf(salt, 'bins', seed), inputs, CHOICES_BYTES);
  const choices = choicesOf(hashes, bins);
  for (const secret of [inputs, hashes]) secret.fill(0);
  return choices;
}

/** Where rows are: for each its bin, and which of its choices this is. Secret. */
export interface Places {
  readonly binOf: Uint32Array;
  readonly choiceOf: Uint8Array;
}

export interface Placement extends Places {
  /** Public. */
  readonly seed: Uint8Array;
}

/** Every row in a bin, under a seed that is drawn when they are known. Gives the seed; `into` is written. */
export function placeInBins(
  kernels: RowKernels,
  region: RegionRows,
  into: Places,
  random: Random,
): Uint8Array {
  for (let left = PLACEMENTS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const choices = rowChoices(kernels, region, seed);
    const table = placeRows(choices, region.bins);
    choices.fill(0);
    if (table === undefined) continue;
    writePlaces(table, into);
    return seed;
  }
  throw new InternalError('rows do not fit their bins, which chance alone makes rarer than 2^-40');
}

function writePlaces(table: Uint32Array, { binOf, choiceOf }: Places): void {
  for (let bin = 0; bin < table.length; bin++) {
    const slot = table[bin] ?? EMPTY;
    if (slot === EMPTY) continue;
    const row = Math.floor(slot / CHOICES);
    binOf[row] = bin;
    choiceOf[row] = slot % CHOICES;
  }
  table.fill(0);
}

/**
 * The function's inputs for some slots, each {@link CHOICES} times a place among `rows`, and which of its bins is
 * meant: the id without its last byte, in place of which this stands. 31 bytes of SHA-256 tell ids apart.
 */
function inputsOf({ ids, rows }: BinsInput, slots: Uint32Array): Uint8Array {
  const owners = new Uint32Array(slots.length);
  for (let at = 0; at < slots.length; at++) owners[at] = rows[Math.floor((slots[at] ?? 0) / CHOICES)] ?? 0;
  const inputs = gathered(ids, owners);
  for (let at = 0; at < slots.length; at++) inputs[ID_BYTES * (at + 1) - 1] = (slots[at] ?? 0) % CHOICES;
  owners.fill(0);
  return inputs;
}

/** What the function is asked for: an input for each of these slots. */
export function oprfInputs(kernels: RowKernels, input: BinsInput, slots: Uint32Array): OprfInputs {
  return {
    salt: input.salt,
    count: slots.length,
    hashed(key, from, to) {
      const inputs = inputsOf(input, slots.subarray(from, to));
      const bucket = kernels.hashedBucket(input.sizes.encoding, key, inputs);
      inputs.fill(0);
      return bucket;
    },
  };
}

/** One slot of each row: that of its bin. */
export function slotsOfChoices(choiceOf: Uint8Array): Uint32Array {
  const slots = new Uint32Array(choiceOf.length);
  for (let row = 0; row < slots.length; row++) slots[row] = CHOICES * row + (choiceOf[row] ?? 0);
  return slots;
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
  evaluate(oprfInputs(kernels, input, slots), input.sizes.encoding.rows, oprf, (some, from) =>
    values.set(some, VALUE_BYTES * from),
  );
  return values;
}

/** By slot of the party without bins: its bin in the region, and the function's value. */
interface ToHint {
  readonly choices: Uint32Array;
  readonly values: Uint8Array;
}

/**
 * What the party without bins sends. For each slot of its rows, by the function's value there: the word of the slot's
 * bin, and each column less the bin's share of it; up to a whole block what is drawn, for what zeros would tell.
 */
export function makeHints(kernels: RowKernels, input: BinsInput, given: ToHint, random: Random): Uint8Array {
  const { hints: shape, blocks, hintsBytes } = input.sizes;
  const hints = new Uint8Array(hintsBytes);
  for (let block = 0; block < blocks; block++) {
    const at = block * blockBytes(shape);
    const { seed, encoding } = encodeBlock(kernels, input, given, block, random);
    hints.set(seed, at);
    hints.set(encoding, at + SEED_BYTES);
  }
  return hints;
}

function encodeBlock(
  kernels: RowKernels,
  input: BinsInput,
  { choices, values }: ToHint,
  block: number,
  random: Random,
): { readonly seed: Uint8Array; readonly encoding: Uint8Array } {
  for (let left = ENCODINGS_MAX; left > 0; left--) {
    const seed = random.bytes(SEED_BYTES);
    const rows = kernels.hashRows(blockKey(input, block, seed), values, OKVS_ROW_BYTES);
    const words = new Uint32Array(rows.buffer, rows.byteOffset, rows.byteLength / 4);
    for (let half = 0; half < BLOCK_LANES; half++) {
      const lane = BLOCK_LANES * block + half;
      if (lane <= input.sizes.columns) addLane(words, input, choices, lane);
      else addDrawn(words, 2 * half, random);
    }
    const encoding = kernels.bucket(input.sizes.hints, rows).encode(random);
    rows.fill(0);
    if (encoding !== undefined) return { seed, encoding };
  }
  throw new InternalError('hints could not be encoded, which chance alone makes rarer than 2^-40');
}

/** Adds what the hints say to the values of the rows, which hide it. */
function addLane(rows: Uint32Array, input: BinsInput, choices: Uint32Array, lane: number): void {
  const { sizes, region, lanes, payload } = input;
  const first = 2 * (lane * sizes.allBins + region.firstBin);
  const ofBins = lanes.subarray(first, first + 2 * sizes.bins);
  const owned = choices.length / CHOICES;
  const column = lane === 0 ? undefined : payload.subarray((lane - 1) * 2 * owned, lane * 2 * owned);
  for (let slot = 0; slot < choices.length; slot++) {
    const bin = choices[slot] ?? 0;
    let low = ofBins[2 * bin] ?? 0;
    let high = ofBins[2 * bin + 1] ?? 0;
    if (column !== undefined) {
      const row = Math.floor(slot / CHOICES);
      const value = column[2 * row] ?? 0;
      const borrow = value < low ? 1 : 0;
      low = value - low;
      high = (column[2 * row + 1] ?? 0) - high - borrow;
    }
    const at = ROW_WORDS * slot + 2 * (lane % BLOCK_LANES);
    rows[at] = (rows[at] ?? 0) ^ low;
    rows[at + 1] = (rows[at + 1] ?? 0) ^ high;
  }
}

function addDrawn(rows: Uint32Array, word: number, random: Random): void {
  const count = rows.length / ROW_WORDS;
  const drawn = new Uint32Array(random.bytes(8 * count).buffer);
  for (let row = 0; row < count; row++) {
    const at = ROW_WORDS * row + word;
    rows[at] = (rows[at] ?? 0) ^ (drawn[2 * row] ?? 0);
    rows[at + 1] = (rows[at + 1] ?? 0) ^ (drawn[2 * row + 1] ?? 0);
  }
  drawn.fill(0);
}

/** What a block of the hints says at the function's value for each row: {@link BLOCK_LANES} lanes of two words. */
export function openBlock(
  kernels: RowKernels,
  input: BinsInput,
  values: Uint8Array,
  hints: Uint8Array,
  block: number,
): Uint32Array {
  const { hints: shape } = input.sizes;
  const message = hints.subarray(block * blockBytes(shape), (block + 1) * blockBytes(shape));
  const bucket = kernels.hashedBucket(shape, blockKey(input, block, message.subarray(0, SEED_BYTES)), values);
  const own = bucket.values();
  const said = bucket.decode(message.subarray(SEED_BYTES));
  addInto(said, own);
  own.fill(0);
  return new Uint32Array(said.buffer, said.byteOffset, said.byteLength / 4);
}

/** Takes what the hints say into the lanes of the holder: `binOf` has each row's bin in the region. */
export function openHints(
  kernels: RowKernels,
  input: BinsInput,
  {
    binOf,
    values,
    hints,
  }: { readonly binOf: Uint32Array; readonly values: Uint8Array; readonly hints: Uint8Array },
): void {
  const { blocks, columns, allBins } = input.sizes;
  for (let block = 0; block < blocks; block++) {
    const said = openBlock(kernels, input, values, hints, block);
    for (let half = 0; half < BLOCK_LANES && BLOCK_LANES * block + half <= columns; half++) {
      const first = (BLOCK_LANES * block + half) * allBins + input.region.firstBin;
      for (let row = 0; row < binOf.length; row++) {
        const to = 2 * (first + (binOf[row] ?? 0));
        const from = 2 * (BLOCK_LANES * row + half);
        input.lanes[to] = said[from] ?? 0;
        input.lanes[to + 1] = said[from + 1] ?? 0;
      }
    }
    said.fill(0);
  }
}

const blockKey = ({ salt }: BinsInput, block: number, seed: Uint8Array): Uint8Array =>
  keyOf(salt, `hints ${block}`, seed);
