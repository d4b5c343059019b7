/** The steps of a bucket of bins that are worth a thread: see rr22's (protocols/rr22/bucket-tasks.ts). */
import { type Answered, tasks as oprfTasks } from '../protocols/rr22/bucket-tasks.ts';
import type { Lane } from '../protocols/rr22/lane.ts';
import { addInto, encodeInputs } from '../protocols/rr22/oprf.ts';
import { seededRandom } from '../protocols/rr22/seeded-random.ts';
import { SEED_BYTES } from '../protocols/rr22/sizes.ts';
import {
  type BinsInput,
  drawLanes,
  inputsOf,
  makeHints,
  openHints,
  oprfBucket,
  placeInBins,
  rowChoices,
  slotsOf,
  slotsOfRows,
  valuesAt,
} from './bin-work.ts';

export interface PlaceTask {
  readonly transfers: Uint8Array;
  readonly input: BinsInput;
  /** Of what this party draws in the bucket. */
  readonly seed: Uint8Array;
  readonly second: Uint8Array;
}

/** What the holder keeps until the hints have come. */
export interface Placed {
  readonly vector: Uint8Array;
  readonly kept: Uint8Array;
  /** By bin: see cuckoo.ts. */
  readonly table: Uint32Array;
}

export interface OpenTask {
  readonly input: BinsInput;
  readonly seed: Uint8Array;
  readonly placed: Placed;
  readonly hints: Uint8Array;
}

export interface HintTask {
  readonly input: BinsInput;
  readonly seed: Uint8Array;
  readonly answered: Answered;
  readonly vector: Uint8Array;
}

export const tasks = {
  split: oprfTasks.split,
  begin: oprfTasks.begin,
  answer: oprfTasks.answer,

  place(lane: Lane, { transfers, input, seed, second }: PlaceTask): Placed {
    const { a, c } = lane.voleReceiver(input, transfers).finish(second);
    const { seed: placement, table } = placeInBins(lane.rows, input, seededRandom(seed, 'bins'));
    const inputs = inputsOf(input, slotsOf(table));
    const made = encodeInputs(lane.rows, oprfBucket(input), inputs, seededRandom(seed, 'encoding'));
    addInto(made.encoding, a);
    for (const secret of [a, inputs]) secret.fill(0);
    const vector = new Uint8Array(input.sizes.vector);
    vector.set(placement);
    vector.set(made.seed, SEED_BYTES);
    vector.set(made.encoding, 2 * SEED_BYTES);
    return { vector, kept: c, table };
  },

  hint(
    lane: Lane,
    { input, seed, answered, vector }: HintTask,
  ): { readonly hints: Uint8Array; readonly lanes: Uint32Array } {
    const choices = rowChoices(lane.rows, input, vector.subarray(0, SEED_BYTES));
    const slots = slotsOfRows(input.rows.length);
    const oprf = lane.oprfSender(answered, vector.subarray(SEED_BYTES));
    const values = valuesAt(lane.rows, input, oprf, slots);
    const lanes = drawLanes(input.sizes, seededRandom(seed, 'lanes'));
    const hints = makeHints(lane.rows, input, { choices, values, lanes }, seededRandom(seed, 'hints'));
    for (const secret of [oprf.vector, values, choices]) secret.fill(0);
    return { hints, lanes };
  },

  open(lane: Lane, { input, seed, placed, hints }: OpenTask): Uint32Array {
    const { vector, kept, table } = placed;
    const oprf = { seed: vector.subarray(SEED_BYTES, 2 * SEED_BYTES), vector: kept };
    const values = valuesAt(lane.rows, input, oprf, slotsOf(table));
    const lanes = openHints(lane.rows, input, { table, values, hints }, seededRandom(seed, 'empty'));
    for (const secret of [values, kept]) secret.fill(0);
    return lanes;
  },
} as const;
