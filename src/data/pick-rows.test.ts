import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { closeDatabase, configureDatabase } from './database.ts';
import { pickRows } from './pick-rows.ts';
import { readTable } from './read-table.ts';
import { relationOf, tableFrom } from './table.ts';
import { tableOf } from './table-of.ts';

const never = new AbortController().signal;
let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-pick-test-'));
  configureDatabase({ tempDir: dir, threads: 2 });
});

after(async () => {
  await closeDatabase();
  configureDatabase({});
  await rm(dir, { recursive: true, force: true });
});

describe('picked rows', () => {
  const count = 300_000;
  const many = () =>
    tableOf({
      id: Array.from({ length: count }, (_, row) => (row % 7 === 0 ? null : `row ${row}`)),
      x: Float64Array.from({ length: count }, (_, row) => row),
    });
  /** Every third row, in an order that has nothing to do with that of the table. */
  const rows = Uint32Array.from({ length: count / 3 }, (_, at) => 3 * ((at * 7919) % (count / 3)));

  it('stand in the order that was asked for, with their gaps, however many are sorted at once', async () => {
    const table = await many();
    for (const rowsAtOnce of [undefined, 30_000]) {
      const asked = { rows, origin: 'the result', signal: never };
      const picked = tableFrom(await pickRows(relationOf(table), asked, rowsAtOnce));
      assert.deepEqual(picked.columns, table.columns);
      assert.deepEqual(await picked.numbers('x'), Float64Array.from(rows));
      const texts = await picked.query("SELECT coalesce(id, 'none') AS id FROM rows");
      assert.deepEqual(
        await texts.strings('id'),
        [...rows].map((row) => (row % 7 === 0 ? 'none' : `row ${row}`)),
      );
    }
  });

  it('may be none, and keep what is known of where a column comes from', async () => {
    const path = join(dir, 'ids.csv');
    await writeFile(path, 'id\n17\n18\n');
    const relation = relationOf(await readTable(path));
    const picked = await pickRows(relation, { rows: new Uint32Array(), origin: 'the result', signal: never });
    assert.equal(picked.rowCount, 0);
    assert.deepEqual([...(picked.fromText ?? [])], ['id']);
  });

  it('are not picked twice, nor where there is none', async () => {
    const relation = relationOf(await tableOf({ id: ['a', 'b'] }));
    for (const twice of [Uint32Array.of(1, 1), Uint32Array.of(2)])
      await assert.rejects(pickRows(relation, { rows: twice, origin: 'the result', signal: never }), {
        code: 'PRIVITY_INTERNAL',
      });
  });

  it('end within 100 ms of an abort, with its reason', async () => {
    const relation = relationOf(await many());
    const stop = new AbortController();
    const reason = new Error('verdict');
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      stop.abort(reason);
    }, 60);
    await assert.rejects(
      pickRows(relation, { rows, origin: 'the result', signal: stop.signal }, 100),
      reason,
    );
    assert.ok(performance.now() - abortedAt < 100);
  });
});
