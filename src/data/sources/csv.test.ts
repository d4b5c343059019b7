import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { PrivityError } from '../../base/errors.ts';
import { closeDatabase, configureDatabase, withReader } from '../database.ts';
import { readTable } from '../read-table.ts';
import { TABLE_COLUMNS_MAX } from '../relation.ts';
import type { Table } from '../table.ts';
import { tableOf } from '../table-of.ts';
import { writeTable } from '../write-table.ts';

let dir = '';
let files = 0;
let notes: string[] = [];

async function file(content: string | Uint8Array, extension = 'csv'): Promise<string> {
  const path = join(dir, `input-${++files}.${extension}`);
  await writeFile(path, content);
  return path;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof PrivityError, String(error));
    return `${error.code} ${error.message}`;
  }
  assert.fail('nothing was refused');
}

const typesOf = (table: Table): string => table.columns.map(({ type }) => type).join(' ');

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-csv-test-'));
  configureDatabase({ tempDir: dir, memoryLimitMb: 512, threads: 2, note: (text) => notes.push(text) });
});

after(async () => {
  await closeDatabase();
  configureDatabase({});
  await rm(dir, { recursive: true, force: true });
});

describe('inferred types', () => {
  const columns: readonly (readonly [type: string, ...values: string[]])[] = [
    ['BOOLEAN', 'true', 'false'],
    ['VARCHAR', 'F', 'F'],
    ['VARCHAR', 'T', 'F'],
    ['VARCHAR', 'True', 'False'],
    ['VARCHAR', 'yes', 'no'],
    ['BIGINT', '0', '-17', '9223372036854775807'],
    ['VARCHAR', '007', '8'],
    ['VARCHAR', '+49170123', '+1'],
    ['VARCHAR', '0x10', '0xFF'],
    ['VARCHAR', '1_000', '2'],
    ['VARCHAR', ' 1', '2'],
    ['VARCHAR', '9223372036854775808', '1'],
    ['VARCHAR', '12345678901234567890'],
    ['DOUBLE', '120.50', '3'],
    ['DOUBLE', '1e3', '-2.5E-3', '.5'],
    ['DOUBLE', '0.30000000000000004', 'nan'],
    ['DOUBLE', '1e22'],
    ['VARCHAR', '0.1234567890123456789'],
    ['VARCHAR', '1e400', '1.5'],
    ['VARCHAR', '1e-400', '1.5'],
    ['VARCHAR', '01.5', '2.5'],
    ['VARCHAR', '1,5', '2'],
    ['VARCHAR', '1.2.3', '4.5'],
    ['DATE', '2024-01-31', '0001-12-01'],
    ['VARCHAR', '01/02/1990', '03/04/1985'],
    ['VARCHAR', '2024-1-5', '2024-01-06'],
    ['VARCHAR', '2024/01/05'],
    ['VARCHAR', 'infinity', 'infinity'],
    ['TIMESTAMP', '2024-01-02 03:04:05', '2024-01-02 03:04:05.5'],
    ['VARCHAR', '2024-01-02T03:04:05'],
    ['VARCHAR', '2024-01-02 03:04:05+02'],
    ['VARCHAR', '2024-01-02', '2024-01-02 03:04:05'],
    ['VARCHAR', '', ''],
    ['BIGINT', '', '5'],
  ];

  it('lose nothing: what does not give back its own text stays text', async () => {
    for (const [type, ...values] of columns) {
      const path = await file(
        `k,v\n${values.map((value, row) => (value === '' ? `${row},\n` : `${row},"${value}"\n`)).join('')}`,
      );
      const table = await readTable(path);
      assert.equal(table.columns[1]?.type, type, values.join(' | '));
    }
  });

  it('of a column do not depend on its neighbours', async () => {
    const iso = 'born\n1990-02-01\n1985-04-03\n';
    const beside = 'seen,born\n12/25/2023,1990-02-01\n01/02/2024,1985-04-03\n';
    assert.equal(typesOf(await readTable(await file(iso))), 'DATE');
    assert.equal(typesOf(await readTable(await file(beside))), 'VARCHAR DATE');
  });

  it('are told, and which line keeps a column text', async () => {
    notes = [];
    const path = await file('id,seen\na,2024-01-02\n"b\nb",2024-01-03\nc,03/04/2024\n');
    await readTable(path);
    assert.match(notes[0] ?? '', /: id VARCHAR, seen VARCHAR$/);
    assert.match(notes[1] ?? '', /'seen' stays text: 2 of 3 values are DATE, line 5 is not$/);
    assert.equal(notes.length, 2);
  });

  it('are told of columns of any name', async () => {
    for (const name of [
      'privity_row',
      'Privity_Row',
      'rowid',
      'place',
      'value',
      'numbered',
      'a "b"',
      "o'clock",
    ]) {
      notes = [];
      const head = `"${name.replaceAll('"', '""')}"`;
      const path = await file(`id,${head}\n1,2024-01-02\n2,2024-01-03\n3,03/04/2024\n`);
      const table = await readTable(path);
      assert.deepEqual(await table.strings(name), ['2024-01-02', '2024-01-03', '03/04/2024']);
      assert.ok(
        (notes[1] ?? '').endsWith(`'${name}' stays text: 2 of 3 values are DATE, line 4 is not`),
        notes[1],
      );
      const message = await refusal(readTable(path, { types: { [name]: 'DATE' } }));
      assert.match(message, /PRIVITY_COLUMN_TYPE .* line 4: /);
    }
  });

  it('that are declared hold or are refused, with the line', async () => {
    const path = await file('id,x,d\n1,1.6,2024-01-02\n2,2,2024-01-03\n3,,\n');
    const message = await refusal(readTable(path, { types: { x: 'INTEGER' } }));
    assert.match(message, /PRIVITY_COLUMN_TYPE .* line 2: .* 'x' .* INTEGER \(1 in all\)/);
    const table = await readTable(path, { types: { x: 'FLOAT', d: 'VARCHAR' }, columns: ['d', 'x'] });
    assert.equal(typesOf(table), 'VARCHAR FLOAT');
  });
});

describe('what is wrong with a CSV file', () => {
  const cases: readonly (readonly [what: string, content: string, words: RegExp])[] = [
    [
      'mixed line ends',
      'id,x\r\na,1\nb,2\r\n',
      /line 2 .*ends with LF, line 1 with CRLF: line ends are mixed/,
    ],
    ['a lone CR', 'id,x\na,1\rb,2\n', /line 2 .*ends with CR, line 1 with LF/],
    ['semicolons', 'id;x\na;1,5\nb;2,5\n', /line 1 .*no ',', but ';'.*delimiter: ';'/],
    ['one column with semicolons', 'id;x\na;1\n', /delimiter: ';'/],
    ['tabs', 'id\tx\na\t1\n', /but '\\t' \(a tab\).*delimiter: '\\t'/],
    ['a quote that stays open', 'id,x\na,1\nb,"2\nc,3\n', /line 3 .*a quote that opens there is not closed/],
    ['text behind a quote', 'id,x\na,"1"2\n', /line 2 .*text follows a closing quote/],
    ['too few fields', 'id,x\na,1\nb\n', /line 3 .*it has 1 field, the header has 2/],
    ['too many fields', 'id,x\n"a\na",1\nb,2,3\n', /line 4 .*it has 3 fields, the header has 2/],
    ['a header twice', 'id,ID\na,b\n', /column 2 .*same name as column 1/],
    ['a sep= line alone', 'sep=;\n', /no header line behind its sep= line/],
  ];

  for (const [what, content, words] of cases) {
    it(`is said: ${what}`, async () => {
      assert.match(await refusal(readTable(await file(content))), words);
    });
  }

  it('is said: a line longer than a record may be', async () => {
    const long = await file(`id,x\na,1\nb,${'y'.repeat(17 * 1024 * 1024)}\n`);
    assert.match(await refusal(readTable(long)), /line 3 .*the line is longer than 16777216 bytes/);
  });

  it('is said: too many columns, but for those that are asked for', async () => {
    const names = Array.from({ length: TABLE_COLUMNS_MAX + 1 }, (_, column) => `c${column}`);
    const wide = await file(`${names.join(',')}\n${names.map(() => '1').join(',')}\n`);
    assert.match(await refusal(readTable(wide)), /PRIVITY_TABLE_LIMIT .*columns: \[/);
    assert.equal((await readTable(wide, { columns: ['c4096', 'c0'] })).columns[0]?.name, 'c4096');
  });

  it('never quotes a value', async () => {
    for (const [, content] of cases) {
      const message = await refusal(readTable(await file(content.replaceAll('a', 'canary-71c3f'))));
      assert.ok(!message.includes('canary-71c3f,') && !message.includes('canary-71c3f"'), message);
    }
  });
});

describe('CSV files of others', () => {
  it('are read: gzip, a sep= line, blank lines, CR alone, empty texts and gaps', async () => {
    const gz = await file(gzipSync('id,x\na,1\n'), 'csv.gz');
    assert.deepEqual(await (await readTable(gz)).column('x'), BigInt64Array.of(1n));
    const spreadsheet = await readTable(await file('\ufeffsep=;\r\nid;x\r\na;1,5\r\n'));
    assert.deepEqual(await spreadsheet.column('x'), ['1,5']);
    assert.deepEqual(await (await readTable(await file('id,x\n\na,1\n\n'))).column('id'), ['a']);
    assert.equal((await readTable(await file('id,x\ra,1\rb,2\r'))).rowCount, 2);
    const gaps = await (await readTable(await file('id,x\n"",\n,""\n'))).query(
      "SELECT id = '' AS empty, id IS NULL AS gap FROM rows",
    );
    assert.deepEqual(await (await gaps.query('SELECT gap FROM rows')).column('gap'), Uint8Array.of(0, 1));
  });

  it('say that they are no gzip', async () => {
    assert.match(
      await refusal(readTable(await file('id\na\n', 'csv.gz'))),
      /it is no gzip file, or is damaged or cut off/,
    );
  });

  it('are refused when a gzip is cut off or damaged anywhere', async () => {
    // Text that compresses badly, so that every cut falls into the middle of some record.
    const rows = Array.from({ length: 3_000 }, (_, i) => `${i},${Math.imul(i, 2_654_435_761) >>> 0}\n`);
    const whole = gzipSync(`id,x\n${rows.join('')}`);
    const cuts = [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => Math.floor(part * whole.length));
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(1, whole.length - 8);
    const spoilt = [
      ...[...cuts, whole.length - 8, whole.length - 4].map((end) => whole.subarray(0, end)),
      damaged,
    ];
    for (const bytes of [...spoilt, Buffer.concat([whole, whole.subarray(0, 2_000)])])
      assert.match(await refusal(readTable(await file(bytes, 'csv.gz'))), /damaged or cut off/);
    assert.equal((await readTable(await file(whole, 'csv.gz'))).rowCount, 3_000);
  });
});

describe('Parquet files of others', () => {
  const parquet = async (select: string): Promise<string> => {
    const path = join(dir, `other-${++files}.parquet`);
    await withReader((connection) => connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`));
    return path;
  };

  it('with the timestamps of pandas and with JSON are read, and refused where a digit would be lost', async () => {
    const fine = await parquet(`SELECT TIMESTAMP_NS '2024-01-02 03:04:05.123456' AS t, '{"a":1}'::JSON AS j`);
    assert.equal(typesOf(await readTable(fine)), 'TIMESTAMP VARCHAR');
    const finer = await parquet(`SELECT TIMESTAMP_NS '2024-01-02 03:04:05.123456789' AS t`);
    assert.match(
      await refusal(readTable(finer)),
      /'t' .* has a value that TIMESTAMP cannot hold.*types: \{ 't'/,
    );
    assert.equal(typesOf(await readTable(finer, { types: { t: 'VARCHAR' } })), 'VARCHAR');
    const decimal = await parquet('SELECT 0.1234567890123456789::DECIMAL(38,19) AS d');
    assert.match(
      await refusal(readTable(decimal)),
      /'d' .* is DECIMAL and has a value that DOUBLE cannot hold/,
    );
    const whole = await parquet('SELECT 12.50::DECIMAL(38,2) AS d');
    assert.deepEqual(await (await readTable(whole)).column('d'), Float64Array.of(12.5));
    assert.match(
      await refusal(readTable(whole, { types: { d: 'BIGINT' } })),
      /'d' has 1 values .* no whole numbers/,
    );
  });

  it('with lists say so', async () => {
    assert.match(await refusal(readTable(await parquet('SELECT [1, 2] AS l'))), /'l' .* is a list, which/);
  });
});

describe('writeTable', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom(
      '',
      ' a',
      '"',
      '\r',
      '\n',
      '\r\n',
      ',',
      '#',
      "'",
      '007',
      '17',
      '1.50',
      'nan',
      'NULL',
      'true',
      '=1',
    ),
  );
  const row = fc.record({
    text: fc.option(text),
    double: fc.double(),
    float: fc.float(),
    whole: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  });

  it('then readTable gives the same values', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const table = await tableOf({
          text: rows.map((one) => (one.text?.includes('\0') ? null : one.text)),
          double: Float64Array.from(rows, (one) => one.double),
          float: Float32Array.from(rows, (one) => one.float),
          whole: BigInt64Array.from(rows, (one) => one.whole),
        });
        const path = join(dir, `round-${++files}.csv`);
        await writeTable(table, path);
        const back = await readTable(path);
        assert.deepEqual(await back.numbers('double'), await table.numbers('double'));
        assert.deepEqual(await back.numbers('float'), await table.numbers('float'));
        assert.deepEqual(await back.column('whole'), await table.column('whole'));
        const shown = (of: Table) =>
          of.query("SELECT coalesce('t' || CAST(text AS VARCHAR), 'gap') AS text FROM rows");
        const canonical = back.columns[0]?.type === 'DOUBLE' ? Number : String;
        const texts = async (of: Table) =>
          ((await (await shown(of)).column('text')) as string[]).map((t) => String(canonical(t.slice(1))));
        assert.deepEqual(await texts(back), await texts(table));
      }),
      { numRuns: share(40) },
    );
  });

  it('escapes formulas when it is asked to, and packs by the name of the file', async () => {
    const table = await tableOf({ a: ['=1+1', '@x', 'b', '-2', null], n: Int32Array.of(-1, 2, 3, 4, 5) });
    const path = join(dir, 'formulas.csv.gz');
    await writeTable(table, path, { escapeFormulas: true });
    const lines = gunzipSync(await readFile(path)).toString();
    assert.equal(lines, "a,n\n'=1+1,-1\n'@x,2\nb,3\n'-2,4\n,5\n");
  });

  it('refuses bytes, which CSV has no form for', async () => {
    const table = await tableOf({ b: [Uint8Array.of(1)] });
    assert.match(await refusal(writeTable(table, join(dir, 'bytes.csv'))), /'b' is BLOB.*write \.parquet/);
  });
});
