import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  near,
  PROTOCOLS,
  type StatsContext,
  type StatsProtocol,
  useStats,
} from '../../test/parts/stats-world.ts';
import { readExpected } from '../../test/stats/expected.ts';
import {
  type HorizontalLifeTableOptions,
  kaplanMeier,
  lifeTable,
  logRank,
  type SurvivalCurve,
  verticalLifeTable,
} from './index.ts';

const { run, jobWorld } = useStats();

interface Case {
  readonly name: string;
  readonly days: readonly number[];
  readonly event: readonly number[];
  readonly group: readonly number[];
  readonly is: {
    readonly curves: readonly {
      readonly times: readonly number[];
      readonly events: readonly number[];
      readonly survival: readonly number[];
      readonly standardError: readonly (number | null)[];
      readonly interval95: readonly (readonly [number, number])[];
    }[];
    readonly logRank: { readonly statistic: number; readonly df: number; readonly p: number };
  };
}

const { cases } = readExpected<{ readonly cases: readonly Case[] }>('survival');
const gridOf = ({ days }: Pick<Case, 'days'>): number[] => [...new Set(days)].sort((a, b) => a - b);
const words = ({ group }: Pick<Case, 'group'>): string[] =>
  [...new Set(group)].sort().map((one) => `g${one}`);

type Data = Pick<Case, 'days' | 'event' | 'group'>;

/** Rows in turn at alice and bob. */
function horizontalTable(
  { alice, bob, spu, at }: StatsContext,
  data: Data,
  more: Partial<HorizontalLifeTableOptions<'alice' | 'bob'>> = {},
) {
  const part = (turn: number) => {
    const own = <T>(list: readonly T[]): T[] => list.filter((_, row) => row % 2 === turn);
    return { days: own(data.days), event: own(data.event), arm: own(data.group).map((one) => `g${one}`) };
  };
  return lifeTable(
    spu,
    { alice: at(alice, part(0)), bob: at(bob, part(1)) },
    {
      parties: { alice, bob },
      ...{ time: 'days', event: 'event', group: { column: 'arm', categories: words(data) } },
      ...{ grid: gridOf(data), ...more },
    },
  );
}

async function both(protocol: StatsProtocol, data: Data) {
  const { result, opened } = await run(protocol, async (context) => {
    const { reveal } = context;
    const table = horizontalTable(context, data);
    return {
      curves: await kaplanMeier(table, { minimumCount: 1, intervals: true }).reveal(reveal),
      test: await logRank(table, { minimumCount: 1 }).reveal(reveal),
    };
  });
  return { ...result, opened };
}

/** Of lifelines, only times with events, as a curve that is opened at every event has them. */
function checkCurves(curves: readonly SurvivalCurve[], { is }: Case): void {
  curves.forEach(({ points }, i) => {
    const of = is.curves[i];
    assert.ok(of);
    const places = of.times.flatMap((_, at) => ((of.events[at] ?? 0) > 0 ? [at] : []));
    assert.deepEqual(
      points.map(({ time }) => time),
      places.map((at) => of.times[at]),
    );
    places.forEach((at, point) => {
      const { survival, standardError, interval } = points[point] ?? assert.fail();
      near(survival, of.survival[at], 1e-3);
      if (survival === 0 || survival === 1) return;
      near(standardError, of.standardError[at], 1e-3);
      near(interval, of.interval95[at], 2e-3);
    });
  });
}

describe('survival', () => {
  for (const protocol of PROTOCOLS)
    for (const one of cases.filter(({ days }) => days !== undefined))
      it(`is what lifelines has of "${one.name}" (${protocol})`, async () => {
        const { curves, test } = await both(protocol, one);
        checkCurves(curves, one);
        const { statistic, df, p } = one.is.logRank;
        near(test, { statistic, df, p }, 1e-3 * Math.max(1, statistic));
      });

  it('is the same of rows at one party, of rows in another order, and of columns at different parties', async () => {
    const [one] = cases;
    assert.ok(one);
    const wanted = await both('plain', one);
    const order = [...one.days.keys()].reverse();
    const turned = <T>(list: readonly T[]): T[] => order.map((row) => list[row] as T);
    const other = await both('plain', {
      days: turned(one.days),
      event: turned(one.event),
      group: turned(one.group),
    });
    near(other.curves, wanted.curves, 1e-9);
    near(other.test, wanted.test, 1e-9);
    for (const protocol of ['plain', 'rep3'] as const) {
      const { result } = await run(protocol, async ({ spu, reveal }) => {
        const rows = one.days.length;
        const named = words(one);
        const ones = one.group.flatMap((of) => named.map((word) => Number(word === `g${of}`)));
        const group = {
          ...{ name: 'arm', categories: named, rows, from: [] },
          indicators: spu.constant(ones, { dtype: 'integer', shape: [rows, named.length] }),
        };
        const table = verticalLifeTable(
          spu.constant(one.days),
          spu.constant(one.event, { dtype: 'integer' }),
          { grid: gridOf(one), group },
        );
        return {
          curves: await kaplanMeier(table, { minimumCount: 1, intervals: true }).reveal(reveal),
          test: await logRank(table, { minimumCount: 1 }).reveal(reveal),
        };
      });
      near(result.curves, wanted.curves, 2e-3);
      near(result.test, wanted.test, 1e-3);
    }
  });

  it('opens a curve only where there were enough events, and tells nothing of the rest', async () => {
    const days = Array.from({ length: 24 }, (_, i) => i + 1);
    const data = { days, event: days.map((day) => Number(day % 2 === 0)), group: days.map(() => 0) };
    const { result } = await run('rep3', async (context) => {
      const { reveal } = context;
      const table = horizontalTable(context, data);
      const raw: number[][] = [];
      const spy = (async (secret: never) => {
        const opened = await (reveal as (secret: never) => Promise<{ data: Float64Array }>)(secret);
        raw.push([...opened.data]);
        return opened;
      }) as never;
      const points = async (at: number[], minimumCount?: number) => {
        const options = minimumCount === undefined ? { at } : { at, minimumCount };
        const [curve] = await kaplanMeier(table, { ...options, intervals: true }).reveal(spy);
        return curve?.points.map(({ time }) => time);
      };
      return {
        found: [await points([8, 12, 20, 24]), await points([8, 12, 20, 24], 4), await points(days)],
        raw,
      };
    });
    // Four, two, four and two events; with ten as the least, none is enough.
    assert.deepEqual(result.found, [[], [8, 20], []]);
    assert.ok(result.raw[0]?.every((value) => value === -1) && result.raw[1]?.every((value) => value === 0));
  });

  it('of few rows or events has no test, and opens only that', async () => {
    const days = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const cases = [
      [days.map(() => 1), days.map((day) => Number(day < 5))],
      [days.map((day) => Number(day < 5)), days.map((day) => day % 2)],
    ] as const;
    for (const [event, group] of cases) {
      const { result } = await run('rep3', async (context) =>
        logRank(horizontalTable(context, { days, event, group }), { minimumCount: 5 }).reveal(context.reveal),
      );
      assert.equal(result, undefined);
    }
    const { result } = await run('rep3', async (context) => {
      const data = { days, event: days.map(() => 1), group: days.map((day) => day % 2) };
      return logRank(horizontalTable(context, data), { minimumCount: 5 }).reveal(context.reveal);
    });
    assert.equal(result?.df, 1);
  });

  for (const groups of [2, 3])
    it(`opens what it says and nothing else, of ${groups} groups`, async () => {
      const days = Array.from({ length: 18 }, (_, i) => i + 1);
      const data = { days, event: days.map(() => 1), group: days.map((day) => day % groups) };
      const { result, opened } = await run('semi2k', async (context) => {
        const table = horizontalTable(context, data, { name: 'trial' });
        const asked = [
          kaplanMeier(table, { at: [9, 18] }),
          kaplanMeier(table, { intervals: true }),
          logRank(table),
        ];
        for (const one of asked) await one.reveal(context.reveal);
        return asked.flatMap(({ opens }) => opens.map(({ name }) => name));
      });
      assert.deepEqual(new Set(opened().map(({ name }) => name)), new Set(result));
      assert.ok(result.every((name) => name.includes('trial')));
    });

  it('takes times between as the later ones, and rows beyond the grid as at risk to its end', async () => {
    const data = { days: [0, 1.5, 2, 9, 9], event: [1, 1, 0, 1, 0], group: [0, 0, 0, 0, 0] };
    const { result } = await run('plain', async (context) => {
      const { events, atRisk } = horizontalTable(context, data, { grid: [1, 2, 3] });
      return [[...(await context.reveal(events)).data], [...(await context.reveal(atRisk)).data]];
    });
    assert.deepEqual(result, [
      [1, 1, 0],
      [5, 4, 2],
    ]);
  });

  it('says to the owner which row of which column does not fit, and why', async () => {
    const trial = { time: 'days', event: 'died', grid: [1, 2] };
    const cases = [
      [{ days: [1, -2], died: [1, 0] }, trial, /'days', row 2: a time is 0 or later/],
      [{ days: [1, 2], died: [1, 0.5] }, trial, /'died', row 2: an event is 1 where it happened/],
      [
        { days: [1, null], died: [1, 0] },
        trial,
        /'days' has no value in row 2, and every row needs one here/,
      ],
      [
        { days: [1, 2], died: [1, 0] },
        { ...trial, rowsMax: 1 },
        /more rows than lifeTable is told.* is 1\. .*rowsMax/,
      ],
    ] as const;
    for (const [data, options, message] of cases) {
      const world = await jobWorld('rep3', async ({ alice, spu, at, reveal }) => {
        const table = lifeTable(spu, { alice: at(alice, data) }, { parties: { alice }, ...options });
        return kaplanMeier(table).reveal(reveal);
      });
      await assert.rejects(world.results());
      const [own] = world.of('alice').host.failures;
      assert.match(own?.detail.message ?? '', message);
    }
  });

  it('refuses what does not fit', async () => {
    await run('plain', async (context) => {
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      const data = { days: [1, 2], event: [1, 0], group: [0, 0] };
      const make = (more: Parameters<typeof horizontalTable>[2]) => () =>
        horizontalTable(context, data, more);
      for (const grid of [[], [2, 1], [1, 1], [Number.NaN]]) assert.throws(make({ grid }), wrong);
      assert.throws(make({ grid: [7, 21, 14] }), {
        ...wrong,
        message: /"grid" of .*number 3 of it is 14 after 21/,
      });
      for (const rowsMax of [0, 2 ** 20, 1.5]) assert.throws(make({ rowsMax }), wrong);
      const { alice, at } = context;
      const call = (options: object) => () =>
        lifeTable(
          context.spu,
          { alice: at(alice, { t: [1], e: [1] }) },
          {
            ...{ parties: { alice }, time: 't', event: 'e', grid: [1] },
            ...options,
          },
        );
      assert.throws(call({ events: 'e' }), { ...wrong, message: /lifeTable has no option "events"/ });
      assert.throws(call({ group: { column: 'g' } }), {
        ...wrong,
        message: /"group" .*\{ column, categories \}/,
      });
      assert.throws(call({ event: undefined }), { ...wrong, message: /"event" of lifeTable is the name/ });
      const table = make({})();
      for (const at of [[], [3], [2, 1]]) assert.throws(() => kaplanMeier(table, { at }), wrong);
      assert.throws(() => kaplanMeier(table, { minimumCount: -1 }), wrong);
      assert.throws(() => logRank(table), wrong);
      const { spu } = context;
      const [time, event] = [spu.constant([1, 2]), spu.constant([1, 0, 1], { dtype: 'integer' })];
      assert.throws(() => verticalLifeTable(time, event, { grid: [1] }), wrong);
    });
  });
});
