import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { share, shareOf } from '../../../test/effort.ts';
import type { Random } from '../../contracts/random.ts';
import { roomFor } from '../protocols/rr22/plan.ts';
import { seededRandom } from '../protocols/rr22/seeded-random.ts';
import { uniformBelow } from '../shuffle.ts';
import {
  binCount,
  CHOICES,
  CHOICES_BYTES,
  choicesOf,
  EMPTY,
  PLACEMENT_BITS,
  PLACEMENTS_MAX,
  placeRows,
} from './cuckoo.ts';
import { regionsOf, SHARES_ROWS_MAX } from './sizes.ts';

/** Natural logarithm of n!, by Stirling's series where n is large. */
function logFactorial(n: number): number {
  if (n < 32) return Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((sum, log) => sum + log, 0);
  return (
    n * Math.log(n) -
    n +
    Math.log(2 * Math.PI * n) / 2 +
    1 / (12 * n) -
    1 / (360 * n ** 3) +
    1 / (1260 * n ** 5)
  );
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** Logarithm of e^z - 1 - z. */
const logTwoOrMore = (z: number): number =>
  z < 0.1
    ? 2 * Math.log(z) - Math.log(2) + Math.log1p(z / 3 + z ** 2 / 12 + z ** 3 / 60 + z ** 4 / 360)
    : Math.log(Math.expm1(z) - z);

/** Where the coefficient of z^3k in (e^z - 1 - z)^(k-1) has its least bound: z·g'(z)/g(z) = 3k/(k - 1). */
function saddle(k: number): number {
  let [low, high] = [0.01, 16];
  for (let step = 0; step < 40; step++) {
    const z = (low + high) / 2;
    const slope = z < 0.1 ? 2 + z / 3 : (z * Math.expm1(z)) / (Math.expm1(z) - z);
    if (slope < (3 * k) / (k - 1)) low = z;
    else high = z;
  }
  return low;
}

/** λ such that a placement fails with a chance of at most 2^-λ: the sum in the head of cuckoo.ts. */
function failureBits(rows: number, bins: number): number {
  let sum = 0;
  const draws = Math.log(bins) + Math.log(bins - 1) + Math.log(bins - 2);
  let z = 3;
  for (let k = 4; k <= rows; k++) {
    // Any z gives a bound; the best one hardly changes where k is large.
    if (k < 2000 || k % 1000 === 0) z = saddle(k);
    const covering = logFactorial(3 * k) + (k - 1) * logTwoOrMore(z) - 3 * k * Math.log(z);
    const within = k * Math.log((k - 1) * (k - 2) * (k - 3));
    sum += Math.exp(logChoose(rows, k) + logChoose(bins, k - 1) + Math.min(covering, within) - k * draws);
  }
  return -Math.log2(sum);
}

/** Three different bins for each row. */
const drawChoices = (rows: number, bins: number, random: Random): Uint32Array =>
  choicesOf(random.bytes(rows * CHOICES_BYTES), bins);

const randomOf = (test: string): Random => seededRandom(new Uint8Array(32), test);

/** Whether there is a placement, by alternating paths in depth: another way than that of placeRows. */
function canPlace(choices: Uint32Array, bins: number): boolean {
  const rowIn = new Array<number | undefined>(bins);
  const place = (row: number, seen: Set<number>): boolean =>
    [...choices.subarray(CHOICES * row, CHOICES * (row + 1))].some((bin) => {
      if (seen.has(bin)) return false;
      seen.add(bin);
      const there = rowIn[bin];
      if (there !== undefined && !place(there, seen)) return false;
      rowIn[bin] = row;
      return true;
    });
  return Array.from({ length: choices.length / CHOICES }, (_, row) => row).every((row) =>
    place(row, new Set()),
  );
}

describe('bins for rows', () => {
  it('are enough but for the chance that is asked for, whatever the number of rows', () => {
    const sizes = [
      4, 15, 16, 17, 64, 65, 256, 257, 700, 1024, 1025, 1100, 1500, 2100, 4000, 9000, 30_000, 100_000,
    ];
    for (const rows of [...sizes, roomFor(2 ** 18, 1), regionsOf(SHARES_ROWS_MAX).room]) {
      const bits = failureBits(rows, binCount(rows));
      assert.ok(bits >= PLACEMENT_BITS, `${rows} rows in ${binCount(rows)} bins: 2^-${bits}`);
    }
    assert.ok(failureBits(4096, Math.ceil(1.27 * 4096)) < 0, 'what the bound does not reach is seen');
    assert.ok(failureBits(256, 400) < PLACEMENT_BITS);
  });

  it('have chances that are asked for all regions and tries of a run', () => {
    const { regions } = regionsOf(SHARES_ROWS_MAX);
    assert.ok(PLACEMENT_BITS - Math.log2(PLACEMENTS_MAX * regions) >= 40, `${regions} regions`);
  });

  it('fail as often as the bound says where it is exact, and no more often elsewhere', () => {
    const tries = share(200_000);
    const random = randomOf('failures');
    const failures = (rows: number, bins: number): number => {
      let failed = 0;
      for (let left = tries; left > 0; left--)
        if (placeRows(drawChoices(rows, bins, random), bins) === undefined) failed++;
      return failed / tries;
    };
    // Four rows fail just where all have the same three bins: the sum has one term, which is this chance.
    for (const [bins, chance] of [
      [4, 1 / 64],
      [5, 1 / 1000],
    ] as const) {
      assert.ok(Math.abs(2 ** -failureBits(4, bins) - chance) < 1e-9);
      const deviation = Math.sqrt(chance / tries);
      assert.ok(Math.abs(failures(4, bins) - chance) < 5 * deviation, `4 rows in ${bins} bins`);
    }
    for (const [rows, bins] of [
      [6, 8],
      [8, 12],
      [20, 40],
    ] as const) {
      const bound = 2 ** -failureBits(rows, bins);
      assert.ok(failures(rows, bins) <= bound + 5 * Math.sqrt(bound / tries), `${rows} rows in ${bins} bins`);
    }
  });
});

describe('a placement', () => {
  it('has each row in one bin of its own, and is found where there is one', () => {
    const random = randomOf('placements');
    const below = uniformBelow(random);
    let failed = 0;
    for (let run = 0; run < share(20_000); run++) {
      const bins = 3 + below(20);
      const rows = 1 + below(bins);
      const choices = drawChoices(rows, bins, random);
      const table = placeRows(choices, bins);
      assert.equal(table !== undefined, canPlace(choices, bins));
      if (table === undefined) failed++;
      else assertPlaced(table, choices);
    }
    assert.ok(failed > 0, 'some have none');
  });

  it('is found for a whole bucket', () => {
    const bins = binCount(50_000);
    const choices = drawChoices(50_000, bins, randomOf('bucket'));
    const table = placeRows(choices, bins);
    assert.ok(table);
    assertPlaced(table, choices);
  });
});

function assertPlaced(table: Uint32Array, choices: Uint32Array): void {
  const seen = new Set<number>();
  for (const [bin, slot] of table.entries()) {
    if (slot === EMPTY) continue;
    assert.equal(choices[slot], bin);
    seen.add(Math.floor(slot / CHOICES));
  }
  assert.equal(seen.size, choices.length / CHOICES);
}

describe('the bins of a row', () => {
  it('are three different ones, each set of them as likely as another', () => {
    const bins = 5;
    const rows = 60_000;
    const counts = new Map<string, number>();
    const choices = drawChoices(rows, bins, randomOf('choices'));
    for (let at = 0; at < choices.length; at += CHOICES) {
      const three = [...choices.subarray(at, at + CHOICES)];
      assert.equal(new Set(three).size, CHOICES);
      assert.ok(three.every((bin) => bin < bins));
      counts.set(three.join(), (counts.get(three.join()) ?? 0) + 1);
    }
    assert.equal(counts.size, 60, 'in every order');
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // Mean 59, deviation 10.9: six of them beyond.
    assert.ok(chi < 125, `chi-square ${chi}`);
  });

  for (const rest of shareOf([0, 255])) {
    it(`are there for hashes of ${rest} in every byte, of the fewest bins`, () => {
      const choices = choicesOf(new Uint8Array(CHOICES_BYTES).fill(rest), 3);
      assert.deepEqual([...choices].sort(), [0, 1, 2]);
    });
  }
});
