import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { alone, LONE_ROWS } from '../../test/parts/lone-table.ts';
import { aligned, cleanUp, fails, type Party, tempDir } from '../../test/parts/psi-parties.ts';
import { assertNoThreadLeft } from '../../test/parts/threads-left.ts';
import { deferred } from '../base/deferred.ts';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { systemRandom } from '../base/system.ts';
import { readTable } from '../data/read-table.ts';
import { relationOf, type Table } from '../data/table.ts';
import { type ColumnInput, tableOf } from '../data/table-of.ts';
import { memoryChannels } from '../testing/memory-channel.ts';
import { prepareJoin, psiAlign, psiJoin } from './align.ts';
import { plainJoin } from './joins/plan.ts';
import { checkKey } from './keys.ts';
import { CHUNK_IDS } from './protocols/dh/messages.ts';
import { DH_ROWS_MAX, dh } from './protocols/dh/protocol.ts';
import { tagBytes } from './tags.ts';

after(cleanUp);

const ids = (table: Table, name = 'id') => table.strings(name);
const tableOfIds = (list: readonly string[]) => tableOf({ id: [...list] });

describe('psiAlign', () => {
  it('gives the plaintext intersection, in one order at both sides (law)', async () => {
    const key = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
    const list = fc.uniqueArray(key, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(list, list, list, async (onlyA, onlyB, both) => {
        const a = [...new Set([...onlyA, ...both])];
        const b = [...new Set([...both, ...onlyB])];
        const [atAlice, atBob] = await aligned(
          { table: await tableOfIds(a) },
          { table: await tableOfIds(b) },
        );
        const expected = a.filter((id) => b.includes(id)).sort();
        assert.deepEqual([...(await ids(atAlice))].sort(), expected);
        assert.deepEqual(await ids(atAlice), await ids(atBob));
      }),
      { numRuns: 25 },
    );
  });

  it('brings each party its own columns of the same patients', async () => {
    const n = 2000;
    const name = (i: number) => `P${(i * 7919) % 100_003}`;
    const a = await tableOf({
      id: Array.from({ length: n }, (_, i) => name(i)),
      x: Float64Array.from({ length: n }, (_, i) => i),
    });
    const b = await tableOf({
      y: Int32Array.from({ length: n }, (_, i) => i + 500),
      id: Array.from({ length: n }, (_, i) => name(i + 500)),
    });
    const progress: number[] = [];
    const onProgress = (done: number, total: number) => {
      progress.push(done);
      assert.equal(total, 2 * n);
    };
    const [atAlice, atBob] = await aligned({ table: a, context: { threads: 2, onProgress } }, { table: b });
    assert.equal(atAlice.rowCount, 1500);
    const x = await atAlice.numbers('x');
    const y = await atBob.numbers('y');
    assert.deepEqual(x, y);
    assert.deepEqual(atBob.columns, b.columns);
    assert.equal(progress.at(-1), 2 * n);
    assert.deepEqual(
      progress,
      [...progress].sort((p, q) => p - q),
    );
    // An order that comes from neither table: as many pairs go up as down.
    const rising = x.filter((value, i) => i > 0 && value > (x[i - 1] ?? 0)).length;
    assert.ok(rising > 650 && rising < 850, `${rising} of 1500 rise`);
  });

  it('finds the 460 shared patients of the example', async () => {
    const data = fileURLToPath(new URL('../../../examples/shared-patients/data/', import.meta.url));
    const [a, b] = [await readTable(join(data, 'alice.csv')), await readTable(join(data, 'bob.csv'))];
    assert.deepEqual([a.rowCount, b.rowCount], [515, 514]);
    const on = ['patient_id'];
    const [atAlice, atBob] = await aligned({ table: a, on }, { table: b, on });
    assert.deepEqual([atAlice.rowCount, atBob.rowCount], [460, 460]);
    const patients = await ids(atAlice, 'patient_id');
    assert.deepEqual(patients, await ids(atBob, 'patient_id'));
    const mine = await ids(a, 'patient_id');
    const theirs = await ids(b, 'patient_id');
    assert.notDeepEqual(
      patients,
      mine.filter((id) => patients.includes(id)),
    );
    assert.notDeepEqual(
      patients,
      theirs.filter((id) => patients.includes(id)),
    );
  });

  it('takes an empty intersection for a result', async () => {
    const [atAlice, atBob] = await aligned(
      { table: await tableOfIds(['a', 'b']) },
      { table: await tableOfIds(['c']) },
    );
    assert.deepEqual([atAlice.rowCount, atBob.rowCount], [0, 0]);
    assert.deepEqual(atAlice.columns, [{ name: 'id', type: 'VARCHAR' }]);
  });

  it('works with one row, and at the edges of chunks and windows', async () => {
    const numbers = (n: number) => tableOf({ id: Uint32Array.from({ length: n }, (_, i) => i) });
    for (const [n, m] of [
      [1, 1],
      [CHUNK_IDS, CHUNK_IDS + 1],
      [1, 2 * CHUNK_IDS],
    ] as const) {
      const [atAlice] = await aligned({ table: await numbers(n) }, { table: await numbers(m) });
      assert.equal(atAlice.rowCount, Math.min(n, m));
    }
  });

  it('refuses types whose equal values can have different texts, at both parties, before sizes are told', async () => {
    const inferred = async (name: string, text: string) => {
      const path = join(tempDir, `${name}.csv`);
      await writeFile(path, `id\n${text}\n`);
      return readTable(path);
    };
    const date = await inferred('date', '2024-01-02');
    const timestamp = await inferred('timestamp', '2024-01-02 00:00:00');
    const declared = await tableOf({ id: BigInt64Array.of(17n) });
    const text = await tableOfIds(['017']);
    for (const [mine, theirs] of [
      [date, timestamp],
      [declared, text],
    ] as const) {
      for (const failing of [0, 1] as const) {
        await fails({ table: mine }, { table: theirs }, failing, 'PRIVITY_KEY_TYPE_MISMATCH', {
          framesMax: 1,
        });
      }
    }
    const fine = await aligned({ table: date }, { table: await tableOfIds(['2024-01-02']) });
    assert.equal(fine[0].rowCount, 1);
    const kept = await date.query('SELECT id FROM rows WHERE id IS NOT NULL');
    assert.equal((await aligned({ table: kept }, { table: await tableOfIds(['x']) }))[0].rowCount, 0);
  });

  it('compares keys by their text, several columns each on its own', async () => {
    const path = join(tempDir, 'numbers.csv');
    await writeFile(path, 'id\n17\n7\n12\n');
    const numbers = await readTable(path);
    assert.equal(numbers.columns[0]?.type, 'BIGINT');
    const text = await tableOfIds(['007', '17', '12 ']);
    const [same] = await aligned({ table: numbers }, { table: text });
    assert.deepEqual(await ids(same), ['17']);
    const pairs = (list: readonly (readonly [string, string])[]): ReturnType<typeof tableOf> =>
      tableOf({ a: list.map(([a]) => a), b: list.map(([, b]) => b) } satisfies Record<string, ColumnInput>);
    const left = await pairs([
      ['ab', 'c'],
      ['a', 'bc'],
      ['1:a', '1'],
    ]);
    const right = await pairs([
      ['a', 'bc'],
      ['', 'abc'],
      ['1', ':a1'],
    ]);
    const on = ['a', 'b'];
    const [both] = await aligned({ table: left, on }, { table: right, on });
    assert.deepEqual([await ids(both, 'a'), await ids(both, 'b')], [['a'], ['bc']]);
  });

  it('has tags with 8 bits to spare, whatever the sizes', () => {
    for (const [n, m] of [
      [1, 1],
      [1, DH_ROWS_MAX],
      [100_000, 100_000],
      [2 ** 20, 2 ** 20],
      [DH_ROWS_MAX, DH_ROWS_MAX],
    ] as const) {
      const pairs = ((n + m) * (n + m - 1)) / 2;
      assert.ok(8 * tagBytes(n, m) - Math.log2(pairs) >= 40 + 8, `${n} and ${m} ids`);
      assert.ok(tagBytes(n, m) <= 16);
    }
  });

  it('writes no file, not even for a moment', async () => {
    const table = await tableOfIds(['a', 'b', 'c']);
    const changes = watch(tempDir);
    const names = new Set<string>();
    const last = new Promise<void>((resolve) => {
      changes.on('change', (_, name) => {
        names.add(String(name));
        if (name === 'last') resolve();
      });
    });
    await aligned({ table }, { table });
    await writeFile(join(tempDir, 'last'), '');
    await last;
    changes.close();
    assert.deepEqual([...names], ['last']);
  });

  it('leaves no thread behind', async () => {
    const [table] = [await tableOfIds(['a'])];
    await aligned({ table, context: { threads: 1 } }, { table, context: { threads: 1 } });
    await assertNoThreadLeft();
  });

  it('holds the table while its ids are made', async () => {
    const { signal } = new AbortController();
    const join = { protocols: [dh], plan: plainJoin(['id']) };
    const { ids } = await alone((table) => prepareJoin(table, 0, join, { signal }));
    assert.equal(ids.byteLength, 32 * LONE_ROWS);
  });

  it('keeps no id: neither when it is through, nor when it is refused or ended', async () => {
    const context = { random: systemRandom, threads: 0 };
    const plan = plainJoin(['id']);
    for (const ends of ['through', 'too few', 'ended'] as const) {
      const stop = new AbortController();
      const { channels } = memoryChannels(2, { signal: stop.signal });
      const minimumRows = ends === 'too few' ? 3 : 0;
      let waiting = channels.length;
      const { promise: bothPrepared, resolve } = deferred<void>();
      const prepare = (): void => {
        if (--waiting === 0) resolve();
      };
      const runs = channels.map(async (channel, rank) => {
        const table = await tableOfIds(['a', `${rank}`]);
        const join = { protocols: [dh], plan: { ...plan, minimumRows } };
        const prepared = await prepareJoin(table, rank, join, { signal: stop.signal });
        assert.ok(prepared.ids.some((byte) => byte !== 0));
        prepare();
        await bothPrepared;
        if (ends === 'ended') setImmediate(() => stop.abort(new Error('enough')));
        const result = psiJoin(channel, table, { ...join, prepared }, { ...context, signal: stop.signal });
        await (ends === 'through' ? result : assert.rejects(result));
        return prepared.ids;
      });
      for (const ids of await Promise.all(runs))
        assert.ok(
          ids.every((byte) => byte === 0),
          ends,
        );
    }
  });
});

describe('what is wrong with the input is said before anything is sent', () => {
  const good = () => tableOfIds(['a', 'b']);
  const cases: readonly (readonly [string, () => Promise<Party>, ErrorCode, string])[] = [
    [
      'duplicates',
      async () => ({ table: await tableOfIds(['a', 'b', 'a']) }),
      'PRIVITY_KEY_DUPLICATE',
      '3 rows, 2 different keys; row 3 is the first that has the key of another, row 1',
    ],
    [
      'gaps',
      async () => ({ table: await tableOf({ id: ['a', null] }) }),
      'PRIVITY_KEY_NULL',
      "'id' has no value in 1 of 2",
    ],
    [
      'no rows',
      async () => ({ table: await (await good()).query('FROM rows WHERE false') }),
      'PRIVITY_TABLE_EMPTY',
      '0 rows',
    ],
    ['no such column', async () => ({ table: await good(), on: ['ID'] }), 'PRIVITY_COLUMN_MISSING', "'ID'"],
    [
      'fractions',
      async () => ({ table: await tableOf({ id: Float64Array.of(1) }) }),
      'PRIVITY_KEY_TYPE',
      'DOUBLE',
    ],
    ['no column', async () => ({ table: await good(), on: [] }), 'PRIVITY_PSI_USAGE', '1 to 16'],
    [
      'a column twice',
      async () => ({ table: await good(), on: ['id', 'id'] }),
      'PRIVITY_PSI_USAGE',
      'different',
    ],
  ];
  for (const [what, party, code, part] of cases) {
    it(what, async () => fails(await party(), { table: await good() }, 0, code, { framesMax: 0, part }));
  }

  it('too many rows', async () => {
    const relation = { ...relationOf(await good()), rowCount: DH_ROWS_MAX + 1 };
    const check = checkKey(relation, ['id'], [dh], new AbortController().signal);
    await assert.rejects(check, { code: 'PRIVITY_PSI_LIMIT', message: /16777217 rows/ });
  });

  it('three members', async () => {
    const { channels } = memoryChannels(3);
    const [channel] = channels;
    assert.ok(channel);
    const context = { signal: new AbortController().signal, random: systemRandom, threads: 0 };
    await assert.rejects(psiAlign(channel, await good(), { on: ['id'], protocols: [dh] }, context), {
      code: 'PRIVITY_PSI_USAGE',
    });
  });
});

describe('abort', () => {
  it('ends a run at once, on threads as well, with the reason of the signal', async () => {
    const table = await tableOf({ id: Uint32Array.from({ length: 60_000 }, (_, i) => i) });
    for (const threads of [0, 1]) {
      const stop = new AbortController();
      const reason = new Error('verdict');
      let abortedAt = 0;
      const onProgress = (done: number) => {
        if (done < 4 * CHUNK_IDS || stop.signal.aborted) return;
        abortedAt = performance.now();
        stop.abort(reason);
      };
      const { channels } = memoryChannels(2);
      const runs = channels.map((channel) =>
        psiAlign(
          channel,
          table,
          { on: ['id'], protocols: [dh] },
          { signal: stop.signal, random: systemRandom, threads, onProgress },
        ),
      );
      await Promise.all(runs.map((run) => assert.rejects(run, reason)));
      // 60,000 ids take 10 s and more; the bound is generous for loaded machines, 100 ms is what is seen.
      assert.ok(performance.now() - abortedAt < 2000);
    }
  });

  it('ends a wait for a silent peer', async () => {
    const stop = new AbortController();
    const [channel] = memoryChannels(2).channels;
    assert.ok(channel);
    const context = { signal: stop.signal, random: systemRandom, threads: 0 };
    const run = assert.rejects(
      psiAlign(channel, await tableOfIds(['a']), { on: ['id'], protocols: [dh] }, context),
      /enough/,
    );
    setImmediate(() => stop.abort(new Error('enough')));
    await run;
  });
});
