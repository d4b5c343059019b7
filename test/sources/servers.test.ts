/** Sources of datasets against the servers of `npm run test:sources`; without them, a word says what is left out. */
import assert from 'node:assert/strict';
import { chown, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { z } from 'zod';
import {
  describeSource,
  type PublishOptions,
  readDatasetSource,
  type StagingOptions,
  stage,
} from '../../src/data/index.ts';
import { refusedWithout } from '../parts/refused.ts';

const given = process.env.PRIVITY_TEST_SOURCES;
const servers = z.object({
  extensions: z.string(),
  postgres: z.string(),
  storage: z.number(),
  secureStorage: z.number(),
  certificate: z.string(),
  key: z.string(),
});
type Servers = z.output<typeof servers>;

/** In the password, in rows and in objects: no error may have it. */
const CANARY = 'canary-c0ffee';

/** The shortest that libpq knows. */
const IMPATIENT = { connectTimeoutMs: 2_000, requestTimeoutMs: 1_000, statementTimeoutMs: 1_000 };

let dir = '';
let options: StagingOptions = {};

const described = (source: object, publish: PublishOptions = {}, more: StagingOptions = {}) =>
  describeSource(readDatasetSource(source), publish, { ...options, ...more });

const refused = refusedWithout(CANARY);

/** A server that takes connections and says nothing. */
async function silent(): Promise<{ port: number; close: () => void }> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

if (given === undefined) {
  it('cannot be tried here', (t) =>
    t.diagnostic('left out: PostgreSQL and S3 as sources (npm run test:sources)'));
} else {
  const at = servers.parse(JSON.parse(given));
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'privity-servers-test-'));
    options = { extensionsFolder: at.extensions };
  });
  after(() => rm(dir, { recursive: true, force: true }));
  describe('PostgreSQL', () => postgres(at));
  describe('S3-compatible storage', () => storage(at));
}

function postgres(at: Servers): void {
  const url = new URL(at.postgres);
  const admin = new pg.Client({ connectionString: at.postgres });
  const source = {
    kind: 'postgres',
    host: '127.0.0.1',
    port: Number(url.port),
    database: 'postgres',
    user: 'reader',
    password: { env: 'PRIVITY_TEST_READER' },
    sslMode: 'disable',
    table: 'people',
  };

  before(async () => {
    await admin.connect();
    process.env.PRIVITY_TEST_READER = `pass'word\\ ${CANARY}`;
    await admin.query(`
      CREATE ROLE reader LOGIN PASSWORD 'pass''word\\ ${CANARY}';
      CREATE TYPE mood AS ENUM ('good', 'bad');
      CREATE TABLE people (id int, age smallint, weight numeric(6, 2), income numeric, seen date, at timestamptz,
        uid uuid, doc jsonb, mood mood, raw bytea, name varchar(80), sleeps time, tags text[]);
      INSERT INTO people SELECT i, i % 90, i / 4.0, i * 1.25, date '2024-01-01' + i % 300, '2024-01-01T00:00:00Z',
        gen_random_uuid(), '{"a": 1}', 'good', 'x', '${CANARY}-' || i, '10:00', '{a}' FROM generate_series(1, 5000) i;
      CREATE VIEW adults AS SELECT id, age, name FROM people WHERE age >= 18;
      CREATE SCHEMA "Odd ""schema"; CREATE TABLE "Odd ""schema"."Odd table" ("Odd column" int);
      CREATE TABLE hidden (a int);
      CREATE TABLE wrong (plain int, nan numeric, small numeric(8, 2), long numeric, large numeric, far date, late timestamp);
      INSERT INTO wrong VALUES (1, 'NaN', 'NaN', 12345678901234567.891, '1e400', 'infinity', '-infinity'), (2, 1.5, 1.5, 0.1, 7, '2024-01-01', '2024-01-01');
      CREATE VIEW slow AS SELECT 1 AS a FROM pg_sleep(60);
      GRANT USAGE ON SCHEMA "Odd ""schema" TO reader;
      GRANT SELECT ON people, adults, wrong, slow, "Odd ""schema"."Odd table" TO reader;
    `);
  });
  after(() => admin.end());

  it('gives tables and views, in types that lose nothing', async () => {
    const columns = ['id', 'age', 'weight', 'income', 'seen', 'at', 'uid', 'doc', 'mood', 'raw', 'name'];
    const schema = await described(source, { columns, rows: true, ranges: { age: { min: 0, max: 130 } } });
    assert.equal(
      schema.columns.map(({ type }) => type).join(' '),
      'INTEGER SMALLINT DOUBLE DOUBLE DATE TIMESTAMPTZ VARCHAR VARCHAR VARCHAR BLOB VARCHAR',
    );
    assert.equal(schema.rows, 5000);
    assert.equal((await described({ ...source, table: 'adults' })).columns.length, 3);
    const odd = await described({ ...source, schema: 'Odd "schema', table: 'Odd table' });
    assert.equal(odd.columns[0]?.name, 'Odd column');
    await refused(described(source, { columns: ['tags'] }), 'PRIVITY_COLUMN_TYPE', "'tags'", 'a list');
  });

  it('is staged: granted columns and rows, and no word of the rest', async () => {
    const schema = await described(source, { columns: ['id', 'age', 'weight', 'income'] });
    const target = join(dir, 'people.parquet');
    const input = {
      schema,
      columns: ['id', 'income'],
      rows: "seen < DATE '2024-02-01' AND mood = 'good'",
      target,
    };
    const staged = await stage(readDatasetSource(source), input, options);
    assert.ok(staged.rows > 300 && staged.rows < 600, String(staged.rows));
    assert.ok(!(await readFile(target)).includes(CANARY));
    await admin.query('ALTER TABLE people ALTER weight TYPE real');
    await refused(
      stage(readDatasetSource(source), input, options),
      'PRIVITY_SCHEMA_CHANGED',
      "'weight' was published as DOUBLE and is FLOAT",
    );
  });

  it('is refused where reading would change a value', async () => {
    const asked = (name: string) => described({ ...source, table: 'wrong' }, { columns: ['plain', name] });
    for (const name of ['nan', 'small', 'long', 'large', 'far', 'late'])
      await refused(asked(name), 'PRIVITY_SOURCE_UNREADABLE', `'${name}'`, '1 values');
    assert.equal((await described({ ...source, table: 'wrong' }, { columns: ['plain'] })).columns.length, 1);
  });

  it('says what is wrong, without a word of the server or of the connection', async () => {
    process.env.PRIVITY_TEST_WRONG = `${CANARY}-wrong`;
    const asked = (changes: object, more: StagingOptions = {}) =>
      described({ ...source, ...changes }, {}, more);
    await refused(
      asked({ password: { env: 'PRIVITY_TEST_WRONG' } }),
      'PRIVITY_SOURCE_DENIED',
      'does not accept the user',
    );
    await refused(asked({ password: undefined }), 'PRIVITY_SOURCE_DENIED');
    await refused(asked({ table: 'hidden' }), 'PRIVITY_SOURCE_DENIED', 'may not read the table');
    await refused(asked({ table: 'nope' }), 'PRIVITY_SOURCE_MISSING', 'table public.nope');
    await refused(asked({ database: 'nope' }), 'PRIVITY_SOURCE_MISSING', 'no database nope');
    await refused(asked({ port: 1 }), 'PRIVITY_SOURCE_UNREACHABLE', 'nothing listens there');
    await refused(
      asked({ host: 'no-such-host.invalid' }),
      'PRIVITY_SOURCE_UNREACHABLE',
      'its name is not known',
    );
    await refused(
      asked({ table: 'slow' }, { limits: IMPATIENT }),
      'PRIVITY_SOURCE_UNREACHABLE',
      'statementTimeoutMs',
    );
    const quiet = await silent();
    await refused(
      asked({ port: quiet.port }, { limits: IMPATIENT }),
      'PRIVITY_SOURCE_UNREACHABLE',
      'connectTimeoutMs',
    );
    quiet.close();
  });

  it('has to prove who it is, unless its owner says otherwise', async () => {
    const { sslMode: _, ...strict } = source;
    await refused(described(strict), 'PRIVITY_SOURCE_DENIED', 'it has no TLS');
    const { rows } = await admin.query('SHOW data_directory');
    const [{ data_directory: data } = { data_directory: '' }] = rows as { data_directory: string }[];
    const { uid, gid } = await stat(data);
    for (const [from, name] of [
      [at.certificate, 'server.crt'],
      [at.key, 'server.key'],
    ] as const) {
      await copyFile(from, join(data, name));
      if (process.getuid?.() === 0) await chown(join(data, name), uid, gid);
    }
    await admin.query('ALTER SYSTEM SET ssl = on');
    await admin.query('SELECT pg_reload_conf()');
    const columns = ['id'];
    await refused(described(strict), 'PRIVITY_SOURCE_DENIED', 'its certificate is not trusted');
    const known = { ...strict, host: 'localhost', rootCertificate: at.certificate };
    assert.equal((await described(known, { columns, rows: true })).rows, 5000);
    assert.equal((await described({ ...source, sslMode: 'require' }, { columns, rows: true })).rows, 5000);
  });
}

function storage(at: Servers): void {
  const source = {
    kind: 's3',
    endpoint: `127.0.0.1:${at.storage}`,
    bucket: 'clinic',
    objects: 'people/*.parquet',
    pathStyle: true,
    tls: false,
    accessKeyId: { env: 'PRIVITY_TEST_KEY_ID' },
    secretAccessKey: { env: 'PRIVITY_TEST_SECRET' },
  };
  const put = (path: string, body: string | Uint8Array<ArrayBuffer>, port = at.storage) =>
    fetch(`http://127.0.0.1:${port}/${path}`, { method: 'PUT', body });

  /** In the forms of Amazon's own interface; the server looks at no signature yet. */
  async function iam(fields: Readonly<Record<string, string>>): Promise<string> {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=x/20240101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x';
    const body = new URLSearchParams({ Version: '2010-05-08', UserName: 'reader', ...fields });
    const answered = await fetch(`http://127.0.0.1:${at.storage}/`, {
      method: 'POST',
      headers: { authorization },
      body,
    });
    return await answered.text();
  }

  before(async () => {
    const [one, other] = [join(dir, 'one.parquet'), join(dir, 'other.parquet')];
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const people = `SELECT i AS id, i % 2 = 0 AS even, '${CANARY}' AS name FROM range(1000) t(i)`;
    await connection.run(`COPY (${people}) TO '${one}' (FORMAT parquet)`);
    await connection.run(`COPY (SELECT 1 AS id) TO '${other}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    const bytes = new Uint8Array(await readFile(one));
    for (const bucket of ['clinic', 'other']) await put(bucket, '');
    for (const name of ['a', 'b']) await put(`clinic/people/${name}.parquet`, bytes);
    await put('clinic/mixed/a.parquet', bytes);
    await put('clinic/mixed/b.parquet', new Uint8Array(await readFile(other)));
    await put('clinic/year=2023/a.parquet', bytes);
    await put('clinic/year=2024/a.parquet', bytes);
    await put('clinic/broken.parquet', CANARY);
    await put('clinic/text/a.csv', '\ufeffid,when\n1,2024-01-31\n2,2024-02-01\n');
    await put('clinic/text/b.csv', 'id,when\n007,2024-01-31\n');
    await put('clinic/uneven/a.csv', 'id,when\n1,2\n');
    await put('clinic/uneven/b.csv', 'when,id\n1,2\n');
    await iam({ Action: 'CreateUser' });
    const all = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: ['arn:aws:s3:::clinic', 'arn:aws:s3:::clinic/*'] },
      ],
    };
    await iam({ Action: 'PutUserPolicy', PolicyName: 'all', PolicyDocument: JSON.stringify(all) });
    const keys = await iam({ Action: 'CreateAccessKey' });
    const part = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(keys)?.[1] ?? '';
    process.env.PRIVITY_TEST_KEY_ID = part('AccessKeyId');
    await writeFile(join(dir, 'secret'), `${part('SecretAccessKey')}\n`);
    process.env.PRIVITY_TEST_SECRET = part('SecretAccessKey');
    await fetch(`http://127.0.0.1:${at.storage}/moto-api/reset-auth`, { method: 'POST', body: '0' });
  });

  it('gives Parquet and CSV, one object or several', async () => {
    const schema = await described(
      { ...source, secretAccessKey: { file: join(dir, 'secret') } },
      { rows: true },
    );
    assert.deepEqual([schema.rows, schema.columns.map(({ name }) => name).join()], [2000, 'id,even,name']);
    assert.equal((await described({ ...source, objects: 'people/a.parquet' }, { rows: true })).rows, 1000);
    const years = await described({ ...source, objects: 'year=*/*.parquet' }, { values: ['year'] });
    assert.deepEqual(years.columns.at(-1)?.values, ['2023', '2024']);
    const text = await described({ ...source, objects: 'text/*.csv' }, { rows: true });
    assert.deepEqual([text.rows, text.columns.map(({ type }) => type).join()], [3, 'VARCHAR,DATE']);
  });

  it('is staged', async () => {
    const schema = await described(source);
    const target = join(dir, 'objects.parquet');
    const staged = await stage(
      readDatasetSource(source),
      { schema, columns: ['id'], rows: 'even', target },
      options,
    );
    assert.equal(staged.rows, 1000);
    assert.ok(!(await readFile(target)).includes(CANARY));
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('says what is wrong, without a word of the server or of the keys', async () => {
    process.env.PRIVITY_TEST_WRONG = `${CANARY}-wrong`;
    const asked = (changes: object, more: StagingOptions = {}) =>
      described({ ...source, ...changes }, {}, more);
    const wrong = { env: 'PRIVITY_TEST_WRONG' };
    await refused(asked({ accessKeyId: wrong }), 'PRIVITY_SOURCE_DENIED', 'does not accept these keys');
    await refused(asked({ secretAccessKey: wrong }), 'PRIVITY_SOURCE_DENIED', 'does not accept these keys');
    await refused(asked({ bucket: 'other' }), 'PRIVITY_SOURCE_DENIED');
    await refused(asked({ objects: 'none/*.parquet' }), 'PRIVITY_SOURCE_MISSING');
    await refused(asked({ objects: 'none.parquet' }), 'PRIVITY_SOURCE_MISSING');
    await refused(asked({ objects: 'broken.parquet' }), 'PRIVITY_SOURCE_UNREADABLE');
    await refused(asked({ objects: 'mixed/*.parquet' }), 'PRIVITY_SOURCE_UNREADABLE', 'the same columns');
    await refused(asked({ objects: 'uneven/*.csv' }), 'PRIVITY_FILE_UNREADABLE', 'the same header line');
    await refused(asked({ objects: 'text/*.csv', types: { id: 'DATE' } }), 'PRIVITY_COLUMN_TYPE', "'id'");
    await refused(asked({ endpoint: '127.0.0.1:1' }), 'PRIVITY_SOURCE_UNREACHABLE');
    await refused(asked({ endpoint: 'no-such-host.invalid' }), 'PRIVITY_SOURCE_UNREACHABLE');
    const quiet = await silent();
    await refused(
      asked({ endpoint: `127.0.0.1:${quiet.port}` }, { limits: IMPATIENT }),
      'PRIVITY_SOURCE_UNREACHABLE',
      'requestTimeoutMs',
    );
    quiet.close();
  });

  it('has to prove who it is', async () => {
    const secure = { ...source, endpoint: `127.0.0.1:${at.secureStorage}`, tls: true, objects: 'a.csv' };
    await refused(described(secure), 'PRIVITY_SOURCE_DENIED', 'its certificate is not trusted');
    // No bucket is there; what matters is that it was asked.
    await refused(described({ ...secure, rootCertificate: at.certificate }), 'PRIVITY_SOURCE_MISSING');
  });
}
