/** Rules fitted to one table and applied to another, beside what scikit-learn makes of both. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeDatabase } from '../../src/data/index.ts';
import type { Table } from '../../src/index.ts';
import { type ColumnRules, encoding, type FittedEncoding } from '../../src/stats/index.ts';
import { near, withGaps } from '../parts/stats-world.ts';
import { creditNumbers, creditWords } from './credit.ts';
import { readExpected } from './expected.ts';

type Fills = Readonly<Record<'mean' | 'median' | 'mostFrequent', number>>;
interface Scales {
  readonly standard: { readonly mean: number; readonly scale: number; readonly is: readonly number[] };
  readonly minmax: { readonly low: number; readonly high: number; readonly is: readonly number[] };
}
interface Bins {
  readonly asked: number;
  readonly bins: number;
  readonly edges: readonly (number | string)[];
  readonly is: readonly number[];
}
interface OneHot {
  readonly most: number;
  readonly words: readonly string[];
  readonly is: readonly (readonly number[])[];
}
interface Case<T, V = number> {
  readonly name: string;
  readonly fit: readonly V[];
  readonly other: readonly V[];
  readonly is: T;
}
interface Expected {
  readonly fill: readonly {
    readonly name: string;
    readonly data: readonly (number | null)[];
    readonly is: Fills;
  }[];
  readonly scale: readonly Case<Scales>[];
  readonly bins: readonly Case<readonly Bins[]>[];
  readonly oneHot: readonly Case<OneHot, string>[];
  readonly credit: {
    readonly fill: Readonly<Record<string, Fills>>;
    readonly scale: Readonly<Record<string, Scales>>;
    readonly bins: Readonly<Record<string, Bins>>;
    readonly oneHot: {
      readonly most: number;
      readonly words: readonly string[];
      readonly counts: readonly number[];
    };
  };
}

const expected = readExpected<Expected>('encodings');
const WAYS = ['mean', 'median', 'mostFrequent'] as const;
/** Roundings of sums of thousands of numbers. */
const WITHIN = 1e-11;
/** Beyond any deviation of the cases. */
const FAR = 1_000;

after(closeDatabase);

type Column = readonly (number | string | null)[];

/** What one column's rules learn of `fit`, and the table that they make of `other`. */
async function fitted(rules: ColumnRules, fit: Column, other: Column) {
  const made = encoding({ x: rules } as const);
  const learned: FittedEncoding = await made.fit(await withGaps({ x: fit }));
  const kept = JSON.parse(JSON.stringify(learned)) as FittedEncoding;
  return { ...learned.columns[0]?.learned, table: await made.apply(await withGaps({ x: other }), kept) };
}

const numbers = async (table: Table, name = 'x'): Promise<number[]> => [...(await table.numbers(name))];
/** `bin 3` is 2, as scikit-learn counts. */
const places = async (table: Table): Promise<number[]> =>
  (await table.strings('x')).map((word) => Number(word.split(' ')[1]) - 1);

async function compareScales(fit: Column, other: Column, wanted: Scales, where: string): Promise<void> {
  const standard = await fitted({ scale: 'standard', min: -FAR, max: FAR }, fit, other);
  const { mean, scale, is } = wanted.standard;
  near(standard.centre, mean, WITHIN * Math.abs(mean), `${where}: mean`);
  near(standard.scale, scale, WITHIN * scale, `${where}: scale`);
  near(await numbers(standard.table), is, WITHIN, where);
  const minmax = await fitted({ scale: 'minmax', outside: 'clip' }, fit, other);
  assert.deepEqual([minmax.centre, minmax.top], [wanted.minmax.low, wanted.minmax.high], where);
  near(await numbers(minmax.table), wanted.minmax.is, WITHIN, where);
}

function compareEdges(edges: readonly number[] = [], wanted: Bins, where: string): void {
  assert.equal(Math.max(1, edges.length - 1), wanted.bins, where);
  // A constant column has no ends there.
  const inner = wanted.edges.filter((edge) => typeof edge === 'number');
  if (inner.length > 0) assert.deepEqual(edges, inner, where);
}

describe('encodings beside scikit-learn', () => {
  for (const { name, data, is } of expected.fill)
    it(`fill gaps: ${name}`, async () => {
      for (const way of WAYS) {
        const made = await fitted({ fill: way, filled: 'mask' }, data, [null, 2]);
        near(made.fill, is[way], WITHIN, way);
        assert.deepEqual(await numbers(made.table), [made.fill, 2]);
        assert.deepEqual(await numbers(made.table, 'mask'), [1, 0]);
      }
    });

  for (const { name, fit, other, is } of expected.scale)
    it(`scale: ${name}`, () => compareScales(fit, other, is, name));

  for (const { name, fit, other, is } of expected.bins)
    it(`make bins of quantiles: ${name}`, async () => {
      for (const wanted of is) {
        const rules = { bins: { quantiles: wanted.asked }, outside: 'clip' } as const;
        const made = await fitted(rules, fit, other);
        compareEdges(made.edges, wanted, `${name}, ${wanted.asked} bins`);
        assert.deepEqual(await places(made.table), wanted.is, `${name}, ${wanted.asked} bins`);
      }
    });

  for (const { name, fit, other, is } of expected.oneHot)
    it(`make columns of words: ${name}`, async () => {
      const made = await fitted({ oneHot: is.most, unseen: 'other' }, fit, other);
      assert.deepEqual(made.words, is.words);
      const rows = await Promise.all(
        made.table.columns.map(({ name: column }) => numbers(made.table, column)),
      );
      const used = [...rows.slice(0, is.words.length), ...rows.slice(-1)];
      const here = other.map((_, row) => used.map((column) => column[row]));
      assert.deepEqual(
        here,
        is.is.map((row) => [...row, ...(row.length < used.length ? [0] : [])]),
      );
    });

  it('on 1,785 loans of one wave and 1,215 of the next', async () => {
    const wave = creditNumbers('wave');
    const ofWave = <V>(column: readonly V[], at: number): V[] => column.filter((_, row) => wave[row] === at);
    const both = (name: string): readonly [number[], number[]] => {
      const all = creditNumbers(name);
      return [0, 1].map((at) => ofWave(all, at).filter((value) => value !== null)) as [number[], number[]];
    };
    for (const [name, is] of Object.entries(expected.credit.fill))
      for (const way of WAYS) {
        const { fill } = await fitted({ fill: way }, ofWave(creditNumbers(name), 0), [1]);
        near(fill, is[way], WITHIN * is[way], `${name}, ${way}`);
      }
    for (const [name, is] of Object.entries(expected.credit.scale)) {
      const [older, newer] = both(name);
      await compareScales(older, newer.slice(0, 20), is, name);
    }
    for (const [name, wanted] of Object.entries(expected.credit.bins)) {
      const made = await fitted({ bins: { quantiles: wanted.asked }, outside: 'clip' }, ...both(name));
      compareEdges(made.edges, wanted, name);
      const counts = new Array<number>(wanted.bins).fill(0);
      for (const place of await places(made.table)) counts[place] = (counts[place] ?? 0) + 1;
      assert.deepEqual(counts, wanted.is, name);
    }
    const { most, words, counts } = expected.credit.oneHot;
    const region = creditWords('region');
    const made = await fitted({ oneHot: most, unseen: 'other' }, ofWave(region, 0), ofWave(region, 1));
    assert.deepEqual(made.words, words);
    const sums = await Promise.all(
      made.table.columns.map(async ({ name }) =>
        (await numbers(made.table, name)).reduce((a, b) => a + b, 0),
      ),
    );
    assert.deepEqual(sums, counts);
  });
});
