import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, PROTOCOLS, type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import { creditNumbers } from '../../test/stats/credit.ts';
import { readExpected } from '../../test/stats/expected.ts';
import { type SecretTable, spearman, vertical } from './index.ts';

const { run } = useStats();
type Column = readonly (number | null)[];
interface Wanted {
  readonly n: number;
  readonly spearman: { readonly r: number | null; readonly p: number | null } | null;
}
const expected = readExpected<{
  readonly correlation: readonly {
    readonly name: string;
    readonly x: Column;
    readonly y: Column;
    readonly is: Wanted;
  }[];
  readonly credit: {
    readonly pairs: readonly { readonly x: string; readonly y: string; readonly is: Wanted }[];
  };
}>('tables');

async function tableOf(
  { alice, bob, spu, at }: StatsContext,
  columns: Readonly<Record<string, Column>>,
): Promise<SecretTable<StatsContext['spu']>> {
  const declared = (name: string) => ({ max: 20_000, gaps: columns[name]?.includes(null) ?? false });
  const [first = '', ...others] = Object.keys(columns);
  const rows = columns[first]?.length ?? 0;
  const part = (names: readonly string[]) => ({
    table: Object.fromEntries(names.map((name) => [name, columns[name] ?? []])),
    declared: Object.fromEntries(names.map((name) => [name, declared(name)])),
  });
  const [a, b] = [part([first]), part(others)];
  return (await vertical(
    spu,
    { alice: at(alice, a.table), bob: at(bob, b.table) },
    { parties: { alice, bob }, columns: { alice: a.declared, bob: b.declared }, rows },
  )) as never;
}

function check(
  found: { r: number | null | undefined; p: number | null | undefined },
  is: Wanted,
  name: string,
): void {
  const wanted = is.spearman?.r ?? null;
  near(found.r ?? null, wanted, 1e-12, name);
  if (wanted === null) assert.equal(found.p, null, name);
  // One less the square of a coefficient near 1 is what rounding has left.
  else near(found.p, is.spearman?.p, Math.abs(wanted) > 1 - 1e-9 ? 1e-9 : 1e-9 * (is.spearman?.p ?? 0), name);
}

describe('spearman', () => {
  for (const protocol of PROTOCOLS)
    it(`is what SciPy gives, of ties, of gaps on either side and of constant columns (${protocol})`, async () => {
      for (const { name, x, y, is } of expected.correlation) {
        const { result, opened } = await run(protocol, async (context) => {
          const made = spearman((await tableOf(context, { x, y })).columns, { minimumCount: 0 });
          return { found: await made.reveal(context.reveal), opens: made.opens.map((one) => one.name) };
        });
        const { coefficients, pValues, counts } = result.found;
        assert.equal(counts[0]?.[1], is.n, name);
        check({ r: coefficients[0]?.[1], p: pValues[1]?.[0] }, is, name);
        if (new Set(y).size === 1) assert.equal(coefficients[1]?.[1], null, name);
        // A sort opens comparisons, which have no name of a statistic.
        const names = new Set(opened().map((one) => one.name));
        for (const one of result.opens) assert.ok(protocol === 'plain' || names.has(one), `${name}: ${one}`);
        for (const one of names) assert.ok(result.opens.includes(one), `${name}: ${one} is opened`);
      }
    });

  it('takes the rows that each two of many columns have, with large ties', async () => {
    const names = ['age', 'income', 'orders', 'late', 'used', 'currency'];
    const columns = Object.fromEntries(names.map((name) => [name, creditNumbers(name)]));
    const { result } = await run('rep3', async (context) => {
      const table = await tableOf(context, columns);
      const pairs = expected.credit.pairs.map(({ x, y }) => spearman([table.column(x), table.column(y)]));
      return await Promise.all(pairs.map((one) => one.reveal(context.reveal)));
    });
    for (const [at, { x, y, is }] of expected.credit.pairs.entries()) {
      const { counts, coefficients, pValues } = result[at] ?? assert.fail();
      assert.equal(counts[0]?.[1], is.n, `${x}, ${y}`);
      check({ r: coefficients[0]?.[1], p: pValues[0]?.[1] }, is, `${x}, ${y}`);
    }
  });

  it('is the same in a matrix as in pairs, and turns with the sign of a column', async () => {
    const [a, b] = [
      [4, 4, 1, 9, 7, 7],
      [1, 2, 2, 3, 5, 4],
    ];
    const gaps = [3, null, 5, 5, 1, null];
    const { result } = await run('rep3', async (context) => {
      const table = await tableOf(context, { a, b, c: b.map((one) => -one), gaps });
      const [x, y, , g] = table.columns;
      assert.ok(x && y && g);
      const pair = (columns: readonly (typeof x)[]) =>
        spearman(columns, { minimumCount: 0 }).reveal(context.reveal);
      return [await pair(table.columns), await pair([x, y]), await pair([g, y])] as const;
    });
    const [matrix, xy, gy] = result;
    const at = (row: number, column: number) => matrix.coefficients[row]?.[column];
    near(at(0, 1), xy.coefficients[0]?.[1], 1e-15);
    near(at(3, 1), gy.coefficients[0]?.[1], 1e-15);
    assert.deepEqual([at(1, 2), at(2, 2), matrix.counts[0]?.[3], matrix.counts[0]?.[1]], [-1, 1, 4, 6]);
    near(at(0, 2), -(at(0, 1) ?? 0), 1e-15);
  });

  it('refuses what has no rank correlation', async () => {
    await run('rep3', async (context) => {
      const { columns } = await tableOf(context, { x: [1, 2, 3], y: [3, 1, 2] });
      const [x, y] = columns;
      assert.ok(x && y);
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      assert.throws(() => spearman([x]), { ...wrong, message: /two columns or more/ });
      assert.throws(() => spearman([x, { ...y, rows: 4 }]), { ...wrong, message: /have 3 and 4 rows/ });
      const many = (one: typeof x) => ({ ...one, rows: 2 ** 20 + 1 });
      assert.throws(() => spearman([many(x), many(y)]), { ...wrong, message: /up to 208000 rows/ });
    });
  });
});
