/** Scores, predictions, stability and survival beside scikit-learn and lifelines, of small cases and of data. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  binaryEvaluation,
  brierScore,
  kaplanMeier,
  lifeTable,
  logRank,
  type OperatingPoint,
  populationStability,
  regressionEvaluation,
  secretColumn,
} from '../../src/stats/index.ts';
import { near, PROTOCOLS, type StatsContext, type StatsProtocol, useStats } from '../parts/stats-world.ts';
import { readExpected } from './expected.ts';

const { run } = useStats();

interface Binary {
  readonly positives: number;
  readonly auc: number;
  readonly ks: { readonly statistic: number };
  readonly atFalsePositiveRate: readonly {
    readonly rate: number;
    readonly threshold: number | string;
    readonly falsePositiveRate: number;
    readonly truePositiveRate: number;
  }[];
  readonly brier?: number;
  readonly atHalf?: {
    readonly truePositives: number;
    readonly falsePositives: number;
    readonly f1: number;
    readonly precision: number;
    readonly recall: number;
  };
}
interface Regression {
  readonly r2: number | null;
  readonly mae: number;
  readonly mse: number;
  readonly rmse: number;
  readonly mape: number | null;
  readonly residuals: { readonly edges: readonly number[]; readonly counts: readonly number[] };
}
interface Whole {
  readonly scaledBy: number;
  readonly scores: readonly number[];
  readonly labels: string;
  readonly is: Binary;
}
interface Scores {
  readonly binary: readonly {
    readonly name: string;
    readonly labels: readonly number[];
    readonly scores: readonly number[];
    readonly is: Binary;
  }[];
  readonly breastCancer: Whole;
  readonly bankMarketing: Whole;
  readonly regression: readonly {
    readonly name: string;
    readonly truth: readonly number[];
    readonly predicted: readonly number[];
    readonly is: Regression;
  }[];
  readonly simulated: {
    readonly truth: readonly number[];
    readonly predicted: readonly number[];
    readonly is: Regression;
  };
}

const expected = readExpected<Scores>('scores');
const RATES = [0.01, 0.05, 0.1, 0.2];

async function binaryOf(
  protocol: StatsProtocol,
  scores: readonly number[],
  labels: readonly number[],
  minimumCount: number,
) {
  const { result } = await run(protocol, async ({ alice, bob, spu, reveal }) => {
    const shape = [scores.length];
    const score = alice.run('score', () => Float64Array.from(scores)).to(spu, { shape, max: 8 });
    const label = bob
      .run('label', () => Float64Array.from(labels))
      .to(spu, { shape, dtype: 'integer', min: 0, max: 1 });
    const quality = binaryEvaluation(score, label, { minimumCount });
    return {
      auc: await quality.auc().reveal(reveal),
      ks: await quality.ks().reveal(reveal),
      rates: await quality.atFalsePositiveRates(RATES).reveal(reveal),
      half: await quality.atThresholds([0.5]).reveal(reveal),
      brier: await brierScore(score, label).reveal(reveal),
    };
  });
  return result;
}

type Found = Awaited<ReturnType<typeof binaryOf>>;

function checkBinary(found: Found, is: Binary): void {
  assert.equal(found.auc?.positives, is.positives);
  near(found.auc?.auc, is.auc, 1e-12);
  near(found.ks?.ks, is.ks.statistic, 1e-12);
  if (is.brier !== undefined) near(found.brier, is.brier, 1e-5);
  checkRates(found.rates ?? [], is);
  const [half] = found.half ?? [];
  if (half === undefined || is.atHalf === undefined) return;
  const { truePositives, falsePositives, f1, precision, truePositiveRate: recall } = half;
  const { truePositives: _, falsePositives: __, ...rates } = is.atHalf;
  assert.deepEqual([truePositives, falsePositives], [is.atHalf.truePositives, is.atHalf.falsePositives]);
  near({ f1, precision, recall }, { f1: rates.f1, precision: rates.precision, recall: rates.recall }, 1e-12);
}

/** A rate that gives the same threshold as the one before gives nothing here; nor does one that none has reached. */
function checkRates(points: readonly (OperatingPoint | undefined)[], is: Binary): void {
  is.atFalsePositiveRate.forEach((wanted, at) => {
    const isSame = wanted.threshold === is.atFalsePositiveRate[at - 1]?.threshold;
    const isAll = wanted.falsePositiveRate === 1;
    if (isSame || isAll || typeof wanted.threshold === 'string') assert.equal(points[at], undefined);
    else {
      const { threshold, falsePositiveRate, truePositiveRate } = points[at] ?? assert.fail(`${wanted.rate}`);
      near(threshold, wanted.threshold, 2 ** -18);
      near([falsePositiveRate, truePositiveRate], [wanted.falsePositiveRate, wanted.truePositiveRate], 1e-12);
    }
  });
}

describe('scores, beside scikit-learn', () => {
  for (const protocol of PROTOCOLS)
    for (const { name, scores, labels, is } of expected.binary)
      it(`of "${name}" (${protocol})`, async () => {
        checkBinary(await binaryOf(protocol, scores, labels, 1), is);
      });

  const data = ['breastCancer', 'bankMarketing'] as const;
  for (const name of data)
    for (const protocol of ['plain', 'rep3'] as const)
      it(`of ${name} (${protocol})`, async () => {
        const { scaledBy, scores, labels, is } = expected[name];
        const scaled = scores.map((score) => score / scaledBy);
        // scikit-learn opens thresholds of any number of rows.
        checkBinary(await binaryOf(protocol, scaled, [...labels].map(Number), 1), is);
      });
});

describe('predictions, beside scikit-learn', () => {
  const all = [...expected.regression, { name: 'simulated', ...expected.simulated }];
  for (const protocol of PROTOCOLS)
    for (const { name, truth, predicted, is } of all)
      it(`of "${name}" (${protocol})`, async () => {
        const largest = name === 'simulated' ? 512 : 8;
        const { result } = await run(protocol, async ({ spu, alice, bob, reveal }) => {
          const shape = [truth.length];
          const isPositive = truth.every((one) => one >= 1);
          const range = { min: isPositive ? 1 : -largest, max: largest };
          const [said, came] = [
            alice.run('said', () => Float64Array.from(predicted)).to(spu, { shape, max: largest }),
            bob.run('came', () => Float64Array.from(truth)).to(spu, { shape, ...range }),
          ] as const;
          const fit = regressionEvaluation(
            secretColumn('said', said, { max: largest }),
            secretColumn('came', came, range),
          );
          const { edges } = is.residuals;
          return {
            ...(await fit.squared().reveal(reveal)),
            mae: await fit.absolute().reveal(reveal),
            r2: await fit.r2().reveal(reveal),
            bins: await fit.residuals({ bounds: edges, minimumCount: 1 }).reveal(reveal),
            mape: isPositive ? await fit.percentage().reveal(reveal) : undefined,
          };
        });
        for (const what of ['mse', 'rmse', 'mae'] as const)
          near(result[what], is[what], 1e-3 * is[what] + 1e-4, what);
        near(result.r2, is.r2 ?? undefined, 1e-3);
        if (result.mape !== undefined) near(result.mape, is.mape, 1e-3 * (is.mape ?? 0) + 1e-4);
        const rowsBelow = (edge: number): number =>
          result.bins.filter(({ to }) => to <= edge).reduce((sum, { rows }) => sum + rows, 0);
        let below = 0;
        // Truths and predictions of one digit are no multiples of 2^-18, so a difference on an edge may be below it.
        const within = name === 'simulated' ? 2 : 0;
        is.residuals.counts.forEach((count, at) => {
          below += count;
          const edge = is.residuals.edges[at + 1] ?? 0;
          if (result.bins.some(({ to }) => to === edge)) near(rowsBelow(edge), below, within);
        });
      });
});

interface Stability {
  readonly name: string;
  readonly is: {
    readonly older: readonly number[];
    readonly newer: readonly number[];
    readonly index: number;
  };
}

describe('stability, beside numpy', () => {
  for (const { name, is } of readExpected<{ readonly stability: readonly Stability[] }>('tables').stability)
    it(`of "${name}"`, async () => {
      const { result } = await run('rep3', async ({ alice, bob, spu, reveal }) => {
        const shared = (party: typeof alice | typeof bob, counts: readonly number[]) => {
          const rows = counts.flatMap((count, bin) => Array.from({ length: count }, () => bin));
          const ones = rows.flatMap((bin) => counts.map((_, at) => Number(at === bin)));
          const shape = [rows.length, counts.length];
          return (party as typeof alice)
            .run('bins', () => Float64Array.from(ones))
            .to(spu, { shape, dtype: 'integer', min: 0, max: 1 });
        };
        return populationStability(shared(alice, is.older), shared(bob, is.newer)).reveal(reveal);
      });
      near(result, is.index, 2 ** -14);
    });
});

interface LifeLines {
  readonly curves: readonly {
    readonly times: readonly number[];
    readonly events: readonly number[];
    readonly survival: readonly number[];
  }[];
  readonly logRank: { readonly statistic: number; readonly df: number; readonly p: number };
}

const rowsOfTrial = (): Record<string, string>[] => {
  const path = fileURLToPath(new URL('../../../test/stats/data/survival.csv', import.meta.url));
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((word, at) => [names[at], word])));
};

/** The rows of each hospital where they are. */
function trialOf({ alice, bob, spu, at }: StatsContext, by: 'treated' | 'hospital') {
  const rows = rowsOfTrial();
  const hospitals = [...new Set(rows.map(({ hospital }) => hospital ?? ''))].sort();
  const part = (name: string | undefined) => {
    const own = rows.filter(({ hospital }) => hospital === name);
    return {
      days: own.map(({ days }) => Number(days)),
      event: own.map(({ event }) => Number(event)),
      group: own.map((row) => `is ${row[by]}`),
    };
  };
  const grid = [...new Set(rows.map(({ days }) => Number(days)))].sort((a, b) => a - b);
  const categories = [...new Set(rows.map((row) => `is ${row[by]}`))].sort();
  const table = lifeTable(
    spu,
    { alice: at(alice, part(hospitals[0])), bob: at(bob, part(hospitals[1])) },
    {
      parties: { alice, bob },
      ...{ time: 'days', event: 'event', group: { column: 'group', categories }, grid },
    },
  );
  return { table, hospitals };
}

describe('a trial at two hospitals, beside lifelines', () => {
  const of = readExpected<{ readonly byTreatment: LifeLines; readonly byHospital: LifeLines }>('survival');
  for (const protocol of ['plain', 'rep3'] as const)
    it(`has its curves and its log-rank tests (${protocol})`, async () => {
      const { result } = await run(protocol, async (context) => {
        const { reveal } = context;
        const { table, hospitals } = trialOf(context, 'treated');
        assert.equal(hospitals.length, 2);
        return {
          curves: await kaplanMeier(table, { minimumCount: 1 }).reveal(reveal),
          byTreatment: await logRank(table).reveal(reveal),
          byHospital: await logRank(trialOf(context, 'hospital').table).reveal(reveal),
        };
      });
      result.curves.forEach(({ points }, group) => {
        const { times, events, survival } = of.byTreatment.curves[group] ?? assert.fail();
        const wanted = times.flatMap((time, at) =>
          (events[at] ?? 0) > 0 ? [{ time, survival: survival[at] }] : [],
        );
        near(points, wanted, 1e-3);
      });
      for (const by of ['byTreatment', 'byHospital'] as const) {
        const { statistic, p } = of[by].logRank;
        near(result[by]?.statistic, statistic, 1e-3 * statistic);
        near(result[by]?.p, p, 1e-3 * p + 1e-8);
      }
    });
});
