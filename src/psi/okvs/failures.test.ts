/**
 * How often encoding fails: the chain of shape.ts, computed; the table, which is to follow from it; and encodings with
 * bands so narrow that failures can be counted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { itLong, share } from '../../../test/effort.ts';
import { seededBytes } from '../../../test/parts/seeded-bytes.ts';
import { loadRowKernels } from '../rows/row-kernels.ts';
import {
  BAND_BITS,
  expansions,
  OKVS_ROWS_MAX,
  type OkvsShape,
  okvsFailureBits,
  okvsShape,
  shapeOf,
} from './shape.ts';

/** Rows that begin at one column, at most: more are less likely than 2^-100. */
const ARRIVALS_MAX = 30;

/** For each column, the chance that encoding fails there if it has not failed before. */
function* failures(load: number, band: number): Generator<number, never> {
  const begins = [Math.exp(-load)];
  for (let rows = 1; rows <= ARRIVALS_MAX; rows++) begins.push(((begins[rows - 1] as number) * load) / rows);
  const more = begins.map((_, rows) => begins.slice(rows + 1).reduceRight((sum, chance) => sum + chance, 0));
  // The chances of 0, 1, … band rows without a column.
  let chances = Float64Array.from({ length: band + 1 }, (_, rows) => (rows === 0 ? 1 : 0));
  const fails = chances.map((_, rows) => 2 ** (rows - band));
  for (;;) {
    let failing = 0;
    const begun = new Float64Array(band + 2);
    for (let rows = 0; rows <= ARRIVALS_MAX; rows++) {
      const next = new Float64Array(band + 1);
      for (let waiting = 0; waiting <= band; waiting++) {
        const p = chances[waiting] as number;
        const failed = p * (fails[waiting] as number);
        begun[waiting] = (begun[waiting] as number) + (begins[rows] as number) * p;
        failing += (more[rows] as number) * failed;
        if (waiting < band) next[waiting + 1] = p - failed;
      }
      chances = next;
    }
    // The column takes one of those that wait unless all have a 0 there.
    chances = chances.map((_, waiting) => {
      const [stay, leave] = [2 ** -waiting, 1 - 2 ** -(waiting + 1)];
      return ((begun[waiting] as number) * stay + (begun[waiting + 1] as number) * leave) / (1 - failing);
    });
    yield failing;
  }
}

/** The chance of a failure at a column, far from the first. */
function stationary(load: number, band: number): number {
  let before = 0;
  let column = 0;
  for (const failing of failures(load, band)) {
    if (column++ % 100 !== 99) continue;
    if (Math.abs(failing - before) < 1e-7 * failing) return failing;
    before = failing;
  }
  throw new Error('the chain ended');
}

/** log2 of the root of ln z = load·(z - 1) above 1. */
function slopeOf(load: number): number {
  let [low, high] = [1 / load, 8];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (Math.log(middle) > load * (middle - 1)) low = middle;
    else high = middle;
  }
  return Math.log2(low);
}

describe('the table of expansions', () => {
  it('follows from the chain, rounded down', () => {
    for (const { percent, slope, offset } of expansions) {
      const load = 100 / (100 + percent);
      const exact = slopeOf(load);
      assert.ok(slope <= exact && slope > exact - 2e-5, `slope at ${percent}: ${exact}`);
      const bits = -Math.log2(stationary(load, BAND_BITS));
      const stated = slope * BAND_BITS + offset;
      assert.ok(stated <= bits && stated > bits - 0.01, `offset at ${percent}: ${bits - exact * BAND_BITS}`);
    }
  });

  it('is near what the paper measured, where an expansion is of both', () => {
    // 0.2691·w - 15.21 for 2^20 rows and a tenth more columns, without the factor of 2.
    const bits = (band: number): number => -Math.log2(stationary(1 / 1.1, band) * 1.1 * 2 ** 20);
    for (const band of [90, 130]) {
      const difference = bits(band) - (0.2691 * band - 15.21);
      assert.ok(Math.abs(difference) < 0.5, `${difference} bits at ${band}`);
    }
  });

  it('gives the least expansion for 40 bits over all buckets', () => {
    const percentOf = (rows: number, buckets: number): number =>
      Math.round((100 * okvsShape(rows, buckets).starts) / rows - 100);
    assert.equal(percentOf(2 ** 20, 1), 18);
    assert.equal(percentOf(2 ** 20, 16), 20);
    assert.equal(percentOf(2 ** 20, 128), 21);
    assert.ok(okvsFailureBits(2 ** 20, 19) < 44 && okvsFailureBits(2 ** 20, 20) >= 44);
    assert.ok(percentOf(2 ** 12, 1) < 18);
    assert.equal(okvsShape(2 ** 20, 16).band, BAND_BITS);
    for (const rows of [0, 1.5, OKVS_ROWS_MAX + 1])
      assert.throws(() => okvsShape(rows, 1), /impossible number/);
    assert.throws(() => okvsShape(100, 0), /impossible number/);
    assert.throws(() => okvsShape(OKVS_ROWS_MAX, 2 ** 30), /more buckets/);
    assert.ok(okvsShape(OKVS_ROWS_MAX, 1000).starts < 2 ** 21);
  });
});

const SEED_BYTES = 32;

/** So many of the encodings of `rowsOf(run)` rows fail. */
async function countFailures(
  shape: OkvsShape,
  runs: number,
  rowsOf: (run: number) => number,
): Promise<number> {
  const kernels = await loadRowKernels();
  const ids = seededBytes('ids', 32 * shape.rows);
  const random = { bytes: (length: number) => new Uint8Array(length) };
  let failed = 0;
  for (let run = 0; run < runs; run++) {
    const key = new Uint8Array(SEED_BYTES);
    new DataView(key.buffer).setUint32(0, run);
    const bucket = kernels.hashedBucket(shape, key, ids.subarray(0, 32 * rowsOf(run)));
    if (bucket.encode(random) === undefined) failed++;
  }
  return failed;
}

/** Four standard deviations, of what is expected. */
function assertNear(failed: number, runs: number, chance: number): void {
  const expected = runs * chance;
  const slack = 4 * Math.sqrt(expected);
  assert.ok(
    Math.abs(failed - expected) < slack,
    `${failed} of ${runs} failed, ${expected.toFixed(0)} were expected`,
  );
}

/** Few enough to be encoded many times. */
const ROWS = 256;

/** So many that their number says nearly the mean number of rows at each column. */
const MANY_ROWS = 1024;

describe('encodings with narrow bands', () => {
  it('fail as often as the chain says, for a number of rows that is Poisson distributed', async () => {
    await assertChain(20, 26, share(2 ** 17));
    await assertChain(14, 30, share(2 ** 17));
  });

  itLong('fail as often as the chain says at 10 and at 15 bits', async () => {
    for (const lambda of [10, 15]) {
      let band = 1;
      while (chanceOf(shapeOf(ROWS, 20, band + 1)) >= 2 ** -lambda) band++;
      await assertChain(20, band, 2 ** 20);
    }
  });

  it('fail as often as the formula says, at most, for a fixed number of rows', async () => {
    for (const lambda of [5, 7]) await assertBits(lambda, share(2 ** 15));
  });
});

/** Of an encoding whose number of rows is Poisson distributed, of the mean that the shape is for. */
function chanceOf({ rows, starts, band }: OkvsShape): number {
  let whole = 1;
  let column = 0;
  for (const failing of failures(rows / starts, band)) {
    whole *= 1 - failing;
    if (++column === starts) return 1 - whole;
  }
  throw new Error('the chain ended');
}

async function assertChain(percent: number, band: number, runs: number): Promise<void> {
  const shape = shapeOf(ROWS, percent, band);
  const drawn = poisson(ROWS, seededBytes(`rows ${percent}`, 4 * runs));
  const failed = await countFailures({ ...shape, rows: 2 * ROWS }, runs, (run) => drawn[run] as number);
  assertNear(failed, runs, chanceOf(shape));
  assert.ok(failed > 20, 'too few to tell anything');
  // The check tells a chain of a tenth fewer rows, and a band of three bits more or fewer.
  assert.throws(() => assertNear(failed, runs, chanceOf({ ...shape, rows: 0.9 * ROWS })), /were expected/);
  assert.throws(() => assertNear(failed, runs, chanceOf({ ...shape, band: band + 3 })), /were expected/);
  assert.throws(() => assertNear(failed, runs, chanceOf({ ...shape, band: band - 3 })), /were expected/);
}

/**
 * The formula is a bound: it counts twice what a mean number of rows does, and takes the first columns, at which
 * nothing waits yet, for any others. The fewer the rows, the more that is: 2 bits here, 1.1 at 16,384 rows.
 */
async function assertBits(lambda: number, runs: number): Promise<void> {
  const percent = 20;
  const band = bandFor(percent, lambda);
  const failed = await countFailures(shapeOf(MANY_ROWS, percent, band), runs, () => MANY_ROWS);
  const measured = -Math.log2(failed / runs);
  assertFormula(measured, okvsFailureBits(MANY_ROWS, percent, band));
  // A formula is found out that is too good by 8 bits of the band or 5 percent of columns, and one that is too bad.
  assert.throws(
    () => assertFormula(measured, okvsFailureBits(MANY_ROWS, percent, band + 8)),
    /bits were measured/,
  );
  assert.throws(() => assertFormula(measured, okvsFailureBits(MANY_ROWS, 25, band)), /bits were measured/);
  assert.throws(
    () => assertFormula(measured, okvsFailureBits(MANY_ROWS, percent, band - 8)),
    /bits were measured/,
  );
}

function assertFormula(measured: number, formula: number): void {
  const better = measured - formula;
  assert.ok(
    better > 0 && better < 3,
    `${measured.toFixed(2)} bits were measured, ${formula.toFixed(2)} calculated`,
  );
}

/** The widest that gives no more bits. */
function bandFor(percent: number, lambda: number): number {
  let band = BAND_BITS;
  while (okvsFailureBits(MANY_ROWS, percent, band) > lambda) band--;
  return band;
}

/** From 4 random bytes each: the number of which the distribution reaches that fraction. */
function poisson(mean: number, bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const reached: number[] = [];
  let sum = 0;
  for (let rows = 0, chance = Math.exp(-mean); rows < 2 * mean; rows++) {
    sum += chance;
    reached.push(sum);
    chance *= mean / (rows + 1);
  }
  return Array.from({ length: bytes.length / 4 }, (_, at) => {
    const fraction = view.getUint32(4 * at) / 2 ** 32;
    return reached.findIndex((chance) => chance > fraction);
  });
}
