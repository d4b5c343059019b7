import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  near,
  PROTOCOLS,
  type StatsContext,
  type StatsProtocol,
  useStats,
} from '../../test/parts/stats-world.ts';
import { creditNumbers } from '../../test/stats/credit.ts';
import { readExpected } from '../../test/stats/expected.ts';
import { type MannWhitneyOptions, type MannWhitneyTest, mannWhitney, vertical } from './index.ts';

const { run } = useStats();
type Column = readonly (number | null)[];
interface Compared {
  readonly n: readonly number[];
  readonly mannWhitney: {
    readonly u: number;
    readonly p: number | null;
    readonly pWithoutContinuity: number | null;
  };
}
const { compare, credit } = readExpected<{
  readonly compare: readonly {
    readonly name: string;
    readonly a: Column;
    readonly b: Column;
    readonly is: Compared;
  }[];
  readonly credit: { readonly incomeByDefault: Compared; readonly ordersByDefault: Compared };
}>('tables');

async function found(
  protocol: StatsProtocol,
  x: Column,
  g: readonly (string | null)[],
  options: readonly MannWhitneyOptions[],
): Promise<readonly (MannWhitneyTest | null)[]> {
  const { result, opened } = await run(protocol, async ({ alice, bob, spu, reveal, at }: StatsContext) => {
    const tables = { alice: at(alice, { x }), bob: at(bob, { g }) };
    const columns = {
      alice: { x: { max: 20_000, gaps: x.includes(null) } },
      bob: { g: { categories: ['a', 'b'], gaps: g.includes(null) } },
    };
    const study = await vertical(spu, tables, { parties: { alice, bob }, columns, rows: x.length });
    const made = options.map((one) => mannWhitney(study.column('x'), study.category('g'), one));
    const opens = made.flatMap((one) => one.opens.map(({ name }) => name));
    return { found: await Promise.all(made.map((one) => one.reveal(reveal))), opens };
  });
  if (protocol !== 'plain')
    assert.deepEqual(new Set(opened().map(({ name }) => name)), new Set(result.opens));
  return result.found;
}

function check(
  test: MannWhitneyTest | null | undefined,
  { n, mannWhitney: is }: Compared,
  name: string,
): void {
  assert.deepEqual(test?.counts, n, name);
  assert.equal(test?.u, is.u, name);
  near(test?.pValue, is.p, 1e-10 * (is.p ?? 0), name);
}

describe('mannWhitney', () => {
  for (const protocol of PROTOCOLS)
    it(`is what SciPy gives, of ties, of gaps and of equal values (${protocol})`, async () => {
      for (const { name, a, b, is } of compare) {
        const words = [...a.map(() => 'a'), ...b.map(() => 'b')];
        const all = { minimumCount: 0 };
        const { pWithoutContinuity: p } = is.mannWhitney;
        const asked = protocol === 'plain' ? [all, { ...all, continuity: false }] : [all];
        const [test, bare] = await found(protocol, [...a, ...b], words, asked);
        check(test, is, name);
        if (bare) near(bare.pValue, p, 1e-10 * (p ?? 0), name);
        if (p === null) assert.equal(test?.z, null, name);
      }
    });

  it('is what SciPy gives of many rows, with gaps and large ties', async () => {
    const words = creditNumbers('default').map((one) => (one === 1 ? 'a' : 'b'));
    for (const [name, is] of [
      ['income', credit.incomeByDefault],
      ['orders', credit.ordersByDefault],
    ] as const)
      check((await found('rep3', creditNumbers(name), words, [{}]))[0], is, name);
  });

  it('leaves out rows without a word, and counts the better half by hand', async () => {
    // Pairs of a with b: 5 > 1, 5 > 3, 5 = 5, 2 > 1, 2 < 3, 2 < 5.
    const [test] = await found(
      'semi2k',
      [5, 2, 1, 3, 5, 900],
      ['a', 'a', 'b', 'b', 'b', null],
      [{ minimumCount: 2 }],
    );
    assert.deepEqual([test?.counts, test?.u, test?.superiority], [[2, 3], 3.5, 3.5 / 6]);
  });

  it('opens nothing, and is null, if a group has fewer rows than the minimum, or none', async () => {
    const nine = Array.from({ length: 9 }, (_, i) => i);
    const words = [...nine.map(() => 'a'), ...nine.map(() => 'b'), 'b'];
    const { result } = await run('rep3', async ({ alice, spu, reveal, at }) => {
      const tables = { alice: at(alice, { x: [...nine, ...nine, 50], g: words }) };
      const columns = { alice: { x: { max: 100 }, g: { categories: ['a', 'b'] } } };
      const study = await vertical(spu, tables, { parties: { alice }, columns, rows: 19 });
      const opened: number[][] = [];
      const watched = (async (secret: never) => {
        const tensor = await reveal(secret);
        opened.push([...(tensor as { data: Float64Array }).data]);
        return tensor;
      }) as unknown as typeof reveal;
      const [x, g] = [study.column('x'), study.category('g')];
      const test = await mannWhitney(x, g).reveal(watched);
      const nobody = await mannWhitney(
        x,
        { ...g, indicators: g.indicators.mul([0, 1]) },
        { minimumCount: 0 },
      ).reveal(reveal);
      return { opened, test, nobody };
    });
    assert.deepEqual(result, { opened: [[-1, -1, -1, -1]], test: null, nobody: null });
  });

  it('refuses other than two words, and columns of different rows', async () => {
    await run('rep3', async ({ alice, spu, at }) => {
      const tables = { alice: at(alice, { x: [1, 2, 3], g: ['a', 'b', 'c'], h: ['a', 'b', 'b'] }) };
      const columns = {
        alice: { x: { max: 9 }, g: { categories: ['a', 'b', 'c'] }, h: { categories: ['a', 'b'] } },
      };
      const study = await vertical(spu, tables, { parties: { alice }, columns, rows: 3 });
      const wrong = { code: 'PRIVITY_STATS_ARGUMENTS' };
      const x = study.column('x');
      assert.throws(() => mannWhitney(x, study.category('g')), { ...wrong, message: /"g" has 3 categories/ });
      assert.throws(() => mannWhitney({ ...x, rows: 2 }, study.category('h')), {
        ...wrong,
        message: /have 2 and 3/,
      });
    });
  });
});
