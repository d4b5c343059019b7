import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, PROTOCOLS, type StatsContext, useStats } from '../../test/parts/stats-world.ts';
import { readExpected } from '../../test/stats/expected.ts';
import { anova, crosstab, type SecretTable, twoProportions, vertical, welchTest } from './index.ts';

const { run } = useStats();
type Column = readonly (number | null)[];
interface Case<I> {
  readonly name: string;
  readonly is: I;
}
interface Tables {
  readonly crosstab: readonly Case<{
    readonly counts: readonly (readonly number[])[];
    readonly chiSquare: { readonly statistic: number; readonly df: number; readonly p: number } | null;
    readonly fisher?: { readonly p: number } | null;
    readonly expected?: readonly (readonly number[])[];
  }>[];
  readonly compare: readonly (Case<{
    readonly n: readonly number[];
    readonly welch: {
      readonly t: number;
      readonly df: number;
      readonly p: number;
      readonly interval95: readonly number[];
    } | null;
  }> & { readonly a: Column; readonly b: Column })[];
  readonly anova: readonly (Case<{
    readonly f: number | null;
    readonly df: readonly number[] | null;
    readonly p: number | null;
  }> & {
    readonly groups: readonly Column[];
  })[];
  readonly proportions: readonly {
    readonly hits: readonly [number, number];
    readonly of: readonly [number, number];
    readonly difference: number;
    readonly z: number | null;
    readonly p: number | null;
    readonly wald95: readonly number[];
  }[];
}
const expected = readExpected<Tables>('tables');

/** A number of alice and a word of bob in each row. */
async function grouped(
  { alice, bob, spu, at }: StatsContext,
  groups: readonly Column[],
): Promise<SecretTable<StatsContext['spu'], 'x', 'g'>> {
  const x = groups.flat();
  const g = groups.flatMap((group, index) => group.map(() => `g${index}`));
  return (await vertical(
    spu,
    { alice: at(alice, { x }), bob: at(bob, { g }) },
    {
      parties: { alice, bob },
      columns: {
        alice: { x: { max: 2048, gaps: x.includes(null) } },
        bob: { g: { categories: groups.map((_, index) => `g${index}`) } },
      },
      rows: x.length,
    },
  )) as never;
}

describe("Welch's t and the analysis of variance", () => {
  const all = { minimumCount: 0 };
  it('are what SciPy gives, of ties, gaps and constant groups, too', async () => {
    for (const { a, b, is, name } of expected.compare) {
      const { result } = await run('plain', async (context) => {
        const study = await grouped(context, [a, b]);
        return await welchTest(study.column('x'), study.category('g'), all).reveal(context.reveal);
      });
      if (is.welch?.t === null || is.welch === null || result === null) {
        assert.equal(result, null, name);
        continue;
      }
      const within = Math.abs(is.welch.t) / 1000 + 1e-4;
      near([result.t, result.pValue], [is.welch.t, is.welch.p], within, name);
      near(result.df, is.welch.df, is.welch.df / 1000, name);
      near([...result.interval], [...is.welch.interval95], 0.01, name);
    }
  });

  for (const protocol of PROTOCOLS)
    it(`are what SciPy gives, on shares (${protocol})`, async () => {
      const [{ a, b, is }] = expected.compare as [Tables['compare'][number]];
      const [{ groups, is: variance }] = expected.anova as [Tables['anova'][number]];
      const { result } = await run(protocol, async (context) => {
        const two = await grouped(context, [a, b]);
        const three = await grouped(context, groups);
        const t = await welchTest(two.column('x'), two.category('g'), all).reveal(context.reveal);
        const f = await anova(three.column('x'), three.category('g'), all).reveal(context.reveal);
        return { t, f };
      });
      near(result.t?.t, is.welch?.t, 0.001);
      near(result.t?.pValue, is.welch?.p, 0.001);
      near(result.f?.f, variance.f, 0.001);
      near(result.f?.pValue, variance.p, 0.001);
      assert.deepEqual(result.f?.df, variance.df);
    });
});

describe('crosstab and proportions', () => {
  async function tables({ alice, bob, spu, at }: StatsContext, counts: readonly (readonly number[])[]) {
    const rows = counts.flatMap((row, i) =>
      row.flatMap((n, j) => Array.from({ length: n }, () => [i, j] as const)),
    );
    const categories = (n: number): string[] => Array.from({ length: n }, (_, i) => `w${i}`);
    const k = counts[0]?.length ?? 0;
    const study = await vertical(
      spu,
      {
        alice: at(alice, { a: rows.map(([i]) => `w${i}`) }),
        bob: at(bob, { b: rows.map(([, j]) => `w${j}`) }),
      },
      {
        parties: { alice, bob },
        columns: {
          alice: { a: { categories: categories(counts.length), gaps: true } },
          bob: { b: { categories: categories(k) } },
        },
        rows: rows.length,
      },
    );
    return { a: study.category('a'), b: study.category('b') };
  }

  it('have the counts, chi-square and exact test that SciPy gives, with zero cells and empty rows', async () => {
    for (const { name, is } of expected.crosstab) {
      if (is.counts.flat().reduce((sum, n) => sum + n, 0) > 5_000) continue;
      const { result } = await run('plain', async (context) => {
        const { a, b } = await tables(context, is.counts);
        return await crosstab(a, b, { minimumCount: 0 }).reveal(context.reveal);
      });
      assert.deepEqual(result.counts, is.counts, name);
      near(result.chiSquare?.chiSquare ?? null, is.chiSquare?.statistic ?? null, 1e-9, name);
      near(result.chiSquare?.pValue ?? null, is.chiSquare?.p ?? null, 1e-9, name);
      if (is.fisher) near(result.fisher, is.fisher.p, 1e-9, name);
    }
  });

  for (const protocol of PROTOCOLS)
    it(`show no cell of few rows, and no test of what is not shown (${protocol})`, async () => {
      const { result } = await run(protocol, async (context) => {
        const { a, b } = await tables(context, [
          [12, 3],
          [10, 0],
        ]);
        const small = await crosstab(a, b).reveal(context.reveal);
        const lower = await crosstab(a, b, { minimumCount: 3 }).reveal(context.reveal);
        return { small, lower };
      });
      assert.deepEqual(result.small.counts, [
        [12, null],
        [10, null],
      ]);
      assert.deepEqual([result.small.chiSquare, result.small.fisher], [null, null]);
      assert.deepEqual(result.lower.counts[0], [12, 3]);
    });

  for (const protocol of PROTOCOLS)
    it(`have the chi-square that SciPy gives on shares, where no count is opened (${protocol})`, async () => {
      // Each on shares is a quarter of a minute: those with many rows, small p and empty words.
      const some = [
        'plain',
        'three by four',
        'empty column',
        'large',
        'very small p',
        'empty row',
        'zero cell',
      ];
      for (const { name, is } of expected.crosstab) {
        if (protocol !== 'plain' && !some.includes(name)) continue;
        const { result, opened } = await run(protocol, async (context) => {
          const { a, b } = await tables(context, is.counts);
          const made = crosstab(a, b, { cells: false, minimumCount: 0 });
          return { found: await made.reveal(context.reveal), opens: made.opens.map((one) => one.name) };
        });
        const { chiSquare, counts } = result.found;
        assert.ok(counts.flat().every((count) => count === null));
        assert.equal(chiSquare?.df ?? null, is.chiSquare?.df ?? null, name);
        const wanted = is.chiSquare?.statistic ?? 0;
        near(chiSquare?.chiSquare ?? 0, wanted, (1 + wanted) * 2 ** -10, name);
        if (is.chiSquare) near(chiSquare?.pValue, is.chiSquare.p, 1e-3 * is.chiSquare.p + 1e-9, name);
        if (is.expected)
          assert.equal(
            chiSquare?.isRough,
            is.expected.flat().some((one) => one < 5),
            name,
          );
        if (protocol !== 'plain')
          assert.deepEqual(new Set(opened().map((one) => one.name)), new Set(result.opens));
      }
    });

  it('have no chi-square on shares where a word is rare, and then open that alone', async () => {
    const { result } = await run('rep3', async (context) => {
      const raw: number[] = [];
      const spy = (async (secret: never) => {
        const value = await (context.reveal as (secret: never) => Promise<{ data: Float64Array }>)(secret);
        raw.push(...value.data);
        return value;
      }) as never;
      const rare = [
        [12, 13],
        [11, 9],
        [4, 5],
      ];
      const { a, b } = await tables(context, rare);
      const hidden = await crosstab(a, b, { cells: false }).reveal(spy);
      const shown = await crosstab(a, b, { cells: false, minimumCount: 9 }).reveal(context.reveal);
      const one = await tables(context, [[20, 30]]);
      const single = await crosstab(one.a, one.b, { cells: false }).reveal(spy);
      return { hidden, shown, single, raw };
    });
    assert.deepEqual(
      [result.hidden.chiSquare, result.single.chiSquare, result.shown.chiSquare?.df],
      [null, null, 2],
    );
    assert.ok(result.raw.every((value) => value === 0));
  });

  it('compare two proportions as statsmodels does', async () => {
    for (const { hits, of, z, p, wald95, difference } of expected.proportions) {
      const counts = hits.map((n, i) => [n, (of[i] ?? 0) - n]);
      const { result } = await run('rep3', async (context) => {
        const { a, b } = await tables(context, counts);
        return await twoProportions(b, a, { minimumCount: 0 }).reveal(context.reveal);
      });
      if (result === null) {
        assert.ok(z === null || Number.isNaN(z));
        continue;
      }
      near([result.difference, result.z, result.pValue], [difference, z, p], 1e-9);
      near([...result.interval], [...wald95], 1e-9);
    }
  });
});
