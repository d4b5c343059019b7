import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PROTOCOLS,
  type StatsContext,
  withGaps as tableFrom,
  useStats,
} from '../../test/parts/stats-world.ts';
import {
  describe as describe_,
  groupBy,
  horizontal,
  quantiles,
  secretColumn,
  secretTable,
  statistic,
  vertical,
} from './index.ts';

const { run, jobWorld } = useStats();
const list = (of: { readonly data: Float64Array }): number[] => [...of.data];

/** What alice's error says, and bob's, of a table at alice whose only column is shared as `declared` says. */
async function refusal(column: readonly (number | string | null)[], declared: object): Promise<string[]> {
  const world = await jobWorld('rep3', async ({ alice, spu, at }) => {
    const columns = { alice: { x: declared as { max: number } } };
    const table = { alice: at(alice, { x: column }) };
    const shared = await vertical(spu, table, { parties: { alice }, columns, rows: column.length });
    shared.columns[0]?.values.to(alice);
    shared.categories[0]?.indicators.to(alice);
  });
  const ends = await world.run();
  return ['alice', 'bob'].map((party) => {
    const end = ends.get(party);
    assert.ok(end?.status === 'rejected', party);
    const [own] = world.of(party).host.failures;
    return own?.detail.name === 'DataError' ? own.detail.message : (end.reason as Error).message;
  });
}

describe('a vertical table', () => {
  for (const protocol of PROTOCOLS)
    it(`has the columns of its parties by name, and gaps as zeros with a mask (${protocol})`, async () => {
      const { result } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const study = await vertical(
          spu,
          {
            alice: at(alice, { age: [30, null, 50], region: ['south', 'north', null] }),
            bob: at(bob, { euros: [1.5, 2.5, -3] }),
          },
          {
            parties: { alice, bob },
            columns: {
              alice: {
                age: { min: 18, max: 120, gaps: true },
                region: { categories: ['north', 'south'], gaps: true },
              },
              bob: { euros: { max: 10 } },
            },
            rows: reveal,
          },
        );
        const [age, euros, region] = [study.column('age'), study.column('euros'), study.category('region')];
        assert.deepEqual([study.rows, age.from, euros.from], [3, ['alice'], ['bob']]);
        assert.deepEqual([euros.min, euros.max, euros.present], [-10, 10, undefined]);
        assert.ok(age.present);
        assert.deepEqual(
          study.select(['region', 'euros']).columns.map(({ name }) => name),
          ['euros'],
        );
        return [
          list(await reveal(age.values)),
          list(await reveal(age.present)),
          list(await reveal(euros.values)),
          list(await reveal(region.indicators)),
        ];
      });
      assert.deepEqual(result, [
        [30, 0, 50],
        [1, 0, 1],
        [1.5, 2.5, -3],
        [0, 1, 1, 0, 0, 0],
      ]);
    });

  it('says the number of rows only where it is asked to, and each column in the ledger of its owner', async () => {
    const { world } = await run('rep3', async ({ alice, bob, spu, at }) => {
      const tables = { alice: at(alice, { a: [1, 2] }), bob: at(bob, { b: [3, 4] }) };
      const columns = { alice: { a: { max: 5 } }, bob: { b: { max: 5 } } };
      const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: 2 });
      study.column('a').values.add(study.column('b').values).to(bob);
    });
    const ledger = (party: string) =>
      world.of(party).host.disclosures.map(({ kind, name }) => `${kind} ${name}`);
    assert.deepEqual(ledger('alice').slice(0, 1), ['share a']);
    assert.ok(!ledger('alice').some((line) => /rows/.test(line)));
  });

  it('refuses two columns of one name, a party without a table, and an unknown column', async () => {
    const two = ({ alice, bob, at }: StatsContext) => ({
      tables: { alice: at(alice, { x: [1] }), bob: at(bob, { x: [2] }) },
      parties: { alice, bob },
    });
    const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
    await run('rep3', async (context) => {
      const { spu } = context;
      const { tables, parties } = two(context);
      const x = { x: { max: 5 } };
      await assert.rejects(vertical(spu, tables, { parties, columns: { alice: x, bob: x }, rows: 1 }), {
        ...wrong,
        message: /two columns are called "x"/,
      });
      await assert.rejects(
        vertical(
          spu,
          { alice: tables.alice },
          {
            parties: { alice: context.bob } as never,
            columns: { alice: x },
            rows: 1,
          },
        ),
        wrong,
      );
      const one = await vertical(
        spu,
        { alice: tables.alice },
        {
          parties: { alice: parties.alice },
          columns: { alice: x },
          rows: 1,
        },
      );
      assert.throws(() => one.column('y' as 'x'), {
        ...wrong,
        message: /no column "y" of numbers; there are x/,
      });
      for (const [strange, message] of [
        [
          { columns: { alice: { x: { min: 0, mx: 9 } } } },
          /column "x" has no option "mx"; it has "min", "max", "gaps"/,
        ],
        [
          { columns: { alice: { x: { categories: ['a'], max: 9 } } } },
          /no option "max"; it has "categories", "gaps"/,
        ],
        [{ columns: { alice: x }, row: 1 }, /vertical has no option "row"/],
      ] as const) {
        const made = { parties: { alice: parties.alice }, rows: 1, ...strange } as never;
        await assert.rejects(vertical(spu, { alice: tables.alice }, made), { ...wrong, message });
      }
      const together = {
        parties: { alice: parties.alice },
        columns: { x: { gap: true } },
        rows: { alice: 1 },
      };
      await assert.rejects(horizontal(spu, { alice: tables.alice }, together as never), wrong);
      assert.throws(() => secretColumn('m', one.column('x').values, { mx: 1 } as object), wrong);
      assert.throws(() => quantiles(one.column('x'), 0.5 as never), wrong);
      assert.throws(
        () => groupBy(one.column('x') as never, { ...one.column('x'), categories: ['a'] } as never),
        wrong,
      );
      assert.throws(() => secretTable([]), wrong);
      assert.throws(() => secretColumn('m', one.column('x').values.reshape([1, 1])), wrong);
    });
  });

  it('names column and row to the owner where data are not as declared', async () => {
    const cases = [
      [[1, null], { max: 5 }, /'x' has no value in row 2/],
      [[1, 9], { max: 5 }, /'x', row 2: above what the job says of it, -5 to 5/],
      [[1, 9, null], { min: 2, max: 20, gaps: true }, /'x', row 1: below/],
      [['a', 'b'], { max: 5 }, /'x' .*VARCHAR/],
      [['a', 'c'], { categories: ['a', 'b'] }, /'x', row 2: none of the 2 categories/],
      [['a', null], { categories: ['a', 'b'] }, /'x' has no value in row 2/],
    ] as const;
    for (const [column, declared, message] of cases) {
      const [atAlice = '', atBob = ''] = await refusal(column, declared);
      assert.match(atAlice, message);
      assert.doesNotMatch(atBob, message);
      assert.match(atBob, /DATA_INVALID/);
    }
  });
});

describe('a column without any value', () => {
  const columns = { alice: { none: { max: 5, gaps: true }, x: { max: 5 } } };
  /** As a CSV file has it: of text. */
  const table = () => tableFrom({ none: ['', '', ''], x: [1, 2, 3] });
  for (const protocol of PROTOCOLS)
    it(`is one of gaps where there can be gaps (${protocol})`, async () => {
      const { result } = await run(protocol, async ({ alice, spu, reveal }) => {
        const study = await vertical(
          spu,
          { alice: alice.run('table', table) },
          {
            parties: { alice },
            columns,
            rows: 3,
          },
        );
        const none = study.column('none');
        assert.ok(none.present);
        const { count, gaps } = await describe_(none, { minimumCount: 0 }).reveal(reveal);
        return { values: list(await reveal(none.values)), count, gaps };
      });
      assert.deepEqual(result, { values: [0, 0, 0], count: 0, gaps: 3 });
    });

  it('is refused where there can be none, and text with a word in it everywhere', async () => {
    const [atAlice = ''] = await refusal([null, null], { max: 5 });
    assert.match(atAlice, /'x' has no value in row 1|VARCHAR/);
    const [text = ''] = await refusal(['a', null], { max: 5, gaps: true });
    assert.match(text, /'x' .*VARCHAR/);
  });
});

describe('messages', () => {
  it('say that there are no rows, what may be the cause and where to look, at every party', async () => {
    const world = await jobWorld('rep3', async ({ alice, spu, at, reveal }) => {
      const columns = { alice: { x: { max: 5 } } };
      return (
        await vertical(spu, { alice: at(alice, { x: [] }) }, { parties: { alice }, columns, rows: reveal })
      ).rows;
    });
    await assert.rejects(world.results());
    for (const party of ['alice', 'bob', 'carol']) {
      const [{ detail } = { detail: undefined }] = world.of(party).host.failures;
      if (detail === undefined) continue;
      assert.equal(detail.code, 'PRIVITY_TABLE_EMPTY');
      assert.match(detail.message, /table of alice has no rows.*no key was in both.*profileKeys/);
    }
    assert.ok(world.of('alice').host.failures.length > 0);
  });

  it('say of which column, at which party, numbers are too large, and in what unit to share them', async () => {
    await run('rep3', async ({ alice, spu, at }) => {
      const columns = { alice: { euros: { max: 1e9 } } };
      await assert.rejects(
        vertical(spu, { alice: at(alice, { euros: [1] }) }, { parties: { alice }, columns, rows: 1 }),
        {
          code: 'PRIVITY_STATS_ARGUMENTS',
          message: /"euros" of alice .*-1000000000 to 1000000000.*thousands.*67108864/,
        },
      );
    });
  });
});

describe('a horizontal table', () => {
  for (const protocol of PROTOCOLS)
    it(`has the rows of its parties one after the other (${protocol})`, async () => {
      const { result } = await run(protocol, async ({ alice, bob, carol, spu, reveal, at }) => {
        const all = await horizontal(
          spu,
          {
            alice: at(alice, { age: [1, null], sex: ['f', 'm'] }),
            bob: at(bob, { age: [3, 4], sex: ['m', 'm'] }),
            carol: at(carol, { age: [5, 6], sex: ['f', 'f'] }),
          },
          {
            parties: { alice, bob, carol },
            columns: { age: { min: 0, max: 9, gaps: true }, sex: { categories: ['f', 'm'] } },
            rows: reveal,
          },
        );
        const age = all.column('age');
        assert.deepEqual([all.rows, age.rows, age.from], [6, 6, ['alice', 'bob', 'carol']]);
        assert.ok(age.present);
        return [
          list(await reveal(age.values)),
          list(await reveal(age.present)),
          list(await reveal(all.category('sex').indicators.sum(0))),
        ];
      });
      assert.deepEqual(result, [
        [1, 0, 3, 4, 5, 6],
        [1, 0, 1, 1, 1, 1],
        [3, 3],
      ]);
    });
});

describe('a statistic', () => {
  for (const protocol of PROTOCOLS)
    it(`opens what it says, to whom it is told to, and nothing before (${protocol})`, async () => {
      const { result, opened } = await run(protocol, async ({ alice, bob, spu, reveal, at }) => {
        const x = at(alice, { x: [1, 2, 6] });
        const study = await vertical(
          spu,
          { alice: x },
          {
            parties: { alice },
            columns: { alice: { x: { max: 9 } } },
            rows: 3,
          },
        );
        const { values } = study.column('x');
        const made = statistic({
          name: 'mean of x',
          open: { sum: [values.sum(), 'sum'], largest: [values.max(), 'the largest'] },
          result: ({ sum, largest }) => ({ mean: (sum[0] ?? 0) / 3, largest: largest[0] }),
        });
        const atBob = made.to(bob);
        const known = await made.reveal(reveal);
        bob.run('look', { atBob }, (inputs) => assert.deepEqual(inputs.atBob, known));
        return { opens: made.opens, known };
      });
      assert.deepEqual(result.known, { mean: 3, largest: 6 });
      const names = result.opens.map(({ name }) => name);
      assert.deepEqual(names, ['mean of x: sum', 'mean of x: largest']);
      // On plaintext nothing is secret, and no ledger is kept.
      if (protocol === 'plain') return;
      const lines = opened().flatMap(({ name, to }) => to.map((party) => `${name} → ${party}`));
      const wanted = names.flatMap((name) => ['alice', 'bob', 'carol'].map((party) => `${name} → ${party}`));
      assert.deepEqual(
        lines.filter((line) => !wanted.includes(line) && !line.endsWith('frank')),
        [],
      );
      assert.deepEqual(
        wanted.filter((line) => !lines.includes(line)),
        [],
      );
    });

  it('would be found to open more than it says', async () => {
    const { result, opened } = await run('rep3', async ({ bob, spu }) => {
      const made = statistic({
        name: 'one',
        open: { one: [spu.constant(1, { dtype: 'fixed' }), 'one'] },
        result: ({ one }) => one[0],
      });
      made.to(bob);
      spu.constant(2).as('two').to(bob);
      return made.opens.map(({ name }) => name);
    });
    assert.notDeepEqual(new Set(opened().map(({ name }) => name)), new Set(result));
  });
});
