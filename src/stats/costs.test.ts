/** What docstrings say of bytes a row is what members send. */
import assert from 'node:assert/strict';
import { it, describe as suite } from 'node:test';
import { drawn, type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import {
  correlation,
  crosstab,
  describe,
  frequencies,
  groupBy,
  histogram,
  type SecretTable,
  type Statistic,
  vertical,
} from './index.ts';

const { run } = useStats();
type Device = StatsContext['spu'];
type Study = SecretTable<Device>;
const [FEW, MANY] = [512, 1024];

async function tableOf({ alice, bob, spu, at }: StatsContext, rows: number): Promise<Study> {
  const random = drawn(rows);
  const numbers = (): number[] => Array.from({ length: rows }, () => Math.floor(100 * random()));
  const tables = {
    alice: at(alice, { small: numbers(), other: numbers(), large: numbers() }),
    bob: at(bob, {
      gaps: numbers().map((x) => (x < 20 ? null : x)),
      words: numbers().map((x) => (x < 50 ? 'a' : 'b')),
    }),
  };
  const columns = {
    alice: { small: { min: 0, max: 120 }, other: { min: 0, max: 120 }, large: { max: 1000 } },
    bob: { gaps: { min: 0, max: 120, gaps: true }, words: { categories: ['a', 'b'] } },
  } as const;
  return (await vertical(spu, tables, { parties: { alice, bob }, columns, rows })) as unknown as Study;
}

/** Bytes that members send for each row, on the mean, beside what sharing costs. */
async function bytesARow(made: (study: Study) => Statistic<Device, unknown>): Promise<number> {
  const sent = async (rows: number): Promise<number> => {
    const { world } = await run('rep3', async (context) => {
      await made(await tableOf(context, rows)).reveal(context.reveal);
    });
    const operations = ['alice', 'bob', 'carol'].flatMap((party) =>
      world.of(party).host.costs.flatMap((cost) => cost.operations),
    );
    return operations.reduce((sum, { operation, bytes }) => sum + (operation === 'share' ? 0 : bytes), 0) / 3;
  };
  return ((await sent(MANY)) - (await sent(FEW))) / (MANY - FEW);
}

suite('bytes a row of a statistic', () => {
  const cases: readonly (readonly [string, number, (study: Study) => Statistic<Device, unknown>])[] = [
    ['describe', 51.25, (study) => describe(study.column('small'))],
    ['describe without shape', 10.25, (study) => describe(study.column('small'), { shape: false })],
    ['describe with extremes', 134.05, (study) => describe(study.column('small'), { extremes: true })],
    ['describe of a wide range', 20.5, (study) => describe(study.column('large'), { shape: false })],
    ['describe with gaps', 26.25, (study) => describe(study.column('gaps'), { shape: false })],
    ['groupBy', 10.25, (study) => groupBy([study.column('small')], study.category('words'))],
    [
      'crosstab',
      0,
      (study) => crosstab(study.category('words'), { ...study.category('words'), name: 'again' }),
    ],
    ['frequencies', 0, (study) => frequencies(study.category('words'))],
    ['histogram of two bins', 100.2, (study) => histogram(study.column('small'), { edges: [0, 50, 100] })],
    ['correlation', 0, (study) => correlation([study.column('small'), study.column('other')])],
    ['correlation with gaps', 92.5, (study) => correlation([study.column('small'), study.column('gaps')])],
  ];
  for (const [name, wanted, made] of cases)
    it(`is ${wanted} of ${name}`, async () => {
      const found = await bytesARow(made);
      assert.ok(Math.abs(found - wanted) <= 0.02 * wanted + 0.2, `${found} bytes`);
    });
});
