/** A table frees its rows when nobody holds it: what still reads them holds it, no matter who asked for that. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { alone, collect, LONE_ROWS as ROWS } from '../../test/parts/lone-table.ts';
import { closeDatabase } from './database.ts';
import { readTable, type Table, tableFromArrow, writeTable } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'privity-held-'));
after(async () => {
  await closeDatabase();
  rmSync(folder, { recursive: true, force: true });
});

describe('a table that nobody holds is read to its end', () => {
  const file = join(folder, 'table.csv');
  const asked: Readonly<Record<string, (table: Table) => Promise<number>>> = {
    column: async (table) => (await table.column('x')).length,
    numbers: (table) => table.numbers('x').then((numbers) => numbers.length),
    strings: (table) => table.strings('id').then((texts) => texts.length),
    select: (table) => table.select(['x']).then((narrow) => narrow.rowCount),
    query: (table) => table.query('SELECT * FROM rows ORDER BY x DESC').then((sorted) => sorted.rowCount),
    mean: (table) => table.mean(['x']).then(({ x = 0 }) => 2 * x + 1),
    toArrow: (table) => table.toArrow().then(async (bytes) => (await tableFromArrow(bytes)).rowCount),
    writeTable: (table) => writeTable(table, file).then(async () => (await readTable(file)).rowCount),
  };
  for (const [name, ask] of Object.entries(asked)) it(name, async () => assert.equal(await alone(ask), ROWS));

  it('and one that is read no more is freed', async () => {
    const { spent, ref } = await alone(async (table) => ({ spent: table.rowCount, ref: new WeakRef(table) }));
    assert.equal(spent, ROWS);
    let isFreed = false;
    for (let turn = 0; turn < 50 && !isFreed; turn++) {
      // What a WeakRef has given is held until the turn is over.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      isFreed = ref.deref() === undefined;
    }
    assert.ok(isFreed);
  });
});
