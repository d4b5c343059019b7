import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { refusedWithout } from '../../test/parts/refused.ts';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { DataError, EnvironmentError, PrivityError, UsageError } from '../base/errors.ts';
import { closeDatabase, loadDuckDb, openDatabase, withConnection } from './database.ts';
import { readTable } from './read-table.ts';
import { sqlError } from './sql.ts';
import { Table } from './table.ts';
import { relationFrom, tableOf } from './table-of.ts';
import { writeTable } from './write-table.ts';

const CANARY = 'canary-71c3f';

let dir = '';
let files = 0;

async function file(content: string | Uint8Array, extension = 'csv'): Promise<string> {
  const path = join(dir, `input-${++files}.${extension}`);
  await writeFile(path, content);
  return path;
}

const rejects = refusedWithout(CANARY);

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-data-test-'));
  await openDatabase({ tempDir: dir, memoryLimitMb: 512, threads: 2 });
});

after(async () => {
  await closeDatabase();
  await rm(dir, { recursive: true, force: true });
});

describe('readTable', () => {
  it('reads CSV: names, inferred types, order of rows', async () => {
    const path = await file('id,age,score,when,ok\nP2,41,0.5,2024-01-31,true\nP1,7,1e3,2023-12-01,false\n');
    const table = await readTable(path);
    assert.equal(table.rowCount, 2);
    assert.deepEqual(table.columns, [
      { name: 'id', type: 'VARCHAR' },
      { name: 'age', type: 'BIGINT' },
      { name: 'score', type: 'DOUBLE' },
      { name: 'when', type: 'DATE' },
      { name: 'ok', type: 'BOOLEAN' },
    ]);
    assert.deepEqual(await table.column('id'), ['P2', 'P1']);
    assert.deepEqual(await table.column('age'), BigInt64Array.of(41n, 7n));
    assert.deepEqual(await table.column('score'), Float64Array.of(0.5, 1000));
    assert.deepEqual(await table.column('when'), Int32Array.of(19753, 19692));
    assert.deepEqual(await table.column('ok'), Uint8Array.of(1, 0));
    assert.deepEqual(await table.strings('when'), ['2024-01-31', '2023-12-01']);
  });

  it('keeps leading zeros, even where the first is far down the file', async () => {
    const ids = [...Array.from({ length: 30_000 }, (_, i) => String(i + 1)), '007'];
    const table = await readTable(await file(`id\n${ids.join('\n')}\n`));
    assert.equal(table.columns[0]?.type, 'VARCHAR');
    assert.deepEqual(await table.column('id'), ids);
  });

  it('obeys types and columns', async () => {
    const path = await file('id,x,y\n1,2,3\n');
    const table = await readTable(path, { columns: ['y', 'id'], types: { id: 'VARCHAR', y: 'FLOAT' } });
    assert.deepEqual(table.columns, [
      { name: 'y', type: 'FLOAT' },
      { name: 'id', type: 'VARCHAR' },
    ]);
  });

  it('reads tabs, other delimiters, quotes, CRLF and a byte order mark', async () => {
    assert.deepEqual(await (await readTable(await file('a\tb\nx\t1\n', 'tsv'))).column('a'), ['x']);
    assert.deepEqual(await (await readTable(await file('a;b\nx;1\n'), { delimiter: ';' })).column('a'), [
      'x',
    ]);
    const table = await readTable(await file('\ufeffa,b\r\n"x, ""y""\nz",1\r\n'));
    assert.deepEqual(await table.column('a'), ['x, "y"\nz']);
  });

  it('takes no character of a path for a pattern or for SQL', async () => {
    const odd = join(dir, "a*b[1]?'.csv");
    await writeFile(odd, 'id\nx\n');
    assert.equal((await readTable(odd)).rowCount, 1);
    await writeFile(join(dir, 'one.csv'), 'id\nx\n');
    await rejects(readTable(join(dir, 'o*.csv')), 'PRIVITY_FILE_MISSING');
  });

  it('says what is wrong with a file', async () => {
    await rejects(readTable(join(dir, 'none.csv')), 'PRIVITY_FILE_MISSING', 'none.csv');
    await rejects(readTable(join(dir, 'none.xlsx')), 'PRIVITY_FILE_FORMAT', 'none.xlsx');
    await mkdir(join(dir, 'folder.csv'));
    await rejects(readTable(join(dir, 'folder.csv')), 'PRIVITY_FILE_UNREADABLE', 'folder.csv');
    const empty = await file('');
    await rejects(readTable(empty), 'PRIVITY_FILE_UNREADABLE', 'empty');
    await rejects(readTable(await file(`id,x\n1,2\n${CANARY}\n4,5,6\n`)), 'PRIVITY_FILE_UNREADABLE', '.csv');
    await rejects(readTable(await file(`id,x\n"${CANARY},1\nb,2\n`)), 'PRIVITY_FILE_UNREADABLE');
    await rejects(readTable(await file(`${CANARY}`, 'parquet')), 'PRIVITY_FILE_UNREADABLE', 'Parquet');
    const latin1 = Buffer.from(`id,name\n1,${CANARY} M\u00fcller\n`, 'latin1');
    await rejects(readTable(await file(latin1)), 'PRIVITY_FILE_ENCODING', '.csv');
    await rejects(readTable(await file(Buffer.from('id\n1\n', 'utf16le'))), 'PRIVITY_FILE_ENCODING');
  });

  it('says what is wrong with columns', async () => {
    const path = await file(`id,x\n1,2\n${CANARY},3\n`);
    await rejects(readTable(path, { columns: ['X'] }), 'PRIVITY_COLUMN_MISSING', "'X'", "'id', 'x'", '.csv');
    await rejects(readTable(path, { types: { z: 'DATE' } }), 'PRIVITY_COLUMN_MISSING', "'z'");
    await rejects(
      readTable(path, { types: { id: 'BIGINT' } }),
      'PRIVITY_COLUMN_TYPE',
      "'id'",
      'line 3',
      '.csv',
    );
    await rejects(readTable(path, { types: { id: 'TEXT' as 'DATE' } }), 'PRIVITY_COLUMN_TYPE', "'id'");
    await rejects(readTable(path, { delimiter: ';;' }), 'PRIVITY_FILE_FORMAT');
    await rejects((await readTable(path)).column('nope'), 'PRIVITY_COLUMN_MISSING', "'nope'", '2 rows');
  });

  it('obeys a signal', async () => {
    const reason = new Error('stopped');
    const path = await file('id\n1\n');
    await assert.rejects(readTable(path, { signal: AbortSignal.abort(reason) }), reason);
  });
});

describe('writeTable', () => {
  it('writes and reads back CSV and Parquet', async () => {
    const table = await tableOf({
      id: ['007', null, 'a "b", c'],
      x: Float64Array.of(0.1, Number.NaN, -0),
      n: BigInt64Array.of(2n ** 62n, -1n, 0n),
    });
    for (const extension of ['csv', 'parquet', 'tsv']) {
      const path = join(dir, `out.${extension}`);
      await writeTable(table, path);
      const back = await readTable(path);
      assert.deepEqual(back.columns, table.columns);
      assert.deepEqual(await back.column('x'), Float64Array.of(0.1, Number.NaN, -0));
      assert.deepEqual(await back.column('n'), BigInt64Array.of(2n ** 62n, -1n, 0n));
      assert.deepEqual(await (await back.query('SELECT id FROM rows WHERE id IS NOT NULL')).column('id'), [
        '007',
        'a "b", c',
      ]);
    }
  });

  it('leaves nothing behind when it fails, and does not touch what was there', async () => {
    const table = await tableOf({ x: Float64Array.of(1) });
    const place = join(dir, 'target');
    await mkdir(join(place, 'sub.csv'), { recursive: true });
    await rejects(writeTable(table, join(place, 'sub.csv')), 'PRIVITY_FILE_UNWRITABLE', 'sub.csv', '1 rows');
    await rejects(writeTable(table, join(dir, 'no-folder', 'a.csv')), 'PRIVITY_FILE_UNWRITABLE');
    await rejects(writeTable(table, join(dir, 'a.txt')), 'PRIVITY_FILE_FORMAT');
    assert.deepEqual(await readdir(place), ['sub.csv']);
  });

  it('replaces a file as a whole', async () => {
    const path = join(dir, 'replace.csv');
    await writeFile(path, 'old');
    await writeTable(await tableOf({ x: Int32Array.of(5) }), path);
    assert.equal(await readFile(path, 'utf8'), 'x\n5\n');
  });
});

describe('Table', () => {
  it('is immutable', async () => {
    const source = Float64Array.of(1, 2);
    const table = await tableOf({ x: source });
    source[0] = 99;
    const got = await table.numbers('x');
    assert.deepEqual(got, Float64Array.of(1, 2));
    got[0] = 77;
    assert.deepEqual(await table.numbers('x'), Float64Array.of(1, 2));
    assert.throws(() => Object.assign(table, { rowCount: 3 }), TypeError);
    assert.throws(() => Object.assign(table.columns[0] ?? {}, { name: 'y' }), TypeError);
  });

  it('does not hand out what lies in the buffer of a gap', async () => {
    const table = await tableOf({ a: ['1.5', null, '2'] });
    const numbers = await table.query('SELECT CAST(a AS DOUBLE) AS a FROM rows');
    await rejects(numbers.column('a'), 'PRIVITY_COLUMN_NULLS', "'a'", '1 of 3 rows');
    assert.deepEqual(await numbers.column('a', { nulls: 'nan' }), Float64Array.of(1.5, Number.NaN, 2));
    assert.deepEqual(await numbers.numbers('a', { nulls: 'nan' }), Float64Array.of(1.5, Number.NaN, 2));
    await rejects(table.column('a', { nulls: 'nan' }), 'PRIVITY_COLUMN_TYPE', "'a'", 'VARCHAR');
    await rejects(table.numbers('a'), 'PRIVITY_COLUMN_TYPE', "'a'", 'VARCHAR', '3 rows');
  });

  it('reads no whole number as another one', async () => {
    const table = await tableOf({
      id: ['9007199254740993', '1'],
      n: ['18446744073709551615', '2'],
      ok: ['9007199254740992', '-9007199254740992'],
    });
    const typed = await table.query(
      'SELECT CAST(id AS BIGINT) AS id, CAST(n AS UBIGINT) AS n, CAST(ok AS BIGINT) AS ok FROM rows',
    );
    for (const name of ['id', 'n']) {
      await rejects(
        typed.numbers(name),
        'PRIVITY_COLUMN_TYPE',
        `'${name}'`,
        '1 of 2 rows',
        '2^53',
        'strings',
      );
      await rejects(typed.column(name, { nulls: 'nan' }), 'PRIVITY_COLUMN_TYPE', '2^53');
    }
    assert.deepEqual(await typed.numbers('ok'), Float64Array.of(2 ** 53, -(2 ** 53)));
    assert.deepEqual(await typed.column('id'), BigInt64Array.of(9007199254740993n, 1n));
    const meant = await typed.query('SELECT CAST(id AS DOUBLE) AS id FROM rows');
    assert.deepEqual(await meant.numbers('id'), Float64Array.of(2 ** 53, 1));
  });

  it('computes means', async () => {
    const table = await tableOf({
      a: Float64Array.of(1, 2, 6),
      b: Int32Array.of(-1, 0, 4),
      id: ['x', 'y', 'z'],
    });
    assert.deepEqual(await table.mean(), { a: 3, b: 1 });
    assert.deepEqual(await table.means(['b']), { b: 1 });
    await rejects(table.mean(['id']), 'PRIVITY_COLUMN_TYPE', "'id'");
    await rejects((await table.query('FROM rows WHERE a > 9')).mean(), 'PRIVITY_TABLE_EMPTY', '0 rows');
    const odd = await tableOf({ ['__proto__']: Float64Array.of(4) });
    assert.deepEqual(Object.entries(await odd.mean()), [['__proto__', 4]]);
  });

  it('selects columns, quoting any name', async () => {
    const table = await tableOf({ 'a"; DROP TABLE x; --': Float64Array.of(1), b: ['q'] });
    const picked = await table.select(['b', 'a"; DROP TABLE x; --']);
    assert.deepEqual(picked.columns, [table.columns[1], table.columns[0]]);
    await rejects(table.select(['c']), 'PRIVITY_COLUMN_MISSING', "'c'");
    await rejects(table.select(['b', 'b']), 'PRIVITY_COLUMN_NAME', "'b'");
  });

  it('queries with one SELECT only', async () => {
    const table = await tableOf({ g: ['x', 'y', 'x'], n: BigInt64Array.of(1n, 2n, 3n) });
    const sums = await table.query(
      'SELECT g, sum(n) AS n, count(*) AS c FROM rows GROUP BY g ORDER BY g -- done',
    );
    assert.deepEqual(await sums.column('n'), BigInt64Array.of(4n, 2n));
    assert.deepEqual(await table.column('g'), ['x', 'y', 'x']);
    const refused = [
      '',
      'SELECT 1; SELECT 2',
      'SELECT 1) t; DROP TABLE privity_1; SELECT * FROM (SELECT 1',
      'DROP TABLE privity_1',
      "COPY (SELECT 1) TO 'x.csv'",
      'INSERT INTO rows VALUES (1)',
      'SET threads = 1',
      'SELEC 1',
      'SELECT nope FROM rows',
      'SELECT * FROM elsewhere',
    ];
    for (const sql of refused) await rejects(table.query(sql), 'PRIVITY_TABLE_QUERY');
    await rejects(
      table.query(`SELECT CAST('${CANARY}' || n AS INTEGER) AS v FROM rows`),
      'PRIVITY_COLUMN_TYPE',
    );
    await rejects(table.query('SELECT [n] AS list FROM rows'), 'PRIVITY_COLUMN_TYPE', "'list'", 'a list');
    const names = (await table.query('SELECT 1 AS a, 2 AS A')).columns.map(({ name }) => name);
    assert.deepEqual(names, ['a', 'A_1']);
  });

  it('keeps the order of rows through a query on many of them', async () => {
    const n = 300_000;
    const table = await tableOf({ i: Int32Array.from({ length: n }, (_, i) => i) });
    const odd = (await (await table.query('SELECT i FROM rows WHERE i % 2 = 1')).column('i')) as Int32Array;
    assert.equal(odd.length, n / 2);
    assert.ok(odd.every((value, index) => value === 2 * index + 1));
  });

  it('cannot be used once dropped or made elsewhere', async () => {
    const table = await tableOf({ x: Float64Array.of(1) });
    await table.drop();
    await rejects(table.numbers('x'), 'PRIVITY_DATABASE_STATE', 'dropped');
    await table.drop();
    assert.ok(table instanceof Table);
  });
});

describe('tableOf', () => {
  it('has a type for each array class', async () => {
    const table = await tableOf({
      a: Int8Array.of(-1),
      b: Int16Array.of(-2),
      c: Int32Array.of(-3),
      d: BigInt64Array.of(-4n),
      e: Uint8Array.of(5),
      f: Uint16Array.of(6),
      g: Uint32Array.of(7),
      h: BigUint64Array.of(8n),
      i: Float32Array.of(0.5),
      j: Float64Array.of(0.25),
      k: ['\0text\u{1f600}'],
      l: [true],
      m: [Uint8Array.of(0, 255)],
      n: Buffer.of(9),
    });
    const types =
      'TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT FLOAT DOUBLE VARCHAR BOOLEAN BLOB UTINYINT';
    assert.equal(table.columns.map(({ type }) => type).join(' '), types);
    assert.deepEqual(await table.column('h'), BigUint64Array.of(8n));
    assert.deepEqual(await table.column('k'), ['\0text\u{1f600}']);
    assert.deepEqual(await table.column('l'), Uint8Array.of(1));
    assert.deepEqual(await table.column('m'), [Uint8Array.of(0, 255)]);
  });

  it('refuses what is no column', async () => {
    const cases: readonly (readonly [Record<string, unknown>, ErrorCode, string])[] = [
      [{ a: [1, 2] }, 'PRIVITY_COLUMN_TYPE', "'a'"],
      [{ a: ['x', 1] }, 'PRIVITY_COLUMN_TYPE', "'a'"],
      [{ a: ['\ud800'] }, 'PRIVITY_COLUMN_TYPE', "'a'"],
      [{ a: Float64Array.of(1), b: [] }, 'PRIVITY_COLUMN_TYPE', "'b' has 0 values"],
      [{}, 'PRIVITY_COLUMN_NAME', 'no columns'],
      [{ a: ['x'], A: ['y'] }, 'PRIVITY_COLUMN_NAME', "'A'"],
      [{ '': ['x'] }, 'PRIVITY_COLUMN_NAME', 'empty'],
      [{ ['x'.repeat(2000)]: ['x'] }, 'PRIVITY_COLUMN_NAME', '1024'],
    ];
    for (const [columns, code, part] of cases)
      await rejects(tableOf(columns as Record<string, string[]>), code, part);
    const many = Object.fromEntries(Array.from({ length: 4097 }, (_, i) => [`c${i}`, ['x']]));
    await rejects(tableOf(many), 'PRIVITY_TABLE_LIMIT', '4097', '4096');
    const long = relationFrom([{ name: 'a', type: 'VARCHAR', values: [] }], 2 ** 31, 'the table');
    await rejects(long, 'PRIVITY_TABLE_LIMIT', '2147483648 rows');
  });
});

describe('the database', () => {
  it('is opened once', async () => {
    await rejects(openDatabase(), 'PRIVITY_DATABASE_STATE');
  });

  it('says how to install what is missing', async () => {
    const load = () => Promise.reject(new Error('ERR_MODULE_NOT_FOUND'));
    await assert.rejects(loadDuckDb(load), (error: unknown) => {
      assert.ok(error instanceof EnvironmentError && error.code === 'PRIVITY_DUCKDB_MISSING');
      return error.message.includes('npm install @duckdb/node-api');
    });
  });

  it('interrupts a statement when the signal aborts', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const forEver = withConnection(async (connection) => {
      setImmediate(() => stop.abort(reason));
      await connection.run('SELECT count(*) FROM range(100000000000) a, range(1000) b');
    }, stop.signal);
    await assert.rejects(forEver, reason);
  });

  it('says when its memory is at an end', async () => {
    const fails = withConnection(() => Promise.reject(new Error('Out of Memory Error: could not allocate')));
    await rejects(fails, 'PRIVITY_TABLE_LIMIT', 'memoryLimitMb');
  });

  it('classifies errors of DuckDB without their text', () => {
    const found = sqlError(
      new Error(
        `Conversion Error: CSV Error on Line: 12\nOriginal Line: ${CANARY}\nError when converting column "x". C`,
      ),
    );
    assert.deepEqual(found, {
      kind: 'conversion',
      line: 12,
      column: 'x',
      invalidUtf8: false,
      lossyColumn: undefined,
    });
    assert.equal(sqlError('no error').kind, 'other');
  });

  it('takes its tables with it when it closes, and leaves no file', async () => {
    const table = await tableOf({ x: Float64Array.of(1) });
    await closeDatabase();
    await closeDatabase();
    await rejects(table.numbers('x'), 'PRIVITY_DATABASE_STATE');
    await rejects(table.toArrow(), 'PRIVITY_DATABASE_STATE');
    assert.equal((await readdir(dir)).filter((name) => name.startsWith('privity-tables')).length, 0);
    const fresh = await tableOf({ x: Float64Array.of(2) });
    assert.deepEqual(await fresh.numbers('x'), Float64Array.of(2));
    assert.ok(new DataError('PRIVITY_TABLE_EMPTY', '') instanceof PrivityError);
    assert.ok(new UsageError('PRIVITY_TABLE_QUERY', '') instanceof PrivityError);
  });
});
