import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { refusedWithout } from '../../../test/parts/refused.ts';
import type { PublishedSchema } from '../published-schema.ts';
import { checkedCondition } from './condition.ts';
import { readCredential } from './credential.ts';
import { type OpenDataset, withDataset } from './dataset.ts';
import { describeDataset, type PublishOptions, publishOptions } from './describe.ts';
import { schemaDifferences } from './differences.ts';
import { SOURCE_LIMITS } from './kind.ts';
import { datasetKinds, datasetSource, readDatasetSource } from './source.ts';
import { takeRows } from './typed-rows.ts';

const CANARY = 'canary-4e1b7';

let dir = '';
let folders = 0;

/** Statements of DuckDB, which may write anywhere. */
async function made(...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

async function used<T>(
  source: object,
  use: (dataset: OpenDataset) => Promise<T>,
  extensionsFolder?: string,
): Promise<T> {
  const folder = join(dir, `own-${++folders}`);
  await mkdir(folder);
  const options = { memoryLimitMb: 512, threads: 1, folder, extensionsFolder, limits: SOURCE_LIMITS };
  return withDataset(readDatasetSource(source), options, use);
}

const described = (source: object, publish: PublishOptions = {}): Promise<PublishedSchema> =>
  used(source, (dataset) => describeDataset(dataset, publishOptions.parse(publish)));

const refused = refusedWithout(CANARY);

const named = ({ columns }: PublishedSchema): string =>
  columns.map(({ name, type }) => `${name} ${type}`).join(', ');

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-datasets-test-'));
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('a folder of Parquet files', () => {
  it('is one table; names of folders are columns of text', async () => {
    const path = join(dir, 'parts');
    await made(
      `COPY (SELECT i AS id, i % 2 + 2023 AS year FROM range(10) t(i)) TO '${path}' (FORMAT parquet, PARTITION_BY (year))`,
    );
    await writeFile(join(path, '_SUCCESS'), '');
    await mkdir(join(path, '_temporary'));
    await writeFile(join(path, '_temporary', 'x.parquet'), 'half');
    const schema = await described(
      { kind: 'folder', path },
      { rows: true, values: ['year'], categoryRowsMin: 5 },
    );
    assert.equal(named(schema), 'id BIGINT, year VARCHAR');
    assert.equal(schema.rows, 10);
    assert.deepEqual(schema.columns[1]?.values, ['2023', '2024']);
    const typed = await described({ kind: 'folder', path, types: { year: 'INTEGER' } });
    assert.equal(named(typed), 'id BIGINT, year INTEGER');
  });

  it('is refused where its files differ, in whatever order they are', async () => {
    for (const [first, second] of [
      ['1 AS a', '1::BIGINT AS a'],
      ["1 AS a, 'x' AS b", '1 AS a'],
      ['1 AS a', "1 AS a, 'x' AS b"],
    ]) {
      const path = join(dir, `differ-${++folders}`);
      await mkdir(path);
      await made(
        `COPY (SELECT ${first}) TO '${path}/1.parquet'`,
        `COPY (SELECT ${second}) TO '${path}/2.parquet'`,
      );
      await refused(
        described({ kind: 'folder', path }),
        'PRIVITY_SOURCE_UNREADABLE',
        'do not have the same columns',
      );
    }
  });

  it('is refused where there is none, nothing in it, or no Parquet', async () => {
    const path = join(dir, 'empty');
    await mkdir(path);
    await refused(described({ kind: 'folder', path }), 'PRIVITY_SOURCE_UNREADABLE', 'no Parquet file');
    await refused(described({ kind: 'folder', path: `${path}-not` }), 'PRIVITY_SOURCE_MISSING', 'empty-not');
    await writeFile(join(path, 'a.parquet'), CANARY);
    await refused(described({ kind: 'folder', path }), 'PRIVITY_SOURCE_UNREADABLE', 'folder empty');
  });
});

describe('a DuckDB file', () => {
  it('gives its tables, and its views of them; not what else a view would read', async () => {
    const path = join(dir, "it's.duckdb");
    const outside = join(dir, 'outside.csv');
    await writeFile(outside, `a\n${CANARY}\n`);
    await made(
      `ATTACH '${path.replaceAll("'", "''")}' AS "it's"`,
      `USE "it's"`,
      'CREATE TABLE orders AS SELECT i AS id, i * 1.5::DECIMAL(10, 2) AS euros, \'x\' AS "a ""name" FROM range(5) t(i)',
      'CREATE VIEW large AS SELECT id FROM orders WHERE euros > 3',
      // With the name that DuckDB gives to the file by itself.
      `CREATE VIEW larger AS SELECT id FROM "it's".main.orders WHERE euros > 3`,
      `CREATE VIEW escape AS SELECT * FROM read_csv('${outside}')`,
    );
    const source = { kind: 'duckdb', path };
    assert.equal(
      named(await described({ ...source, table: 'orders' })),
      'id BIGINT, euros DOUBLE, a "name VARCHAR',
    );
    for (const table of ['large', 'larger'])
      assert.equal((await described({ ...source, table }, { rows: true })).rows, 2);
    await refused(
      described({ ...source, table: 'escape' }),
      'PRIVITY_SOURCE_UNREADABLE',
      'reads something outside of the database',
    );
    await refused(
      described({ ...source, table: 'nope' }),
      'PRIVITY_SOURCE_MISSING',
      "table nope of it's.duckdb",
    );
    await refused(
      described({ kind: 'duckdb', path: outside, table: 'a' }),
      'PRIVITY_SOURCE_UNREADABLE',
      'not a DuckDB',
    );
    await refused(described({ kind: 'duckdb', path: `${path}x`, table: 'a' }), 'PRIVITY_SOURCE_MISSING');
  });

  it('is not changed', async () => {
    const path = join(dir, 'kept.duckdb');
    await made(`ATTACH '${path}' AS made`, 'CREATE TABLE made.t AS SELECT 1 AS a');
    await used({ kind: 'duckdb', path, table: 't' }, async ({ connection }) => {
      await assert.rejects(connection.run('INSERT INTO kept.t VALUES (2)'), /read-only/);
    });
  });
});

describe('a file', () => {
  it('is read as readTable reads it', async () => {
    const path = join(dir, 'a.csv');
    await writeFile(path, 'id;when\n007;2024-01-31\n');
    assert.equal(named(await described({ kind: 'file', path, delimiter: ';' })), 'id VARCHAR, when DATE');
    await refused(described({ kind: 'file', path, types: { nope: 'DATE' } }), 'PRIVITY_FILE_UNREADABLE');
    await refused(described({ kind: 'file', path: join(dir, 'a.parquet') }), 'PRIVITY_SOURCE_MISSING');
    await refused(described({ kind: 'file', path: join(dir, 'a.xlsx') }), 'PRIVITY_FILE_FORMAT');
    await refused(
      described({ kind: 'file', path: '/a.parquet', delimiter: ';' }),
      'PRIVITY_FILE_FORMAT',
      'is for CSV',
    );
    await writeFile(path, `id,when\n${CANARY},1,2\n`);
    await refused(described({ kind: 'file', path }), 'PRIVITY_FILE_UNREADABLE', 'line 2');
  });
});

describe('publishing', () => {
  const path = () => join(dir, 'people.csv');
  const source = () => ({ kind: 'file', path: path() });

  before(async () => {
    const rows = Array.from(
      { length: 100 },
      (_, i) => `${i},${i < 97 ? 'common' : CANARY},${i},2024-01-0${(i % 9) + 1},`,
    );
    await writeFile(path(), `id,illness,age,seen,note\n${rows.join('\n')}\n`);
  });

  it('tells no value that was not asked for', async () => {
    const schema = await described(source());
    assert.equal(schema.rows, undefined);
    assert.deepEqual(schema.columns, [
      { name: 'id', type: 'BIGINT', gaps: false },
      { name: 'illness', type: 'VARCHAR', gaps: false },
      { name: 'age', type: 'BIGINT', gaps: false },
      { name: 'seen', type: 'DATE', gaps: false },
      { name: 'note', type: 'VARCHAR', gaps: true },
    ]);
  });

  it('tells ranges that were measured, or stated by the owner', async () => {
    const ranges = { age: { min: 0, max: 120 }, seen: 'measured' } as const;
    const schema = await described(source(), { columns: ['age', 'seen'], ranges, rows: true });
    assert.deepEqual(schema, {
      columns: [
        { name: 'age', type: 'BIGINT', min: 0, max: 120, gaps: false },
        { name: 'seen', type: 'DATE', min: '2024-01-01', max: '2024-01-09', gaps: false },
      ],
      rows: 100,
    });
    const asked = (given: PublishOptions['ranges']) => described(source(), { ranges: given ?? {} });
    await refused(
      asked({ age: { min: 18, max: 50 } }),
      'PRIVITY_PUBLISH_REFUSED',
      "'age'",
      '67 values outside',
    );
    await refused(asked({ illness: 'measured' }), 'PRIVITY_PUBLISH_REFUSED', 'it is VARCHAR');
    await refused(asked({ seen: { min: 0, max: 1 } }), 'PRIVITY_PUBLISH_REFUSED', 'not one of that');
    await refused(asked({ ages: 'measured' }), 'PRIVITY_SOURCE_INVALID', 'did you mean "age"');
  });

  it('tells categories in their own order, whatever the column is called', async () => {
    for (const name of ['v', 'n', 'value', 'rowid']) {
      const path = join(dir, `called-${name}.parquet`);
      // The larger one is the rarer one, and the shorter one as a text.
      const rows = `SELECT CASE WHEN i < 10 THEN 10 ELSE 9 END AS "${name}" FROM range(40) t(i)`;
      await made(`COPY (${rows}) TO '${path}' (FORMAT parquet)`);
      const schema = await described({ kind: 'file', path }, { values: [name], categoryRowsMin: 5 });
      assert.deepEqual(schema.columns[0]?.values, [9, 10], name);
    }
  });

  it('tells no category of few rows', async () => {
    await refused(
      described(source(), { values: ['illness'] }),
      'PRIVITY_PUBLISH_REFUSED',
      '1 categories of fewer than 10 rows',
    );
    const schema = await described(source(), {
      columns: ['illness'],
      values: ['illness'],
      categoryRowsMin: 3,
    });
    assert.deepEqual(schema.columns[0]?.values, [CANARY, 'common']);
  });
});

describe('a condition on rows', () => {
  const rowsLeft = (condition: string): Promise<number> =>
    used({ kind: 'file', path: join(dir, 'rows.csv') }, async (dataset) => {
      await takeRows(dataset, {
        names: ['id'],
        condition: await checkedCondition(dataset, condition),
        as: 'table',
      });
      const counted = await dataset.connection.runAndReadAll('SELECT count(*) FROM taken');
      return Number(counted.getRows()[0]?.[0]);
    });

  before(async () => {
    const rows = Array.from(
      { length: 50 },
      (_, i) => `${i},${i % 2 ? 'north' : 'south'},${i % 3 ? 'true' : 'false'},x${i}`,
    );
    await writeFile(join(dir, 'rows.csv'), `id,region,consent,text\n${rows.join('\n')}\n`);
  });

  it('takes the rows of which it is true, by columns that need not be granted', async () => {
    for (const [condition, expected] of [
      ["region = 'north'", 25],
      ['"rows".region = \'north\' AND consent -- and nobody else', 17],
      ['id BETWEEN 10 AND 19', 10],
      ["CASE WHEN region LIKE 'n%' THEN id < 5 ELSE false END", 2],
      ["list_contains(list_transform([id], v -> v + 1), 7) OR region = ')'", 1],
      ["current_date > DATE '2024-01-01'", 50],
      ['NULL::BOOLEAN', 0],
    ] as const)
      assert.equal(await rowsLeft(condition), expected, condition);
  });

  it('is one expression that is true or false of a row', async () => {
    for (const condition of [
      '',
      'id = 1; DELETE FROM rows',
      "region = 'north') OR (true",
      'true GROUP BY region',
      'true LIMIT 1',
      'true ORDER BY id',
      'id',
      'id IN (SELECT 1)',
      `EXISTS (SELECT * FROM read_text('${dir}/rows.csv'))`,
      'count(*) > 1',
      'row_number() OVER () < 5',
      'id = $1',
      'id = ?',
      'random() < 0.5',
      "getvariable('x') IS NULL",
      "error('x')",
      'COLUMNS(*) IS NOT NULL',
      'ids = 1',
      'nofunction(id)',
      'unnest([id]) = 1',
      'x'.repeat(2_001),
    ])
      await refused(rowsLeft(condition), 'PRIVITY_ROW_CONDITION', 'file rows.csv');
    await refused(rowsLeft('ids = 1'), 'PRIVITY_ROW_CONDITION', 'did you mean "id"');
    await refused(rowsLeft('text::INTEGER = 1'), 'PRIVITY_ROW_CONDITION', 'fails on a value');
  });
});

describe('a dataset that is open', () => {
  it('opens nothing else, and cannot be made to', async () => {
    const path = join(dir, 'open.csv');
    await writeFile(path, 'a\n1\n');
    await writeFile(join(dir, 'other.csv'), 'a\n1\n');
    await used({ kind: 'file', path }, async ({ connection }) => {
      for (const sql of [
        `SELECT * FROM read_csv('${dir}/other.csv')`,
        `SELECT * FROM glob('${dir}/*')`,
        `COPY (SELECT 1) TO '${dir}/out.csv'`,
        `ATTACH '${dir}/x.db' AS x`,
        'INSTALL httpfs',
        'LOAD httpfs',
        'SET GLOBAL enable_external_access = true',
        `SET GLOBAL allowed_directories = ['/']`,
      ])
        await assert.rejects(connection.run(sql), /Permission|[Cc]onfiguration|Cannot|aborted/, sql);
    });
  });
});

describe('a description of a source', () => {
  const postgres = { kind: 'postgres', host: 'db', database: 'd', user: 'u', table: 't' };

  it('is refused in words, without a value', async () => {
    for (const [given, ...parts] of [
      [{ kind: 'ftp' }, 'duckdb, file, folder, postgres, s3'],
      [{ kind: 'file', path: 'a.csv' }, 'path: expected an absolute path'],
      [{ ...postgres, pasword: { env: 'X' } }, 'no key \'pasword\'; did you mean "password"?'],
      [{ ...postgres, password: CANARY }, 'password: expected { env: NAME } or { file: PATH }'],
      [
        { ...postgres, password: { env: `${CANARY}\n` } },
        'password.env: expected the name of an environment variable',
      ],
      [{ ...postgres, host: `${CANARY}'` }, 'host: expected a name'],
      [
        { ...postgres, sslMode: 'prefer' },
        'sslMode: expected one of disable, require, verify-ca, verify-full',
      ],
      [{ kind: 's3', bucket: 'b', objects: 'a.xlsx' }, '.parquet, .csv or .tsv'],
      [CANARY, 'expected keys and values'],
    ] as const)
      await refused((async () => readDatasetSource(given))(), 'PRIVITY_SOURCE_INVALID', ...parts);
  });

  it('has defaults that trust nobody', () => {
    const source = datasetSource.parse(postgres);
    assert.deepEqual(source, { ...postgres, port: 5432, schema: 'public', sslMode: 'verify-full' });
    const s3 = datasetSource.parse({ kind: 's3', bucket: 'b', objects: 'a/*.parquet' });
    assert.ok('tls' in s3 && s3.tls);
    assert.deepEqual(
      Object.entries(datasetKinds).map(([name, { schema }]) => [name, schema.shape.kind?.def]),
      Object.keys(datasetKinds).map((name) => [name, { type: 'literal', values: [name] }]),
    );
  });

  it('says where a credential is, and the error of a missing one no more than that', async () => {
    const path = join(dir, 'password');
    await writeFile(path, 'secret with spaces \n');
    assert.equal(await readCredential({ file: path }), 'secret with spaces ');
    await refused(
      readCredential({ env: 'PRIVITY_TEST_NOT_SET' }),
      'PRIVITY_SOURCE_CREDENTIAL',
      'PRIVITY_TEST_NOT_SET',
    );
    await refused(readCredential({ file: `${path}x` }), 'PRIVITY_SOURCE_CREDENTIAL', 'ENOENT');
    await writeFile(path, `${CANARY}\n${CANARY}`);
    await refused(readCredential({ file: path }), 'PRIVITY_SOURCE_CREDENTIAL', 'more than one line');
    await writeFile(path, CANARY.repeat(10_000));
    await refused(readCredential({ file: path }), 'PRIVITY_SOURCE_CREDENTIAL', 'more than 65536 bytes');
  });
});

describe('an extension of DuckDB', () => {
  const source = { kind: 'postgres', host: '127.0.0.1', database: 'd', user: 'u', table: 't' };
  const opened = (folder?: string) => used(source, async () => undefined, folder);

  it('is never fetched: the error says which one is needed, and where it was looked for', async () => {
    await refused(
      opened(),
      'PRIVITY_SOURCE_EXTENSION',
      'postgres_scanner of DuckDB v1.',
      'no extensionsFolder',
    );
    await refused(opened(dir), 'PRIVITY_SOURCE_EXTENSION', join(dir, 'postgres_scanner.duckdb_extension'));
  });

  it('has to be of the same version: the error names both', async () => {
    const file = join(dir, 'postgres_scanner.duckdb_extension');
    const footer = Buffer.alloc(2_000);
    const [version] = await used({ kind: 'file', path: join(dir, 'open.csv') }, async ({ connection }) =>
      (
        (await connection.runAndReadAll('SELECT library_version FROM pragma_version()')).getRows()[0] ?? []
      ).map(String),
    );
    footer.write('v1.1.0', 2_000 - 512 + 160);
    footer.write('linux_amd64', 2_000 - 512 + 192);
    await writeFile(file, footer);
    await refused(
      opened(dir),
      'PRIVITY_SOURCE_EXTENSION',
      'made for DuckDB v1.1.0 on linux_amd64',
      `here is DuckDB ${version}`,
    );
    await writeFile(file, CANARY);
    await refused(opened(dir), 'PRIVITY_SOURCE_EXTENSION', 'made for DuckDB an unknown version');
  });
});

describe('a schema that has changed', () => {
  it('is named column by column', () => {
    const published: PublishedSchema = {
      columns: [
        { name: 'id', type: 'BIGINT', gaps: false },
        { name: 'age', type: 'BIGINT', gaps: false },
        { name: 'gone', type: 'DATE', gaps: true },
        { name: 'full', type: 'DOUBLE', gaps: false },
        { name: 'list', type: 'VARCHAR', gaps: true },
      ],
    };
    const now = {
      columns: [
        { name: 'new', type: 'DATE' },
        { name: 'full', type: 'DOUBLE', gaps: true },
        { name: 'age', type: 'VARCHAR', gaps: false },
        { name: 'id', type: 'BIGINT' },
        { name: 'list', type: undefined },
      ],
    };
    assert.deepEqual(
      schemaDifferences(published, now).map(({ kind, text }) => `${kind}: ${text}`),
      [
        "type: 'age' was published as BIGINT and is VARCHAR",
        "missing: 'gone' is not there any more",
        "gaps: 'full' was published without gaps and has some",
        "type: 'list' was published as VARCHAR and is of a type that tables do not have",
        "added: 'new' was not published",
      ],
    );
    assert.deepEqual(schemaDifferences(published, published), []);
  });
});
