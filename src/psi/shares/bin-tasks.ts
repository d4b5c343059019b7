/** The steps of a bucket of bins that are worth a thread: see rr22's (protocols/rr22/bucket-tasks.ts). */
import { tasks as oprfTasks } from '../protocols/rr22/bucket-tasks.ts';
import type { Lane } from '../protocols/rr22/lane.ts';
import { encodeInputs } from '../protocols/rr22/oprf.ts';
import { seededRandom } from '../protocols/rr22/seeded-random.ts';
import { SEED_BYTES } from '../protocols/rr22/sizes.ts';
import { addInto } from '../vole/gf128.ts';
import {
  type BinsInput,
  makeHints,
  openHints,
  oprfInputs,
  type Placement,
  type Places,
  placeInBins,
  type RegionRows,
  rowChoices,
  slotsOfChoices,
  slotsOfRows,
  valuesAt,
} from './bin-work.ts';

export interface PlaceTask {
  readonly region: RegionRows;
  /** Of what this party draws in the region, or the bucket. */
  readonly seed: Uint8Array;
  /** Written. */
  readonly places: Places;
}

export interface EncodeTask {
  readonly transfers: Uint8Array;
  readonly input: BinsInput;
  readonly seed: Uint8Array;
  readonly second: Uint8Array;
  /** Of the rows in this bucket. */
  readonly placed: Placement;
  /** Written: what the holder keeps until the hints have come. */
  readonly kept: Uint8Array;
}

export interface OpenTask {
  readonly input: BinsInput;
  readonly placed: Placement;
  /** Of the vector. */
  readonly encodingSeed: Uint8Array;
  readonly kept: Uint8Array;
  readonly hints: Uint8Array;
}

export interface HintTask {
  readonly input: BinsInput;
  readonly seed: Uint8Array;
  readonly delta: Uint8Array;
  readonly kept: Uint8Array;
  readonly vector: Uint8Array;
}

export const tasks = {
  split: oprfTasks.split,
  begin: oprfTasks.begin,
  answer: oprfTasks.answer,

  /** Gives the seed. */
  place(lane: Lane, { region, seed, places }: PlaceTask): Uint8Array {
    return placeInBins(lane.rows, region, places, seededRandom(seed, 'bins'));
  },

  /** Gives the vector for the other party. */
  encode(lane: Lane, { transfers, input, seed, second, placed, kept }: EncodeTask): Uint8Array {
    const { a, c } = lane.voleReceiver(input, transfers).finish(second);
    kept.set(c);
    const slots = slotsOfChoices(placed.choiceOf);
    const made = encodeInputs(oprfInputs(lane.rows, input, slots), seededRandom(seed, 'encoding'));
    addInto(made.encoding, a);
    for (const secret of [a, c, slots]) secret.fill(0);
    const vector = new Uint8Array(input.sizes.vector);
    vector.set(placed.seed);
    vector.set(made.seed, SEED_BYTES);
    vector.set(made.encoding, 2 * SEED_BYTES);
    return vector;
  },

  hint(lane: Lane, { input, seed, delta, kept, vector }: HintTask): Uint8Array {
    const region = { ...input, salt: input.region.salt, bins: input.sizes.bins };
    const choices = rowChoices(lane.rows, region, vector.subarray(0, SEED_BYTES));
    const oprf = lane.oprfSender({ delta, kept }, vector.subarray(SEED_BYTES));
    const values = valuesAt(lane.rows, input, oprf, slotsOfRows(input.rows.length));
    const hints = makeHints(lane.rows, input, { choices, values }, seededRandom(seed, 'hints'));
    for (const secret of [oprf.vector, values, choices]) secret.fill(0);
    return hints;
  },

  /** Into the lanes. */
  open(lane: Lane, { input, placed, encodingSeed, kept, hints }: OpenTask): void {
    const slots = slotsOfChoices(placed.choiceOf);
    const values = valuesAt(lane.rows, input, { seed: encodingSeed, vector: kept }, slots);
    openHints(lane.rows, input, { binOf: placed.binOf, values, hints });
    for (const secret of [values, slots]) secret.fill(0);
  },
} as const;
