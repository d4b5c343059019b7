import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds, type World } from '../../../test/parts/program-world.ts';
import { closeDatabase, type Table, tableOf } from '../../data/index.ts';
import type { Bool, Fixed, Secret } from '../model/at.ts';
import type { AnyDevice } from '../model/device-types.ts';
import { job } from '../model/job.ts';
import { psi } from './psi.ts';
import { secure } from './secure/device.ts';

const open = useWorlds();
after(closeDatabase);

const GROUPS = 4;

interface Person {
  readonly id: string | null;
  readonly value: number;
}

const customers = (ids: readonly (string | null)[]): readonly Person[] =>
  ids.map((id, i) => ({ id, value: (7 * i + 1) % GROUPS }));
const buyers = (ids: readonly (string | null)[]): readonly Person[] =>
  ids.map((id, i) => ({ id, value: 1_000_003 * (i - 3) }));
const ids = (from: number, until: number): readonly string[] =>
  Array.from({ length: until - from }, (_, i) => `P${from + i}`);
const tableFrom = (rows: readonly Person[], name: string): Promise<Table> =>
  tableOf({ id: rows.map(({ id }) => id), [name]: Float64Array.from(rows, ({ value }) => value) });

/** What plain arithmetic makes of the same tables: rows of both, and by group how many they are, and their sum. */
function plain(left: readonly Person[], right: readonly Person[]) {
  const values = new Map(right.map(({ id, value }) => [id, value]));
  const rows = left.flatMap(({ id, value }) => {
    const found = id === null ? undefined : values.get(id);
    return found === undefined ? [] : [[value, found] as const];
  });
  const by = (of: (value: number) => number): number[] =>
    Array.from({ length: GROUPS }, (_, group) =>
      rows.reduce((sum, [own, value]) => sum + (own === group ? of(value) : 0), 0),
    );
  return { rows: rows.map((row) => row.join()).sort(), counts: by(() => 1), sums: by((value) => value) };
}

interface Shown {
  readonly places: readonly number[];
  readonly rows: readonly string[];
  readonly bins: number;
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

interface Setting {
  readonly protocol?: 'rep3' | 'semi2k';
  readonly rows?: number;
  readonly options?: object;
  readonly plaintext?: boolean;
}

/** Alice has the left table, or the right one. */
async function run(
  left: readonly Person[],
  right: readonly Person[],
  { protocol = 'rep3', rows = left.length, options = {}, plaintext = false }: Setting = {},
  leftIsBob = false,
): Promise<{ readonly w: World; readonly shown: Shown }> {
  const w = await open(
    job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
      const spu =
        protocol === 'rep3' ? secure([alice, bob, carol], { protocol }) : secure([alice, bob], { protocol });
      const atAlice = alice.run('a', () =>
        leftIsBob ? tableFrom(right, 'income') : tableFrom(left, 'group'),
      );
      const atBob = bob.run('b', () => (leftIsBob ? tableFrom(left, 'group') : tableFrom(right, 'income')));
      const [holder, other] = leftIsBob ? ['bob', 'alice'] : ['alice', 'bob'];
      const wanted = {
        on: 'id',
        into: { device: spu, rows },
        payload: {
          [holder as string]: { group: { dtype: 'integer', min: 0, max: GROUPS - 1 } },
          [other as string]: { income: { dtype: 'integer', max: 1e12 } },
        },
        ...options,
      };
      const joined = (leftIsBob
        ? psi(wanted as never, atBob, atAlice)
        : psi(wanted as never, atAlice, atBob)) as unknown as {
        matches: Bool<AnyDevice>;
      } & Record<string, Record<string, Secret<AnyDevice, 'integer'>>>;
      const { matches } = joined;
      const group = joined[holder as string]?.group as Secret<AnyDevice, 'integer'>;
      const income = joined[other as string]?.income as Secret<AnyDevice, 'integer'>;
      const opened = [
        matches,
        group,
        income,
        matches.cast('integer').groupSum(group, GROUPS),
        income.groupSum(group, GROUPS),
      ].map((secret) => reveal(secret));
      const [match = [], groups = [], incomes = [], counts = [], sums = []] = (await Promise.all(opened)).map(
        ({ data }) => [...data],
      );
      const texts = match.map((one, i) => (one === 1 ? `${groups[i]},${incomes[i]}` : ''));
      for (const [i, one] of match.entries())
        if (one === 0) assert.deepEqual([groups[i], incomes[i]], [0, 0]);
      return {
        places: match.flatMap((one, i) => (one === 1 ? [i] : [])),
        rows: texts.filter((text) => text !== '').sort(),
        bins: matches.shape[0] ?? 0,
        ...{ counts, sums },
      };
    }),
    { plaintext },
  );
  const results = (await w.results()) as Record<string, Shown>;
  for (const party of ['bob', 'carol']) assert.deepEqual(results[party], results.alice);
  return { w, shown: results.alice as Shown };
}

const overlaps = {
  none: [ids(0, 20), ids(20, 35)],
  some: [ids(0, 20), ids(13, 40)],
  all: [ids(0, 20), ids(0, 20)],
  'one row each': [ids(0, 1), ids(0, 1)],
} as const;

describe('psi into a device', () => {
  for (const protocol of ['rep3', 'semi2k'] as const)
    for (const [name, [a, b]] of Object.entries(overlaps))
      it(`${protocol}, ${name} of the rows: gives what plain arithmetic does`, async () => {
        const [left, right] = [customers(a), buyers([...b].reverse())];
        const wanted = plain(left, right);
        for (const leftIsBob of [false, true]) {
          const { shown } = await run(left, right, { protocol }, leftIsBob);
          assert.deepEqual(
            { rows: shown.rows, counts: shown.counts, sums: shown.sums },
            { rows: wanted.rows, counts: wanted.counts, sums: wanted.sums },
          );
          assert.ok(shown.bins > left.length);
        }
      });

  it('gives rows in an order that is another each time', async () => {
    const all = ids(0, 40);
    const w = await open(
      job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
        const device = secure([alice, bob], { protocol: 'semi2k' });
        const a = alice.run('a', () => tableFrom(customers(all), 'group'));
        const b = bob.run('b', () => tableFrom(buyers(all.slice(0, 20)), 'income'));
        const joined = [0, 1, 2].map(() => psi({ on: 'id', into: { device, rows: 40 } }, a, b));
        const opened = await Promise.all(joined.map(({ matches }) => reveal(matches)));
        return opened.map(({ data }) => data.join(''));
      }),
    );
    const { alice } = (await w.results()) as Record<string, string[]>;
    assert.equal(new Set(alice).size, 3, 'nobody has shuffled');
  });

  it('has options of keys as other joins: rows left out, forms, occurrences', async () => {
    const left = customers([' p1', 'P2', null, 'p3 ', 'p3']);
    const right = buyers(['P3', 'p1', null, 'p3', 'p9']);
    const { w, shown } = await run(left, right, {
      rows: 9,
      options: {
        normalise: { id: ['trim', 'upper'] },
        nulls: 'leave out',
        duplicates: { upTo: 2 },
      },
    });
    const value = (rows: readonly Person[], at: number): number => rows[at]?.value ?? Number.NaN;
    const pairs = [
      [0, 1],
      [3, 0],
      [4, 3],
    ].map(([a = 0, b = 0]) => `${value(left, a)},${value(right, b)}`);
    assert.deepEqual(shown.rows, pairs.sort());
    const [entry] = w.of('alice').host.disclosures;
    assert.equal(
      entry?.type,
      'key types, bound of its number of rows; left out here: 1 rows without a key, 0 with one that cannot be read',
    );
  });

  it('takes names of columns, truth values, and none at all', async () => {
    const w = await open(
      job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
        const spu = secure([alice, bob], { protocol: 'semi2k' });
        const a = alice.run('a', () =>
          tableOf({ id: ['x', 'y'], paid: [true, false], rate: Float64Array.of(0.5, 3) }),
        );
        const b = bob.run('b', () => tableOf({ key: ['y', 'x'], debt: Float64Array.of(-1.25, 2) }));
        const on = { left: 'id', right: 'key' } as const;
        const into = { device: spu, rows: 2 };
        const payload = { alice: { paid: { dtype: 'boolean' }, rate: {} }, bob: 'debt' } as const;
        const joined = psi({ on, into, payload }, a, b);
        const { paid, rate } = joined.alice;
        const debt: Fixed<typeof spu> = joined.bob.debt;
        const total = reveal(debt.mul(rate).sum());
        const ofPaid = reveal(paid.select(debt, 0).sum());
        const bare = psi({ on, into }, a, b);
        const count = reveal(bare.matches.cast('integer').sum());
        return [(await total).data[0], (await ofPaid).data[0], (await count).data[0], Object.keys(bare)];
      }),
    );
    const { alice } = (await w.results()) as Record<string, unknown[]>;
    const [total, ...rest] = alice as [number, ...unknown[]];
    assert.ok(Math.abs(total - (2 * 0.5 - 1.25 * 3)) < 1e-4);
    assert.deepEqual(rest, [2, 2, ['matches']]);
  });

  it('runs on plaintext, too', async () => {
    const [left, right] = [customers(ids(0, 9)), buyers(ids(4, 12))];
    const { shown } = await run(left, right, { plaintext: true });
    assert.deepEqual(shown.sums, plain(left, right).sums);
  });

  it('where the right table has more rows than the left one', async () => {
    const { shown } = await run(customers(ids(0, 2)), buyers(ids(0, 30)));
    assert.equal(shown.rows.length, 2);
  });
});

describe('what psi into a device tells', () => {
  const lines = (w: World, party: string) =>
    w.of(party).host.disclosures.map(({ kind, name, to, type, shape }) => [kind, name, to, type, shape]);

  it('is in both ledgers: how many rows were said, key types, and what was shared', async () => {
    const { w } = await run(customers(ids(0, 5)), buyers(ids(3, 10)), { rows: 8 });
    assert.deepEqual(lines(w, 'alice').slice(0, 2), [
      ['psi', 'psi on id', ['bob'], 'key types, bound of its number of rows', [8]],
      [
        ...['share', 'psi on id as shares', ['bob', 'carol']],
        'secret bins of an intersection; group: secret integer tensor, all within 0 to 3',
        [8],
      ],
    ]);
    assert.deepEqual(lines(w, 'bob').slice(0, 2), [
      ['psi', 'psi on id', ['alice'], 'key types, number of rows', [7]],
      [
        ...['share', 'psi on id as shares', ['alice', 'carol']],
        'secret bins of an intersection; income: secret integer tensor, all within -1000000000000 to 1000000000000',
        [8],
      ],
    ]);
    const opened = lines(w, 'carol').map(([kind, name]) => [kind, name]);
    assert.deepEqual(opened, [
      ['reveal', 'matches'],
      ['reveal', 'alice.group'],
      ['reveal', 'bob.income'],
      ['reveal', 'groupSum'],
      ['reveal', 'groupSum'],
    ]);
  });

  it('is the same in size, for any rows that match, and any number of rows of the left table', async () => {
    const sizes: string[] = [];
    for (const [left, right] of [
      [ids(0, 10), ids(10, 20)],
      [ids(0, 10), ids(0, 10)],
      [ids(0, 3), ids(2, 12)],
    ] as const) {
      const { w } = await run(customers(left), buyers(right), { rows: 10 });
      sizes.push(
        w.crossed
          .map(({ from, to, body }) => `${from} ${to} ${body.length}`)
          .sort()
          .join(),
      );
    }
    assert.equal(new Set(sizes).size, 1);
  });
});
