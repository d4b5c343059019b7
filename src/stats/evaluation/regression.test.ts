import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawn, near, PROTOCOLS, type StatsContext, useStats } from '../../../test/parts/stats-world.ts';
import type { BoundOptions } from '../../index.ts';
import { brierScore, regressionEvaluation, type Statistic, secretColumn } from '../index.ts';

const { run } = useStats();

interface Pairs {
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
}

function columns({ alice, bob, spu }: StatsContext, { predicted, actual }: Pairs, range: BoundOptions) {
  const shape = [actual.length];
  const said = alice.run('said', () => Float64Array.from(predicted)).to(spu, { shape, ...range });
  const came = bob.run('came', () => Float64Array.from(actual)).to(spu, { shape, ...range });
  return [secretColumn('model', said, range), secretColumn('truth', came, range)] as const;
}

const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length;

function plain({ predicted, actual }: Pairs) {
  const differences = actual.map((value, i) => value - (predicted[i] ?? 0));
  const mse = mean(differences.map((one) => one * one));
  const middle = mean(actual);
  return {
    squared: { mse, rmse: Math.sqrt(mse) },
    mae: mean(differences.map(Math.abs)),
    mape: mean(differences.map((one, i) => Math.abs(one / (actual[i] ?? 0)))),
    r2: 1 - mse / mean(actual.map((one) => (one - middle) ** 2)),
  };
}

function pairs(count: number, scale: number): Pairs {
  const next = drawn(3);
  const actual = Array.from({ length: count }, () => scale * (1 + 9 * next()));
  return { actual, predicted: actual.map((one) => one + scale * (next() - 0.5)) };
}

describe('an evaluation of predictions', () => {
  for (const protocol of PROTOCOLS)
    for (const scale of [0.01, 1, 100_000])
      it(`equals plain arithmetic, of numbers around ${scale} (${protocol})`, async () => {
        const data = pairs(40, scale);
        const { result } = await run(protocol, async (context) => {
          const { reveal } = context;
          const fit = regressionEvaluation(...columns(context, data, { min: scale / 2, max: 11 * scale }));
          return {
            squared: await fit.squared().reveal(reveal),
            mae: await fit.absolute().reveal(reveal),
            mape: await fit.percentage().reveal(reveal),
            r2: await fit.r2().reveal(reveal),
          };
        });
        const wanted = plain(data);
        near(result.squared.mse, wanted.squared.mse, 1e-3 * wanted.squared.mse);
        near(result.squared.rmse, wanted.squared.rmse, 1e-3 * wanted.squared.rmse);
        near(result.mae, wanted.mae, 2 ** -18 + 1e-9 * scale);
        near(result.mape, wanted.mape, 3 * 2 ** -18 + (scale < 1 ? 1e-3 : 0));
        near(result.r2, wanted.r2, 1e-3);
      });

  it('has no R2 where all that came is the same', async () => {
    const { result } = await run('rep3', async (context) => {
      const same = { predicted: [3, 4, 6], actual: [4, 4, 4] };
      const [said, came] = columns(context, same, { max: 8 });
      return [
        await regressionEvaluation(said, came).r2().reveal(context.reveal),
        await regressionEvaluation(came, said).r2().reveal(context.reveal),
      ];
    });
    assert.equal(result[0], undefined);
    near(result[1], 1 - (1 + 0 + 4) / (14 / 3), 1e-3);
  });

  it('counts differences between bounds, and joins bins of few rows', async () => {
    const predicted = Array.from({ length: 12 }, () => 0);
    const actual = [-3, -2, -1, -1, 0, 0, 0, 0.5, 1, 2, 2, 5];
    const bins = async (bounds: readonly number[], minimumCount = 5) => {
      const { result } = await run('rep3', (context) => {
        const fit = regressionEvaluation(...columns(context, { predicted, actual }, { max: 8 }));
        return fit.residuals({ bounds, minimumCount }).reveal(context.reveal);
      });
      return result.map(({ from, to, rows }) => [from, to, rows]);
    };
    const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    assert.deepEqual(await bins([-1, 0, 1], 1), [
      [low, -1, 2],
      [-1, 0, 2],
      [0, 1, 4],
      [1, high, 4],
    ]);
    assert.deepEqual(await bins([-1, 0, 1], 4), [
      [low, 1, 8],
      [1, high, 4],
    ]);
    assert.deepEqual(await bins([0.25]), [
      [low, 0.25, 7],
      [0.25, high, 5],
    ]);
    assert.deepEqual(await bins([1]), [[low, high, 12]]);
  });

  for (const protocol of PROTOCOLS)
    it(`has Brier's score of probabilities (${protocol})`, async () => {
      const { result } = await run(protocol, async ({ spu, reveal }) => {
        const probabilities = spu.constant([0.1, 0.4, 0.35, 0.8]);
        const labels = spu.constant([0, 0, 1, 1], { dtype: 'integer' });
        return [
          await brierScore(probabilities, labels).reveal(reveal),
          await brierScore(probabilities, labels.cast('boolean')).reveal(reveal),
        ];
      });
      for (const value of result) near(value, 0.158125, 2 ** -17);
    });

  it('opens what it says and nothing else', async () => {
    type Fit = ReturnType<typeof regressionEvaluation<StatsContext['spu']>>;
    const asked: ((fit: Fit) => Statistic<StatsContext['spu'], unknown>)[] = [
      (fit) => fit.squared(),
      (fit) => fit.absolute(),
      (fit) => fit.percentage(),
      (fit) => fit.r2(),
      (fit) => fit.residuals({ bounds: [0] }),
    ];
    for (const one of asked) {
      const { result, opened } = await run('rep3', async (context) => {
        const made = one(regressionEvaluation(...columns(context, pairs(12, 1), { min: 0.5, max: 11 })));
        await made.reveal(context.reveal);
        return made.opens.map(({ name }) => name);
      });
      assert.deepEqual(new Set(opened().map(({ name }) => name)), new Set(result));
    }
  });

  it('refuses columns of other rows, with gaps, and bounds that do not ascend', async () => {
    await run('plain', async ({ spu }) => {
      const two = secretColumn('two', spu.constant([1, 2]));
      const three = secretColumn('three', spu.constant([1, 2, 3]));
      const gaps = secretColumn('gaps', spu.constant([1, 2]), {
        present: spu.constant([1, 0], { dtype: 'integer' }),
      });
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      assert.throws(() => regressionEvaluation(two, three), wrong);
      assert.throws(() => regressionEvaluation(two, gaps), wrong);
      const fit = regressionEvaluation(two, two);
      for (const bounds of [[], [1, 1], [2, 1], [Number.NaN]])
        assert.throws(() => fit.residuals({ bounds }), wrong);
      assert.throws(() => fit.residuals({ bounds: [1], minimumCount: -1 }), wrong);
      assert.throws(() => brierScore(two.values, three.values), wrong);
    });
  });
});
