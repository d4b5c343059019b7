import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { closeDatabase, openDatabase, spillFolder, withConnection, withReader } from './database.ts';
import { readTable } from './read-table.ts';
import { tableOf } from './table-of.ts';

/** Less than the rows below take, so that they are spilled. */
const MEMORY_MB = 40;
const ROWS = 1_800_000;
const MARKER = 'canary-in-every-row';

let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-database-test-'));
  await openDatabase({ tempDir: dir, memoryLimitMb: MEMORY_MB, threads: 2 });
});

after(async () => {
  await closeDatabase();
  await rm(dir, { recursive: true, force: true });
});

async function outside(name: string, content: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
}

describe('the SQL of a job', () => {
  it('opens no file, attaches nothing, loads nothing, and changes nothing of that', async () => {
    const csv = await outside('secret.csv', 'a\n1\n');
    const table = await tableOf({ x: Float64Array.of(1) });
    const before = await readdir(dir);
    const selects = [
      `SELECT * FROM read_csv('${csv}')`,
      `SELECT * FROM '${csv}'`,
      `SELECT * FROM read_text('${csv}')`,
      `SELECT * FROM read_blob('${csv}')`,
      `SELECT * FROM read_parquet('${csv}')`,
      `SELECT * FROM read_json('${csv}')`,
      `SELECT Delimiter FROM sniff_csv('${csv}')`,
      `SELECT * FROM glob('${dir}/*')`,
      "SELECT * FROM read_csv('/dev/stdin')",
      "SELECT * FROM read_text('http://127.0.0.1:1/')",
    ];
    for (const sql of selects) await assert.rejects(table.query(sql), { code: 'PRIVITY_TABLE_QUERY' }, sql);
    const statements = [
      `COPY (SELECT 1) TO '${join(dir, 'out.csv')}'`,
      `EXPORT DATABASE '${join(dir, 'out')}'`,
      `ATTACH '${join(dir, 'out.db')}' AS other`,
      'INSTALL httpfs',
      'LOAD httpfs',
      `LOAD '${csv}'`,
      'SET GLOBAL enable_external_access = true',
      'SET lock_configuration = false',
      `SET GLOBAL allowed_directories = ['${dir}']`,
      `SET GLOBAL temp_directory = '${dir}'`,
      `SET GLOBAL log_query_path = '${join(dir, 'out.log')}'`,
      `PRAGMA enable_profiling = 'json'`,
    ];
    // Beneath the guard of table.query, which lets SELECT through only.
    for (const sql of statements)
      await assert.rejects(
        withConnection((connection) => connection.run(sql)),
        /Permission|[Cc]onfiguration/,
        sql,
      );
    assert.deepEqual(await readdir(dir), before);
  });

  it('has no table in the database that opens files', async () => {
    const table = await readTable(await outside('given.csv', 'a,b\n1,x\n2,y\n'));
    assert.deepEqual(await table.strings('b'), ['x', 'y']);
    const tables = await withReader((reader) => reader.runAndReadAll('SELECT count(*) FROM duckdb_tables()'));
    assert.equal(Number(tables.getRows()[0]?.[0]), 0);
  });
});

describe('a file that fails half way', () => {
  it('is refused, not cut off', async () => {
    const path = join(await spillFolder(), 'lossy.parquet');
    const select = `SELECT CASE WHEN i = 700000 THEN 12345678901234567.123 ELSE 1 END::DECIMAL(30, 3) AS a FROM range(800000) t(i)`;
    await withConnection((connection) => connection.run(`COPY (${select}) TO '${path}'`));
    await assert.rejects(readTable(path), { code: 'PRIVITY_COLUMN_TYPE', message: /'a' of file lossy/ });
    const whole = await readTable(path, { types: { a: 'VARCHAR' } });
    assert.equal(whole.rowCount, 800_000);
  });
});

describe('what is spilled', () => {
  it('lies in a folder of this user, and not in plain', async () => {
    const folder = await spillFolder();
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    await withConnection(async (connection) => {
      await connection.run(
        `CREATE TABLE spilled AS SELECT '${MARKER}-' || md5(i::VARCHAR) AS id, i FROM range(${ROWS}) t(i)`,
      );
      let looked = 0;
      for (const name of await readdir(folder)) {
        const content = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
          // DuckDB gives back what it needs no more while this looks.
          if (error.code !== 'ENOENT') throw error;
        });
        if (content === undefined) continue;
        looked++;
        assert.ok(!content.includes(MARKER), name);
      }
      assert.ok(looked > 0, 'nothing was spilled');
      await connection.run('DROP TABLE spilled');
    });
  });
});
