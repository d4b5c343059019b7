import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { World } from '../../../test/parts/program-world.ts';
import { PROTOCOLS, useStats, withGaps } from '../../../test/parts/stats-world.ts';
import { DataError, type Table, tableOf } from '../../index.ts';
import {
  type EncodingRules,
  encoding,
  encodingText,
  type FittedEncoding,
  frequencies,
  horizontal,
  readEncoding,
  vertical,
  writeEncoding,
} from '../index.ts';

const { run, jobWorld } = useStats();
type Columns = Parameters<typeof withGaps>[0];

/** What rules make of `other`, fitted to `fit`: columns by name, words and numbers, null in gaps. */
async function made(
  rules: EncodingRules,
  fit: Columns,
  other: Columns = fit,
): Promise<Record<string, unknown>> {
  const one = encoding(rules);
  return await valuesOf(await one.apply(await withGaps(other), await one.fit(await withGaps(fit))));
}

async function valuesOf(table: Table): Promise<Record<string, unknown>> {
  const columns = table.columns.map(async ({ name, type }) => {
    if (type !== 'VARCHAR')
      return [
        name,
        Array.from(await table.numbers(name, { nulls: 'nan' }), (x) => (Number.isNaN(x) ? null : x)),
      ];
    const gaps = await table.query(`SELECT coalesce("${name}", '') AS word FROM rows`);
    return [name, (await gaps.strings('word')).map((word) => word || null)];
  });
  return Object.fromEntries(await Promise.all(columns));
}

/** What left a party as anything but an opened result. */
function givenBy(world: World, party: string): readonly string[] {
  const given = world.of(party).host.disclosures.filter(({ kind }) => kind !== 'reveal');
  return [...new Set(given.map(({ kind, name }) => `${kind} ${name}`))].sort();
}

/** A typed error, whose message names column and row and not the value. */
const refusal = (code: string, message: RegExp, own?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DataError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  if (own) {
    assert.match(error.own ?? '', own);
    assert.doesNotMatch(error.message, own);
  }
  return true;
};

describe('an encoding', () => {
  for (const protocol of PROTOCOLS)
    it(`is fitted at its owner, and its columns are what a table of secrets takes (${protocol})`, async () => {
      const clean = encoding({
        age: { fill: 'median', filled: 'age missing', scale: 'minmax' },
        spent: { from: 'euros', bins: { quantiles: 2 } },
        region: { case: 'lower', oneHot: ['north', 'south'], unseen: 'other' },
      });
      const { result, world } = await run(protocol, async ({ alice, spu, reveal, at }) => {
        const first = at(alice, { age: [20, null, 40], euros: [1, 2, 9], region: ['North', 'SOUTH', 'x'] });
        const next = at(alice, { age: [30, 25, 40], euros: [9, 1, 1], region: ['south', 'y', 'north'] });
        const { fitted } = clean.at(alice, first);
        const { table } = clean.at(alice, next, fitted);
        const parts = { parties: { alice }, columns: { alice: clean.columns }, rows: 3 };
        const study = await vertical(spu, { alice: table }, parts);
        // @ts-expect-error bins are words
        assert.throws(() => study.column('spent'), { code: 'PRIVITY_STATS_ARGUMENTS' });
        const other = study.column('region=other');
        assert.deepEqual([study.column('age').min, study.column('age').max, other.max], [0, 1, 1]);
        assert.deepEqual(study.category('spent').categories, ['bin 1', 'bin 2']);
        return {
          age: [...(await reveal(study.column('age').values)).data],
          missing: [...(await reveal(study.column('age missing').values)).data],
          other: [...(await reveal(other.values)).data],
          spent: await frequencies(study.category('spent'), { minimumCount: 0 }).reveal(reveal),
        };
      });
      assert.deepEqual(result.age, [0.5, 0.25, 1]);
      assert.deepEqual(
        [result.missing, result.other],
        [
          [0, 0, 0],
          [0, 1, 0],
        ],
      );
      assert.deepEqual(result.spent, [
        { category: 'bin 1', count: 2 },
        { category: 'bin 2', count: 1 },
      ]);
      // Of what was fitted nothing was sent: all that alice gave are columns, as shares.
      const names = ['age', 'age missing', 'region=north', 'region=other', 'region=south', 'spent'];
      if (protocol === 'rep3')
        assert.deepEqual(
          givenBy(world, 'alice'),
          names.map((name) => `share ${name}`),
        );
      else
        assert.deepEqual(
          givenBy(world, 'alice').filter((line) => !line.startsWith('share ')),
          [],
        );
    });

  it('goes to another owner of rows where the job sends it, and only there', async () => {
    const clean = encoding({ x: { scale: 'minmax', outside: 'clip' } });
    const { result, world } = await run('rep3', async ({ alice, bob, spu, reveal, at }) => {
      const one = clean.at(alice, at(alice, { x: [0, 10] }));
      const two = clean.at(bob, at(bob, { x: [5, 20] }), one.fitted.to(bob));
      const all = await horizontal(
        spu,
        { alice: one.table, bob: two.table },
        {
          parties: { alice, bob },
          columns: clean.columns,
          rows: { alice: 2, bob: 2 },
        },
      );
      return [...(await reveal(all.column('x').values)).data];
    });
    assert.deepEqual(result, [0, 1, 0.5, 1]);
    assert.deepEqual(givenBy(world, 'alice'), ['share x', 'transfer fit an encoding']);
    assert.deepEqual(givenBy(world, 'bob'), ['share x']);
  });

  it('ends the run at its owner where a table is not foreseen; others do not read what is', async () => {
    const clean = encoding({ region: { categories: ['north'] } });
    const world = await jobWorld('rep3', async ({ alice, spu, at }) => {
      const { table } = clean.at(alice, at(alice, { region: ['north', 'atlantis'] }));
      await vertical(
        spu,
        { alice: table },
        { parties: { alice }, columns: { alice: clean.columns }, rows: 2 },
      );
    });
    const ends = await world.run();
    const [own] = world.of('alice').host.failures;
    assert.match(own?.detail.message ?? '', /column 'region', row 2, has none of the 1 words/);
    const end = ends.get('bob');
    assert.ok(end?.status === 'rejected');
    assert.match((end.reason as Error).message, /DATA_INVALID/);
    assert.doesNotMatch((end.reason as Error).message, /atlantis|row 2/);
  });
});

describe('rules of an encoding', () => {
  it('change letters and words, read text as numbers, and fill what is missing, in this order', async () => {
    const sizes = { S: '1', M: '2' };
    assert.deepEqual(
      await made(
        {
          size: { case: 'upper', map: sizes, others: 'gap', cast: 'number', fill: { value: 0 }, max: 5 },
          word: {
            from: 'size',
            case: 'lower',
            map: { s: 'small' },
            others: 'keep',
            categories: ['small', 'm', 'l'],
            gaps: true,
          },
          rest: {
            from: 'size',
            map: { s: 'small' },
            others: 'other',
            fill: { value: '?' },
            categories: ['small', 'other', '?'],
          },
          price: { cast: 'number', unreadable: 'gap', gaps: true },
        },
        { size: ['s', 'M', 'l', null], price: ['1.5', ' -2e1 ', 'free', null] },
      ),
      {
        size: [1, 2, 0, 0],
        word: ['small', 'm', 'l', null],
        rest: ['small', 'other', 'other', '?'],
        price: [1.5, -20, null, null],
      },
    );
  });

  it('take numbers for words, the same whether or not others of the column have fractions', async () => {
    const whole = await tableOf({ code: Int32Array.of(1, 2) });
    const broken = await tableOf({ code: Float64Array.of(1, 2.5) });
    const codes = encoding({ code: { categories: 2, unseen: 'other' } });
    const fitted = await codes.fit(whole);
    assert.deepEqual(fitted.columns[0]?.learned.words, ['1', '2']);
    assert.deepEqual(await valuesOf(await codes.apply(broken, fitted)), { code: ['category 1', 'other'] });
  });

  it('keep gaps where they may, and name the row where they may not', async () => {
    const x = { x: [1, null, 3] };
    assert.deepEqual(await made({ x: { scale: 'minmax', gaps: true } }, x), { x: [0, null, 1] });
    assert.deepEqual(await made({ x: { bins: { edges: [0, 2, 4] }, gaps: true } }, x), {
      x: ['0 to 2', null, '2 to 4'],
    });
    assert.deepEqual(encoding({ x: { max: 3, gaps: true } }).columns, { x: { min: -3, max: 3, gaps: true } });
    const words = { x: ['a', null, 'b'] };
    assert.deepEqual(await made({ x: { oneHot: 2, gaps: true } }, words), {
      'x=category 1': [1, 0, 0],
      'x=category 2': [0, 0, 1],
    });
    for (const [rules, columns] of [
      [{ x: { max: 3 } }, x],
      [{ x: { categories: 2 } }, words],
    ] as const)
      await assert.rejects(
        made(rules, columns),
        refusal('PRIVITY_COLUMN_NULLS', /'x' has no value in row 2/),
      );
  });

  it('refuse what they do not foresee, or put it where they say', async () => {
    const cases = [
      [{ x: { categories: ['a'] } }, { x: ['a', 'zz'] }, /row 2, has none of the 1 words/, /zz/],
      [
        { x: { map: { a: 'b' }, categories: ['b'] } },
        { x: ['a', 'zz'] },
        /row 2, has a word that "map"/,
        /zz/,
      ],
      [{ x: { cast: 'number' } }, { x: ['1', '0x17'] }, /row 2, has a text that is no number/, /0x17/],
      [{ x: { max: 5 } }, { x: [1, 77] }, /row 2, has a number above -5 to 5/, /77/],
      [{ x: { bins: { edges: [0, 5] } } }, { x: [1, -77] }, /row 2, has a number below all bins/, /77/],
    ] as const;
    for (const [rules, columns, message, own] of cases)
      await assert.rejects(made(rules, columns), refusal('PRIVITY_STATS_UNSEEN', message, own));
    await assert.rejects(
      made({ x: { scale: 'minmax' } }, { x: [1, 2] }, { x: [2, 2.5] }),
      refusal('PRIVITY_STATS_UNSEEN', /row 2, has a number above what was fitted/, /2\.5/),
    );
    await assert.rejects(
      made({ x: { categories: 1 } }, { x: ['a', 'b'] }),
      refusal('PRIVITY_STATS_UNSEEN', /more than 1 different words/),
    );
    const infinite = await tableOf({ x: Float64Array.of(1, Number.POSITIVE_INFINITY) });
    await assert.rejects(
      encoding({ x: { scale: 'standard' } }).fit(infinite),
      refusal('PRIVITY_STATS_UNSEEN', /row 2, has an infinity/),
    );

    const x = { x: [1, 77, -77] };
    assert.deepEqual(await made({ x: { max: 5, outside: 'clip' } }, x), { x: [1, 5, -5] });
    assert.deepEqual(
      await made({ x: { bins: { edges: [0, 2, 5] }, names: ['few', 'many'], outside: 'clip' } }, x),
      { x: ['few', 'many', 'few'] },
    );
    assert.deepEqual(await made({ x: { categories: ['a'], unseen: 'other' } }, { x: ['zz', 'a'] }), {
      x: ['other', 'a'],
    });
  });

  it('leave other columns as they are, gaps and types with them', async () => {
    const given = await (
      await tableOf({ id: BigInt64Array.of(2n ** 60n, 7n), x: Float64Array.of(1, 2) })
    ).query("SELECT id, DATE '2024-02-29' AS day, CASE WHEN id = 7 THEN 0.1 END AS rate, x FROM rows");
    const clean = encoding({ x: { max: 2 } }, { keep: ['id', 'day', 'rate'] });
    const table = await clean.apply(given, await clean.fit(given));
    assert.deepEqual(table.columns, given.columns);
    assert.deepEqual(await table.column('id'), BigInt64Array.of(2n ** 60n, 7n));
    assert.deepEqual(await table.strings('day'), ['2024-02-29', '2024-02-29']);
    assert.deepEqual([...(await table.numbers('rate', { nulls: 'nan' }))], [Number.NaN, 0.1]);
  });

  it('learn nothing of a table without rows, and are applied to one', async () => {
    const none = await (await tableOf({ x: Float64Array.of(1), w: ['a'] })).query(
      'SELECT * FROM rows WHERE x > 1',
    );
    for (const rules of [
      { x: { scale: 'standard' } },
      { x: { fill: 'mean' } },
      { x: { bins: { quantiles: 2 } } },
      { w: { categories: 2 } },
    ] as const)
      await assert.rejects(encoding(rules).fit(none), refusal('PRIVITY_TABLE_EMPTY', /no value in any row/));
    const given = encoding({ x: { max: 2, fill: { value: 0 } }, w: { oneHot: ['a'] } });
    const table = await given.apply(none, await given.fit(none));
    assert.deepEqual([table.rowCount, table.columns.map(({ name }) => name)], [0, ['x', 'w=a']]);
  });

  it('are refused where they contradict each other', () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [{}, /at least one column/],
      [{ x: { bins: { quantiles: 1 } } }, /"quantiles"/],
      [{ x: { bins: { quantiles: 2.5 } } }, /"quantiles"/],
      [{ x: { bins: { quantiles: 3 }, names: ['a', 'b'] } }, /"names" has one for each bin/],
      [{ x: { bins: { edges: [3, 1] } } }, /"edges" ascend/],
      [{ x: { bins: { edges: [3] } } }, /"edges"/],
      [{ x: { bins: { quantiles: 2 }, categories: ['a'] } }, /one of "bins", "categories" and "oneHot"/],
      [{ x: { bins: { quantiles: 2 }, max: 5 } }, /"max" says nothing here/],
      [{ x: { max: 5, unseen: 'other' } }, /"unseen" says nothing here/],
      [{ x: { categories: ['a'], outside: 'clip' } }, /"outside" says nothing here/],
      [{ x: { categories: ['a', 'a'] } }, /one name/],
      [{ x: { categories: ['other'], unseen: 'other' } }, /one name/],
      [{ x: { categories: 0 } }, /1 to 1000 categories|"names"/],
      [{ x: { categories: ['a'], fill: 'mean' } }, /"fill" is for numbers/],
      [{ x: { fill: { value: 'a' } } }, /"fill" is for words/],
      [{ x: { filled: 'y' } }, /"filled" marks/],
      [{ x: { case: 'lower' } }, /cast: "number"/],
      [{ x: { scale: 'minmax', min: 1 } }, /min is below its max/],
      [{ x: { scale: 'robust' } }, /"scale"/],
      [{ x: { max: 5, clip: true } }, /Unrecognized key/],
      [
        { x: { max: 5 }, y: { from: 'x', fill: 'mean', filled: 'X' } },
        /two columns of the encoding are called "X"/,
      ],
    ];
    for (const [rules, message] of cases)
      assert.throws(
        () => encoding(rules as EncodingRules),
        { code: 'PRIVITY_STATS_ARGUMENTS', message },
        JSON.stringify(rules),
      );
  });
});

describe('a fitted encoding', () => {
  let folder = '';
  let fitted: FittedEncoding;
  const rules = {
    age: { fill: 'mean', scale: 'standard' },
    late: { bins: { quantiles: 4 }, outside: 'clip' },
    region: { map: { N: 'north' }, others: 'keep', categories: 3, unseen: 'other' },
  } as const;
  const clean = encoding(rules);
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'privity-encoding-'));
    const region = ['N', 'south', 'south', 'north'];
    fitted = await clean.fit(await withGaps({ age: [20, null, 40, 60], late: [0, 0, 0, 9], region }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is the same from a file, which only its owner can read', async () => {
    const file = join(folder, 'rules.json');
    await writeEncoding(file, fitted);
    assert.deepEqual(await readEncoding(file), JSON.parse(JSON.stringify(fitted)));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const other = await withGaps({ age: [40, 40], late: [1, 11], region: ['x', 'N'] });
    const made = await valuesOf(await clean.apply(other, await readEncoding(file)));
    assert.deepEqual(made, { age: [0, 0], late: ['bin 1', 'bin 2'], region: ['other', 'category 1'] });
  });

  it('says to its owner what it does, and where there are fewer bins and words than asked for', () => {
    assert.deepEqual(encodingText(fitted).split('\n'), [
      'An encoding of 3 columns, fitted to 4 rows.',
      'age: gaps become 40, the mean; less 40, by 14.1421; -10 to 10, outside: error.',
      'late: no gaps; bin 1 from 0 to below 2.25, bin 2 from 2.25 to 9; 4 were asked for, and the last 2 stay empty, since quantiles tie; outside: clip.',
      'region: "N" is "north"; other words: keep; no gaps; category 1 is "north", category 2 is "south"; 3 were asked for, and the last 1 have no word; other words: other.',
      '',
    ]);
  });

  it('is refused where it is damaged, of another version, or of other rules', async () => {
    const file = join(folder, 'rules.json');
    await writeEncoding(file, fitted);
    const text = readFileSync(file, 'utf8');
    const table = await withGaps({ age: [40], late: [1], region: ['north'] });
    const damages: readonly (readonly [from: string | RegExp, to: string, says: RegExp])[] = [
      [/\}\s*$/, '', /it is not JSON/],
      [/[\s\S]*/, '[]', /as a whole/],
      ['"version": 1', '"version": 2', /"version"/],
      ['"kind"', '"sort"', /"kind"/],
      [/"rows": \d+/, '"rows": -1', /"rows"/],
      ['"scale": 14', '"scale": -14', /scale/],
      [/"centre": \d+,/, '', /column 1: its scale/],
      ['"fill": 40', '"fill": "40"', /column 1: its fill/],
      [/"edges": \[[^\]]*\]/, '"edges": [2, 1]', /column 2: its edges/],
      [/"edges": \[[^\]]*\]/, '"edges": [1, 2, 3, 4, 5, 6]', /column 2: its edges/],
      [/"words": \[[^\]]*\]/, '"words": ["a", "a"]', /column 3: its words/],
      ['"outside": "clip"', '"outside": "trim"', /"columns\.1\.rule\.outside"/],
      ['"gaps": false', '"gaps": false, "more": 1', /Unrecognized key/],
    ];
    for (const [from, to, says] of damages) {
      const damaged = text.replace(from, to);
      assert.notEqual(damaged, text, String(from));
      writeFileSync(file, damaged);
      await assert.rejects(readEncoding(file), refusal('PRIVITY_STATS_ENCODING', says));
      if (damaged.trim().endsWith('}'))
        await assert.rejects(
          clean.apply(table, JSON.parse(damaged)),
          refusal('PRIVITY_STATS_ENCODING', says),
        );
    }
    const others = encoding({ ...rules, late: { bins: { quantiles: 5 }, outside: 'clip' } });
    await assert.rejects(others.apply(table, fitted), refusal('PRIVITY_STATS_ENCODING', /of other rules/));
    const keeps = encoding(rules, { keep: ['id'] });
    await assert.rejects(keeps.apply(table, fitted), refusal('PRIVITY_STATS_ENCODING', /of other rules/));
  });

  it('says which file is missing, and which cannot be written', async () => {
    await assert.rejects(
      readEncoding(join(folder, 'none.json')),
      refusal('PRIVITY_FILE_MISSING', /file none\.json/),
    );
    await assert.rejects(writeEncoding(join(folder, 'no', 'rules.json'), fitted), {
      code: 'PRIVITY_FILE_UNWRITABLE',
    });
    await assert.rejects(writeEncoding(join(folder, 'bad.json'), {} as FittedEncoding), {
      code: 'PRIVITY_STATS_ENCODING',
    });
  });
});
