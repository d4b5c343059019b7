/** What docstrings say of bytes is what members send: of every function of the module, or this test fails. */
import assert from 'node:assert/strict';
import { it, describe as suite } from 'node:test';
import { drawn, type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import * as all from './index.ts';

const { run } = useStats();
type Device = StatsContext['spu'];
type Study = all.SecretTable<Device>;
type Made = all.Statistic<Device, unknown>;
const [FEW, MANY] = [512, 1024];

async function tableOf({ alice, bob, spu, at }: StatsContext, rows: number): Promise<Study> {
  const random = drawn(rows);
  const numbers = (): number[] => Array.from({ length: rows }, () => Math.floor(100 * random()));
  const tables = {
    alice: at(alice, {
      ...{ small: numbers(), other: numbers(), large: numbers() },
      third: numbers().map((x) => x + 1),
    }),
    bob: at(bob, {
      gaps: numbers().map((x) => (x < 20 ? null : x)),
      words: numbers().map((x) => (x < 50 ? 'a' : 'b')),
      again: numbers().map((x) => (x < 50 ? 'a' : 'b')),
      score: numbers().map((x) => x / 128),
    }),
  };
  const small = { min: 0, max: 120 };
  const two = { categories: ['a', 'b'] };
  const columns = {
    alice: { small, other: small, third: { min: 1, max: 120 }, large: { max: 1000 } },
    bob: {
      ...{ gaps: { ...small, gaps: true }, words: two, again: two },
      score: { min: 0, max: 1 },
    },
  } as const;
  return (await all.vertical(spu, tables, { parties: { alice, bob }, columns, rows })) as unknown as Study;
}

/**
 * What comes to the device and what leaves it; and sorts, whose comparisons depend on a shuffle: docstrings leave these
 * to `sort`.
 */
const LEFT_OUT: ReadonlySet<string> = new Set(['share', 'reveal', 'sort', 'sortBy', 'order']);

interface Case {
  /** What is asked, and of what: `of 3 edges`. */
  readonly of: string;
  /** Bytes that a member sends on the mean for each unit, as the docstring has it. */
  readonly bytes: number;
  /** Whether the docstring says `up to`: most of it, and no more. */
  readonly upTo?: true;
  /** The statistic of so many rows, or of whatever else is counted. */
  readonly made: (study: Study, count: number, context: StatsContext) => Made;
  /** Of what there are more the second time: comparisons go in words of 64. Default: rows, 512 and 1024. */
  readonly per?: readonly [few: number, many: number];
}

/** Bytes that members send for each row or other unit, on the mean, beside {@link LEFT_OUT}. */
async function bytesEach({ made, per }: Case): Promise<number> {
  const sent = async (count: number): Promise<number> => {
    const { world } = await run('rep3', async (context) => {
      const study = await tableOf(context, per ? FEW : count);
      await made(study, count, context).reveal(context.reveal);
    });
    const operations = ['alice', 'bob', 'carol'].flatMap((party) =>
      world.of(party).host.costs.flatMap((cost) => cost.operations),
    );
    const counted = operations.filter(({ operation }) => !LEFT_OUT.has(operation));
    return counted.reduce((sum, { bytes }) => sum + bytes, 0) / 3;
  };
  const [few, many] = per ?? [FEW, MANY];
  return ((await sent(many)) - (await sent(few))) / (many - few);
}

const [words, again] = [(study: Study) => study.category('words'), (study: Study) => study.category('again')];
const grid = (count: number): number[] => Array.from({ length: count }, (_, i) => (i + 1) * (100 / count));
const label = (study: Study) => words(study).indicators.slice(0, 1, 1).reshape([study.rows]);
const scores = (study: Study, minimumCount = 10) =>
  all.binaryEvaluation(study.column('score').values, label(study), { minimumCount });
const predicted = (study: Study) => all.regressionEvaluation(study.column('small'), study.column('third'));
const trial = (_: Study, count: number, { alice, spu, at }: StatsContext) =>
  all.lifeTable(
    spu,
    {
      alice: at(alice, {
        time: grid(32),
        event: grid(32).map(() => 1),
        group: grid(32).map((x) => (x < 50 ? 'a' : 'b')),
      }),
    },
    {
      ...{ parties: { alice }, time: 'time', event: 'event', grid: grid(count) },
      group: { column: 'group', categories: ['a', 'b'] },
    },
  );
/** Words of which so many are there. */
function many(study: Study, count: number): all.SecretCategory<Device> {
  const one = words(study);
  const none = one.indicators.slice(0, 1, 1).mul(0);
  const more = Array.from({ length: count - 2 }, () => none);
  return {
    ...one,
    categories: Array.from({ length: count }, (_, i) => `w${i}`),
    indicators: more.length > 0 ? one.indicators.concat(more, 1) : one.indicators,
  };
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  describe: [
    { of: 'a column', bytes: 51.25, made: (study) => all.describe(study.column('small')) },
    {
      of: 'one without shape',
      bytes: 10.25,
      made: (study) => all.describe(study.column('small'), { shape: false }),
    },
    {
      of: 'one with extremes',
      bytes: 134.05,
      made: (study) => all.describe(study.column('small'), { extremes: true }),
    },
    {
      of: 'a wide range',
      bytes: 20.5,
      made: (study) => all.describe(study.column('large'), { shape: false }),
    },
    {
      of: 'one with gaps',
      bytes: 26.25,
      made: (study) => all.describe(study.column('gaps'), { shape: false }),
    },
  ],
  groupBy: [
    { of: 'a column', bytes: 10.25, made: (study) => all.groupBy([study.column('small')], words(study)) },
    {
      of: 'a column by a secret key of two groups',
      bytes: 10.25 + 2 * 18.5,
      made: (study) =>
        all.groupBy([study.column('small')], all.secretKey('key', label(study), ['one', 'other'])),
    },
  ],
  crosstab: [
    { of: 'rows', bytes: 0, made: (study) => all.crosstab(words(study), again(study)) },
    {
      of: 'a cell of it',
      bytes: 50,
      per: [64, 128],
      made: (study, count) => all.crosstab(many(study, count / 2), again(study)),
    },
    {
      of: 'rows, without cells',
      bytes: 0,
      made: (study) => all.crosstab(words(study), again(study), { cells: false }),
    },
    {
      of: 'two cells and a word, without cells',
      bytes: 2 * 420 + 400,
      per: [32, 64],
      made: (study, count) => all.crosstab(many(study, count), again(study), { cells: false }),
    },
  ],
  twoProportions: [{ of: 'rows', bytes: 0, made: (study) => all.twoProportions(words(study), again(study)) }],
  frequencies: [
    { of: 'rows', bytes: 0, made: (study) => all.frequencies(words(study)) },
    { of: 'a word', bytes: 42, per: [64, 128], made: (study, count) => all.frequencies(many(study, count)) },
  ],
  histogram: [
    {
      of: 'two bins',
      bytes: 100.2,
      made: (study) => all.histogram(study.column('small'), { edges: [0, 50, 100] }),
    },
    {
      of: 'two bins, with gaps',
      bytes: 100.2,
      made: (study) => all.histogram(study.column('gaps'), { edges: [0, 50, 100] }),
    },
  ],
  quantiles: [
    { of: 'rows', bytes: 0, made: (study) => all.quantiles(study.column('small'), [0.25, 0.5]) },
    {
      of: 'rows with gaps, two probabilities',
      bytes: 2 * 18.5,
      made: (study) => all.quantiles(study.column('gaps'), [0.2, 0.4]),
    },
  ],
  correlation: [
    {
      of: 'two columns',
      bytes: 0,
      made: (study) => all.correlation([study.column('small'), study.column('other')]),
    },
    {
      of: 'two with gaps',
      bytes: 92.5,
      made: (study) => all.correlation([study.column('small'), study.column('gaps')]),
    },
  ],
  covariance: [
    {
      of: 'two columns',
      bytes: 0,
      made: (study) => all.covariance([study.column('small'), study.column('other')]),
    },
  ],
  spearman: [
    {
      of: 'two columns',
      bytes: 160,
      made: (study) => all.spearman([study.column('small'), study.column('other')]),
    },
    {
      of: 'two with gaps',
      bytes: 192,
      made: (study) => all.spearman([study.column('small'), study.column('gaps')]),
    },
  ],
  varianceInflation: [
    {
      of: 'two columns',
      bytes: 0,
      made: (study) => all.varianceInflation([study.column('small'), study.column('other')]),
    },
  ],
  partialCorrelation: [
    {
      of: 'two columns',
      bytes: 0,
      made: (study) => all.partialCorrelation([study.column('small'), study.column('other')]),
    },
  ],
  welchTest: [
    { of: 'a column', bytes: 10.25, made: (study) => all.welchTest(study.column('small'), words(study)) },
  ],
  anova: [{ of: 'a column', bytes: 10.25, made: (study) => all.anova(study.column('small'), words(study)) }],
  mannWhitney: [
    { of: 'a column', bytes: 96, made: (study) => all.mannWhitney(study.column('small'), words(study)) },
  ],
  populationStability: [
    {
      of: 'a row at both times, two bounds',
      bytes: 2 * 2 * 33.4,
      made: (study) =>
        all.populationStability(study.column('small').values, study.column('other').values, {
          bounds: [30, 60],
        }),
    },
    {
      of: '512 rows at both times, another bound',
      bytes: 2 * 512 * 33.4 + 700,
      per: [2, 6],
      made: (study, count) =>
        all.populationStability(study.column('small').values, study.column('other').values, {
          bounds: grid(count),
        }),
    },
  ],
  verticalLifeTable: [
    {
      of: 'a row, four times and two groups',
      bytes: 4 * 33.4 + 16,
      made: (study) =>
        all.logRank(
          all.verticalLifeTable(study.column('small').values, label(study), {
            grid: grid(4),
            group: words(study),
          }),
        ),
    },
  ],
  kaplanMeier: [
    {
      of: 'a time of two groups',
      bytes: 1200,
      upTo: true,
      per: [32, 64],
      made: (study, count, at) => all.kaplanMeier(trial(study, count, at)),
    },
    {
      of: 'a time of two groups, with intervals',
      bytes: 1800,
      upTo: true,
      per: [32, 64],
      made: (study, count, at) => all.kaplanMeier(trial(study, count, at), { intervals: true }),
    },
  ],
  logRank: [
    {
      of: 'a time of two groups',
      bytes: 900,
      upTo: true,
      per: [64, 128],
      made: (study, count, at) => all.logRank(trial(study, count, at)),
    },
  ],
  lifeTable: [{ of: 'rows', bytes: 0, made: (study, _, at) => all.logRank(trial(study, 4, at)) }],
  brierScore: [
    {
      of: 'scores',
      bytes: 10.25,
      made: (study) => all.brierScore(study.column('score').values, label(study)),
    },
  ],
  'binaryEvaluation.auc': [{ of: 'scores', bytes: 85, made: (study) => scores(study).auc() as Made }],
  'binaryEvaluation.ks': [{ of: 'scores', bytes: 167.8, made: (study) => scores(study).ks() as Made }],
  'binaryEvaluation.curve': [
    {
      of: 'another threshold',
      bytes: 50,
      per: [65, 129],
      made: (study, count) => scores(study, 1).curve({ buckets: count }),
    },
  ],
  'binaryEvaluation.calibration': [
    {
      of: 'another bucket',
      bytes: 100,
      upTo: true,
      per: [65, 129],
      made: (study, count) => scores(study, 1).calibration({ buckets: count }),
    },
  ],
  'binaryEvaluation.atFalsePositiveRates': [
    {
      of: 'another rate of 512 rows',
      bytes: 120 * Math.sqrt(512),
      upTo: true,
      per: [1, 3],
      made: (study, count) => scores(study).atFalsePositiveRates([0.1, 0.2, 0.5].slice(0, count)),
    },
  ],
  'binaryEvaluation.atThresholds': [
    {
      of: 'another threshold of 512 rows',
      bytes: 120 * Math.sqrt(512),
      upTo: true,
      per: [1, 3],
      made: (study, count) => scores(study).atThresholds([0.8, 0.5, 0.2].slice(0, count)),
    },
  ],
  'regressionEvaluation.squared': [
    { of: 'predictions', bytes: 10.25, made: (study) => predicted(study).squared() },
  ],
  'regressionEvaluation.absolute': [
    { of: 'predictions', bytes: 41, made: (study) => predicted(study).absolute() },
  ],
  'regressionEvaluation.percentage': [
    { of: 'predictions', bytes: 249.8, made: (study) => predicted(study).percentage() },
  ],
  'regressionEvaluation.r2': [
    { of: 'predictions', bytes: 20.5, made: (study) => predicted(study).r2() as Made },
  ],
  'regressionEvaluation.residuals': [
    {
      of: 'predictions, two bounds',
      bytes: 2 * 33.4,
      made: (study) => predicted(study).residuals({ bounds: [-10, 10] }),
    },
  ],
};

/** Of what is declared as the most. */
const MOST = 0.7;

suite('bytes of a statistic', () => {
  for (const [name, cases] of Object.entries(CASES))
    for (const one of cases)
      it(`are as declared: ${name}, ${one.of}`, async () => {
        const found = await bytesEach(one);
        const isRight = one.upTo
          ? found <= one.bytes && found >= MOST * one.bytes
          : Math.abs(found - one.bytes) <= 0.02 * one.bytes + 0.2;
        assert.ok(isRight, `${found} bytes, not ${one.bytes}`);
      });
});

/**
 * What makes tables, columns, charts, pages and rules, or puts statistics together: these open nothing of their own.
 */
const OTHERS: ReadonlySet<string> = new Set([
  ...['vertical', 'horizontal', 'secretTable', 'secretColumn', 'secretKey', 'statistic', 'together'],
  ...['encoding', 'encodingText', 'readEncoding', 'writeEncoding'],
  ...['calibrationChart', 'histogramChart', 'htmlReport', 'rocChart', 'survivalChart'],
]);

/** Functions, and methods of what a function gives, that no case is of. */
function without(
  cases: readonly string[],
  exported: Readonly<Record<string, unknown>>,
  methods: readonly string[],
) {
  const parents = new Set(methods.map((name) => name.slice(0, name.indexOf('.'))));
  const functions = Object.keys(exported).filter(
    (name) => typeof exported[name] === 'function' && !OTHERS.has(name) && !parents.has(name),
  );
  return [...functions, ...methods].filter((name) => !cases.includes(name));
}

suite('a cost is declared and measured', () => {
  it('of every function of the module and of every method of an evaluation', async () => {
    const { result } = await run('rep3', async (context) => {
      const study = await tableOf(context, FEW);
      return [
        ...Object.keys(scores(study)).map((name) => `binaryEvaluation.${name}`),
        ...Object.keys(predicted(study)).map((name) => `regressionEvaluation.${name}`),
      ];
    });
    assert.deepEqual(without(Object.keys(CASES), all, result), []);
  });

  it('and one that has none would be found', () => {
    const { describe: _, 'binaryEvaluation.ks': __, ...others } = CASES;
    const methods = ['binaryEvaluation.auc', 'binaryEvaluation.ks'];
    const exported = { ...all, regressionEvaluation: undefined, kendall: () => undefined };
    assert.deepEqual(without(Object.keys(others), exported, methods).sort(), [
      'binaryEvaluation.ks',
      'describe',
      'kendall',
    ]);
  });
});
