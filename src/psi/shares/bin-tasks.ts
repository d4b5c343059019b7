/** The steps of a bucket of bins that are worth a thread: see rr22's (protocols/rr22/bucket-tasks.ts). */
import { type Answered, type Encoded, tasks as oprfTasks } from '../protocols/rr22/bucket-tasks.ts';
import type { Lane } from '../protocols/rr22/lane.ts';
import { encodeInputs } from '../protocols/rr22/oprf.ts';
import { seededRandom } from '../protocols/rr22/seeded-random.ts';
import { SEED_BYTES } from '../protocols/rr22/sizes.ts';
import { addInto } from '../vole/gf128.ts';
import {
  type BinsInput,
  inputsOf,
  makeHints,
  openHints,
  oprfBucket,
  type Placement,
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
}

export interface EncodeTask {
  readonly transfers: Uint8Array;
  readonly input: BinsInput;
  readonly seed: Uint8Array;
  readonly second: Uint8Array;
  /** Of the rows in this bucket. */
  readonly placed: Placement;
}

export interface OpenTask {
  readonly input: BinsInput;
  readonly placed: Placement;
  readonly encoded: Encoded;
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

  place(lane: Lane, { region, seed }: PlaceTask): Placement {
    return placeInBins(lane.rows, region, seededRandom(seed, 'bins'));
  },

  encode(lane: Lane, { transfers, input, seed, second, placed }: EncodeTask): Encoded {
    const { a, c } = lane.voleReceiver(input, transfers).finish(second);
    const inputs = inputsOf(input, slotsOfChoices(placed.choiceOf));
    const made = encodeInputs(lane.rows, oprfBucket(input), inputs, seededRandom(seed, 'encoding'));
    addInto(made.encoding, a);
    for (const secret of [a, inputs]) secret.fill(0);
    const vector = new Uint8Array(input.sizes.vector);
    vector.set(placed.seed);
    vector.set(made.seed, SEED_BYTES);
    vector.set(made.encoding, 2 * SEED_BYTES);
    return { vector, kept: c };
  },

  hint(lane: Lane, { input, seed, answered, vector }: HintTask): Uint8Array {
    const region = { ...input, salt: input.region.salt, bins: input.sizes.bins };
    const choices = rowChoices(lane.rows, region, vector.subarray(0, SEED_BYTES));
    const oprf = lane.oprfSender(answered, vector.subarray(SEED_BYTES));
    const values = valuesAt(lane.rows, input, oprf, slotsOfRows(input.rows.length));
    const hints = makeHints(lane.rows, input, { choices, values }, seededRandom(seed, 'hints'));
    for (const secret of [oprf.vector, values, choices]) secret.fill(0);
    return hints;
  },

  /** Into the lanes. */
  open(lane: Lane, { input, placed, encoded, hints }: OpenTask): void {
    const oprf = { seed: encoded.vector.subarray(SEED_BYTES, 2 * SEED_BYTES), vector: encoded.kept };
    const values = valuesAt(lane.rows, input, oprf, slotsOfChoices(placed.choiceOf));
    openHints(lane.rows, input, { binOf: placed.binOf, values, hints });
    for (const secret of [values, encoded.kept]) secret.fill(0);
  },
} as const;
