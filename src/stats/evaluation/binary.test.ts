import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  plainAuc,
  plainCalibration,
  plainCurve,
  plainKs,
  plainPoint,
  type Row,
} from '../../../test/parts/plain-scores.ts';
import {
  near,
  PROTOCOLS,
  type StatsContext,
  type StatsProtocol,
  useStats,
} from '../../../test/parts/stats-world.ts';
import {
  type BinaryEvaluation,
  binaryEvaluation,
  type EvaluationOptions,
  type Statistic,
  secretColumn,
} from '../index.ts';

const { run } = useStats();

/** Scores at alice, labels at bob. */
function shared({ alice, bob, spu }: StatsContext, rows: readonly Row[]) {
  const shape = [rows.length];
  const scores = alice.run('scores', () => Float64Array.from(rows, ([score]) => score));
  const labels = bob.run('labels', () => Float64Array.from(rows, ([, label]) => label));
  return {
    scores: scores.to(spu, { shape, min: 0, max: 1 }),
    labels: labels.to(spu, { shape, dtype: 'integer', min: 0, max: 1 }),
  };
}

type Device = StatsContext['spu'];
type Asked<R> = (quality: BinaryEvaluation<Device>) => Statistic<Device, R>;

async function evaluated<R>(
  protocol: StatsProtocol,
  rows: readonly Row[],
  asked: Asked<R>,
  options: EvaluationOptions = FIVE,
) {
  return await run(protocol, async (context) => {
    const { scores, labels } = shared(context, rows);
    const made = asked(binaryEvaluation(scores, labels, options));
    return { value: await made.reveal(context.reveal), opens: made.opens };
  });
}

/** Rows with many ties, of which the higher scores are more often positive. */
function someRows(count: number, seed: number, steps = 16): readonly Row[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
  return Array.from({ length: count }, () => {
    const score = Math.floor(next() * steps) / steps;
    return [score, next() < 0.2 + 0.6 * score ? 1 : 0];
  });
}

const ROWS = someRows(61, 7);
const TWO = { minimumCount: 2 };
const FIVE = { minimumCount: 5 };

describe('an evaluation of scores', () => {
  for (const protocol of PROTOCOLS)
    it(`equals what is worked out in the open, ties included (${protocol})`, async () => {
      const { result } = await run(protocol, async (context) => {
        const { scores, labels } = shared(context, ROWS);
        const quality = binaryEvaluation(scores, labels, TWO);
        const { reveal } = context;
        return {
          auc: await quality.auc().reveal(reveal),
          ks: await quality.ks().reveal(reveal),
          curve: await quality.curve({ buckets: 6 }).reveal(reveal),
          calibration: await quality.calibration({ buckets: 6 }).reveal(reveal),
          rates: await quality.atFalsePositiveRates([0.1, 0.5]).reveal(reveal),
          thresholds: await quality.atThresholds([0.75, 0.51, 0.25]).reveal(reveal),
        };
      });
      const positives = ROWS.filter(([, label]) => label === 1).length;
      const counts = { positives, negatives: ROWS.length - positives };
      const auc = plainAuc(ROWS);
      near(result.auc, { auc, gini: 2 * auc - 1, ...counts }, 1e-15);
      near(result.ks, { ks: plainKs(ROWS), ...counts }, 1e-15);
      near(result.curve, { points: plainCurve(ROWS, 6, 2), ...counts }, 1e-15);
      near(result.calibration, plainCalibration(ROWS, 6, 2), 1e-5);
      const wanted = [0.75, 0.51, 0.25].map((threshold) => plainPoint(ROWS, threshold));
      near(result.thresholds, wanted, 1e-15);
      const scores = [...new Set(ROWS.map(([score]) => score))].sort((a, b) => a - b);
      const found = [0.1, 0.5].map((rate) =>
        scores.map((score) => plainPoint(ROWS, score)).find((one) => one.falsePositiveRate <= rate),
      );
      near(result.rates, found, 1e-15);
    });

  it('does not depend on the order of rows', async () => {
    const asked: Asked<unknown>[] = [
      (quality) => quality.auc(),
      (quality) => quality.curve({ buckets: 5 }),
      (quality) => quality.calibration({ buckets: 5 }),
    ];
    for (const one of asked) {
      const values = [];
      for (const rows of [ROWS, [...ROWS].reverse(), [...ROWS].sort(([a], [b]) => b - a)])
        values.push((await evaluated('plain', rows, one, TWO)).result.value);
      near(values[1], values[0], 1e-12);
      near(values[2], values[0], 1e-12);
    }
  });

  it('of two rows, of one score for all, and of one row in each run', async () => {
    const cases: readonly (readonly [readonly Row[], number])[] = [
      [
        [
          [0.25, 0],
          [0.75, 1],
        ],
        1,
      ],
      [
        [
          [0.75, 0],
          [0.25, 1],
        ],
        0,
      ],
      [
        [
          [0.5, 0],
          [0.5, 1],
          [0.5, 1],
        ],
        0.5,
      ],
      [
        [
          [0.1, 0],
          [0.2, 1],
          [0.3, 0],
          [0.4, 1],
          [0.5, 1],
        ],
        5 / 6,
      ],
    ];
    for (const [rows, auc] of cases) {
      assert.equal(plainAuc(rows), auc);
      const { result } = await evaluated('rep3', rows, (quality) => quality.auc(), { minimumCount: 1 });
      near(result.value?.auc, auc, 1e-15);
    }
  });

  it('opens nothing else where a class has too few rows, and tells none from few', async () => {
    const few = (positives: number): Row[] =>
      Array.from({ length: 12 }, (_, i) => [i / 16, i < positives ? 1 : 0]);
    const asked: Asked<unknown>[] = [
      (quality) => quality.auc(),
      (quality) => quality.ks(),
      (quality) => quality.curve({ buckets: 2 }),
      (quality) => quality.calibration({ buckets: 2 }),
      (quality) => quality.atThresholds([0.4]),
      (quality) => quality.atFalsePositiveRates([0.4]),
    ];
    for (const positives of [0, 4, 5, 8, 12]) {
      const { result } = await run('plain', async (context) => {
        const { scores, labels } = shared(context, few(positives));
        const quality = binaryEvaluation(scores, labels, FIVE);
        const found = [];
        for (const one of asked) found.push((await one(quality).reveal(context.reveal)) !== undefined);
        return found;
      });
      assert.deepEqual(new Set(result), new Set([positives === 5]), `${positives}`);
    }
    const { result } = await run('rep3', async (context) => {
      const { scores, labels } = shared(context, few(4));
      const raw: number[] = [];
      const quality = binaryEvaluation(scores, labels, FIVE);
      for (const made of [quality.auc(), quality.curve({ buckets: 2 })])
        await made.reveal((async (secret: never) => {
          const opened = await context.reveal(secret);
          raw.push(...(opened as { data: Float64Array }).data);
          return opened;
        }) as never);
      return raw;
    });
    assert.ok(result.length > 0 && result.every((value) => value === 0), `${result}`);
  });

  it('leaves a threshold out between which and the next too few rows would be, and none else', async () => {
    // At places 5, 10, 15: the last run begins one row above place 5.
    const scores = [0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 7, 7, 7, 8, 9, 10, 11, 12];
    const rows = scores.map((score, i): Row => [score / 16, i % 2 === 0 ? 0 : 1]);
    const { result } = await evaluated('rep3', rows, (quality) => quality.curve({ buckets: 4 }));
    const selected = result.value?.points.map((point) => point.selected);
    assert.deepEqual(selected, [5, 15, 20]);
    const finer = await evaluated('rep3', rows, (quality) => quality.curve({ buckets: 4 }), {
      minimumCount: 1,
    });
    assert.deepEqual(
      finer.result.value?.points.map((point) => point.selected),
      [5, 14, 15, 20],
    );
  });

  it('opens no threshold that few rows set apart from the one before, or from all', async () => {
    const rows = Array.from({ length: 20 }, (_, i): Row => [i / 32, i % 2 === 0 ? 0 : 1]);
    const asked = [18, 14, 9, 8, 2].map((row) => row / 32);
    const { result } = await evaluated('rep3', rows, (quality) => quality.atThresholds(asked));
    const selected = result.value?.map((point) => point?.selected);
    assert.deepEqual(selected, [undefined, undefined, 11, undefined, undefined]);
    const above = await evaluated('rep3', rows, (quality) => quality.atThresholds([0.9]));
    assert.deepEqual(above.result.value, [undefined]);
  });

  for (const protocol of ['rep3', 'semi2k'] as const)
    it(`opens what it says and nothing else (${protocol})`, async () => {
      const asked: Asked<unknown>[] = [
        (quality) => quality.auc(),
        (quality) => quality.ks(),
        (quality) => quality.curve({ buckets: 3 }),
        (quality) => quality.calibration({ buckets: 3 }),
        (quality) => quality.atFalsePositiveRates([0.25]),
        (quality) => quality.atThresholds([0.5]),
      ];
      for (const one of asked) {
        const { result, opened } = await evaluated(protocol, ROWS.slice(0, 20), one, {
          name: 'risk',
          ...FIVE,
        });
        const names = new Set(opened().map(({ name }) => name));
        assert.deepEqual(names, new Set(result.opens.map(({ name }) => name)));
        assert.ok([...names].every((name) => name?.includes('risk')));
      }
    });

  it('takes labels of every type, and refuses what is no two vectors of one length', async () => {
    await run('plain', async ({ spu, reveal }) => {
      const scores = spu.constant([0.1, 0.2, 0.3, 0.4]);
      const labels = spu.constant([0, 1, 0, 1]);
      const options = { minimumCount: 1 };
      for (const one of [labels, labels.cast('integer'), labels.cast('boolean')])
        near((await binaryEvaluation(scores, one, options).auc().reveal(reveal))?.auc, 0.75, 1e-15);
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      assert.throws(() => binaryEvaluation(scores, labels), wrong);
      const present = labels.cast('integer');
      const gaps = { ...wrong, message: /scores have no gaps, and column "risk" may have some/ };
      assert.throws(() => binaryEvaluation(secretColumn('risk', scores, { present }), labels, options), gaps);
      assert.throws(() => binaryEvaluation(scores, labels.slice(1, 4), options), wrong);
      assert.throws(() => binaryEvaluation(scores.reshape([2, 2]), labels, options), wrong);
      assert.throws(() => binaryEvaluation(scores, labels, { minimumCount: -1 }), wrong);
      const quality = binaryEvaluation(scores, labels, options);
      assert.throws(() => quality.curve({ bucket: 2 } as object), wrong);
      for (const buckets of [1, 5, 2.5]) assert.throws(() => quality.curve({ buckets }), wrong);
      for (const rates of [[], [1], [-0.1], [0.5, 0.1], [0.1, 0.1], [1e-7]])
        assert.throws(() => quality.atFalsePositiveRates(rates), wrong, `${rates}`);
      for (const thresholds of [[], [0.1, 0.5], [Number.NaN]])
        assert.throws(() => quality.atThresholds(thresholds), wrong);
    });
  });
});
