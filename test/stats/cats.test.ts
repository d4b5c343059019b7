/** How long 2,257 real cats waited for a home, on shares, beside lifelines. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kaplanMeier, lifeTable, logRank, vertical, verticalLifeTable } from '../../src/stats/index.ts';
import { itLong } from '../effort.ts';
import { near, type StatsContext, type StatsProtocol, useStats } from '../parts/stats-world.ts';
import { columnsOf } from './columns.ts';
import { readExpected } from './expected.ts';

interface Case {
  readonly curves: readonly {
    readonly group: string;
    readonly times: readonly number[];
    readonly events: readonly number[];
    readonly survival: readonly number[];
    readonly standardError: readonly number[];
  }[];
  readonly logRank: { readonly statistic: number; readonly df: number; readonly p: number };
}
const expected = readExpected<{ readonly byNeutered: Case; readonly byCondition: Case }>('cats');
const { numbers, words } = columnsOf('cats.csv');
const [time, event] = [numbers('time'), numbers('event')] as [number[], number[]];
const neutered = words('neutered') as string[];
const condition = words('intake_condition').map((one) => (one === 'normal' ? 'normal' : 'other'));
const strays = words('intake_type').map((one) => one === 'stray');
/** Weeks of a year: a time between counts at the later, as in what Python was given. */
const grid = Array.from({ length: 52 }, (_, week) => 7 * (week + 1));

/** Strays are rows of one party, all others of the other. */
function byNeutered({ alice, bob, spu, at }: StatsContext) {
  const part = (isHere: boolean) => {
    const own = <T>(list: readonly T[]): T[] => list.filter((_, row) => strays[row] === isHere);
    return { time: own(time), event: own(event), neutered: own(neutered) };
  };
  const categories = expected.byNeutered.curves.map(({ group }) => group);
  return lifeTable(
    spu,
    { alice: at(alice, part(true)), bob: at(bob, part(false)) },
    {
      parties: { alice, bob },
      ...{ time: 'time', event: 'event', group: { column: 'neutered', categories }, grid },
    },
  );
}

/** One party knows how a cat came, the other how long it stayed. */
async function byCondition({ alice, bob, spu, at }: StatsContext) {
  const study = await vertical(
    spu,
    { alice: at(alice, { condition }), bob: at(bob, { time, event }) },
    {
      parties: { alice, bob },
      columns: {
        alice: { condition: { categories: ['normal', 'other'] } },
        bob: { time: { min: 0, max: 2000 }, event: { min: 0, max: 1 } },
      },
      rows: time.length,
    },
  );
  const happened = study.column('event').values.gt(0.5).cast('integer');
  return verticalLifeTable(study.column('time').values, happened, {
    ...{ grid, group: study.category('condition') },
  });
}

describe('a shelter, beside lifelines', () => {
  const { run } = useStats();
  const is = async (protocol: StatsProtocol): Promise<void> => {
    const { result } = await run(protocol, async (context) => {
      const tables = { byNeutered: byNeutered(context), byCondition: await byCondition(context) };
      const of = async (name: keyof typeof tables) => ({
        curves: await kaplanMeier(tables[name], { minimumCount: 1, intervals: true }).reveal(context.reveal),
        months: await kaplanMeier(tables[name], { at: [28, 84, 168, 364] }).reveal(context.reveal),
        test: await logRank(tables[name]).reveal(context.reveal),
      });
      return { byNeutered: await of('byNeutered'), byCondition: await of('byCondition') };
    });
    for (const name of ['byNeutered', 'byCondition'] as const) {
      const { curves, months, test } = result[name];
      for (const [at, { group, times, events, survival, standardError }] of expected[name].curves.entries()) {
        const happens = times.flatMap((_, place) => ((events[place] ?? 0) > 0 ? [place] : []));
        const points = curves[at]?.points ?? [];
        assert.deepEqual(
          [curves[at]?.group, points.map((one) => one.time)],
          [group, happens.map((place) => times[place])],
        );
        for (const [i, place] of happens.entries()) {
          near(points[i]?.survival, survival[place], 1e-3);
          const error = points[i]?.standardError;
          if (error !== undefined)
            near(error, standardError[place], 0.01 * (standardError[place] ?? 0) + 1e-4);
        }
        // Of ten events or more since the time before, a point at that time.
        for (const { time: month, survival: found } of months[at]?.points ?? []) {
          const place = times.findLastIndex((one) => one <= month);
          near(found, survival[place], 1e-3);
        }
      }
      const { statistic, df, p } = expected[name].logRank;
      assert.equal(test?.df, df);
      near([test.statistic, test.p], [statistic, p], 2e-3 * statistic);
      near(test.p, p, 0.01 * p + 1e-9);
    }
  };
  it('has its curves and its log-rank tests (plain)', () => is('plain'));
  for (const protocol of ['rep3', 'semi2k'] as const)
    itLong(`has its curves and its log-rank tests (${protocol})`, () => is(protocol));
});
