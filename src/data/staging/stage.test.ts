import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { refusedWithout } from '../../../test/parts/refused.ts';
import type { ErrorCode } from '../../base/error-catalogue.ts';
import { closeDatabase } from '../database.ts';
import { readDatasetSource } from '../datasets/source.ts';
import type { PublishedSchema } from '../published-schema.ts';
import { readTable } from '../read-table.ts';
import { changedRows, describeSource, type StageInput, stage, tryRows } from './stage.ts';

/** Between two looks. A folder that is watched from now on has perhaps changed before. */
const LOOK_MS = 20;

const CANARY = 'canary-90aa2';

let dir = '';
let schema: PublishedSchema = { columns: [] };
let runs = 0;

const PEOPLE = Array.from(
  { length: 200 },
  (_, i) => `${i},${i % 80},${i % 2 ? 'north' : 'south'},${CANARY}-${i}`,
);

async function people(rows: readonly string[], header = 'id,age,region,note') {
  const path = join(dir, `people-${++runs}.csv`);
  await writeFile(path, `${header}\n${rows.join('\n')}\n`);
  return readDatasetSource({ kind: 'file', path });
}

/** A folder of a run, and what to stage there. */
async function runOf(input: Partial<StageInput>): Promise<{ folder: string; input: StageInput }> {
  const folder = join(dir, `run-${++runs}`);
  await mkdir(folder);
  return {
    folder,
    input: { schema, columns: ['id', 'age'], target: join(folder, 'people.parquet'), ...input },
  };
}

const refused = refusedWithout(CANARY);

/** A source whose one row takes longer than any test waits. */
async function slow() {
  const path = join(dir, 'slow.duckdb');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`ATTACH IF NOT EXISTS '${path}' AS made`);
  await connection.run(
    'CREATE OR REPLACE VIEW made.slow AS SELECT count(DISTINCT hash(i)) AS id FROM range(100000000000000) t(i) WHERE hash(i) % 1000000 = 1',
  );
  connection.closeSync();
  instance.closeSync();
  return readDatasetSource({ kind: 'duckdb', path, table: 'slow' });
}
const slowSchema: PublishedSchema = { columns: [{ name: 'id', type: 'BIGINT', gaps: false }] };

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-stage-test-'));
  schema = await describeSource(await people(PEOPLE));
});

after(async () => {
  await closeDatabase();
  await rm(dir, { recursive: true, force: true });
});

describe('stage', () => {
  it('writes granted columns and rows, and nothing else, for its owner alone', async () => {
    const { folder, input } = await runOf({
      columns: ['age', 'id'],
      rows: "region = 'north'",
      minimumRows: 100,
    });
    const phases: string[] = [];
    const staged = await stage(await people(PEOPLE), input, {
      onProgress: ({ phase }) => phases.push(phase),
    });
    const bytes = await readFile(input.target);
    assert.deepEqual(staged, {
      rows: 100,
      bytes: bytes.byteLength,
      digest: createHash('sha256').update(bytes).digest('hex'),
      columns: [
        { name: 'age', type: 'BIGINT', gaps: 0 },
        { name: 'id', type: 'BIGINT', gaps: 0 },
      ],
      changed: [],
    });
    assert.ok(!bytes.includes(CANARY) && !bytes.includes('north'));
    assert.equal((await stat(input.target)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ['people.parquet']);
    const table = await readTable(input.target);
    assert.deepEqual((await table.column('id')).slice(0, 3), BigInt64Array.of(1n, 3n, 5n));
    assert.deepEqual([...new Set(phases)], ['opening', 'reading']);
  });

  it('refuses, and leaves nothing', async () => {
    const cases: readonly (readonly [readonly string[], string, Partial<StageInput>, ErrorCode, string])[] = [
      [PEOPLE.slice(0, 9), '', { minimumRows: 10 }, 'PRIVITY_ROWS_TOO_FEW', 'fewer than 10 rows'],
      [PEOPLE, 'id,years,region,note', {}, 'PRIVITY_SCHEMA_CHANGED', "'age' is not there any more"],
      [
        [...PEOPLE, `x,1,north,${CANARY}`],
        '',
        {},
        'PRIVITY_SCHEMA_CHANGED',
        "'id' was published as BIGINT and is VARCHAR",
      ],
      [
        [...PEOPLE, `500,,north,${CANARY}`],
        '',
        {},
        'PRIVITY_SCHEMA_CHANGED',
        "'age' was published without gaps",
      ],
      [PEOPLE, '', { columns: ['id', 'income'] }, 'PRIVITY_COLUMN_MISSING', "no column 'income'"],
      [PEOPLE, '', { rows: 'note::INTEGER > 0' }, 'PRIVITY_ROW_CONDITION', 'fails on a value'],
      [PEOPLE, '', { rows: 'id IN (SELECT 1)' }, 'PRIVITY_ROW_CONDITION', 'has a subquery'],
      [PEOPLE, '', { target: join(dir, 'nowhere', 'a.parquet') }, 'PRIVITY_TEMPORARY_FOLDER', 'ENOENT'],
    ];
    for (const [rows, header, given, code, words] of cases) {
      const { folder, input } = await runOf(given);
      const source = await people(rows, header === '' ? undefined : header);
      await refused(stage(source, input), code, words);
      assert.deepEqual(await readdir(folder), [], code);
    }
  });

  it('tries a condition on rows without staging any', async () => {
    const source = await people(PEOPLE);
    await tryRows(source, "age > 3 AND region = 'north'");
    await refused(tryRows(source, 'note::INTEGER > 0'), 'PRIVITY_ROW_CONDITION', 'fails on a value');
    await refused(tryRows(source, 'age >'), 'PRIVITY_ROW_CONDITION', 'is not one SQL expression');
    await refused(tryRows(source, 'income > 0'), 'PRIVITY_ROW_CONDITION', "names a column 'income'");
  });

  it('refuses words that it does not know, before anything is read', async () => {
    const source = await people([]);
    const published: object = { rangs: { age: 'measured' } };
    await refused(describeSource(source, published), 'PRIVITY_SOURCE_INVALID', 'did you mean "ranges"');
    const { input } = await runOf({ target: 'relative.parquet' });
    await refused(stage(source, input), 'PRIVITY_SOURCE_INVALID', 'target: expected an absolute path');
  });

  it('stages a column without gaps where the one with gaps is not granted', async () => {
    const { input } = await runOf({ columns: ['id'] });
    assert.equal((await stage(await people([...PEOPLE, `500,,north,${CANARY}`]), input)).rows, 201);
  });

  it('ends its process when it is told to, and when it is late', async () => {
    const { folder, input } = await runOf({ schema: slowSchema, columns: ['id'] });
    const source = await slow();
    const abort = new AbortController();
    const reason = new Error('no longer wanted');
    const onProgress = ({ phase }: { phase: string }) => phase === 'reading' && abort.abort(reason);
    await assert.rejects(stage(source, input, { signal: abort.signal, onProgress }), reason);
    assert.deepEqual(await readdir(folder), []);
    await refused(stage(source, input, { deadlineMs: 1 }), 'PRIVITY_STAGING_FAILED', 'deadlineMs');
    assert.deepEqual(await readdir(folder), []);
  });

  it('ends its process when the one that asked is killed', async () => {
    const { folder, input } = await runOf({ schema: slowSchema, columns: ['id'] });
    const script = `
      import { stage } from ${JSON.stringify(new URL('./stage.js', import.meta.url).href)};
      const [source, input] = JSON.parse(process.argv[1]);
      await stage(source, input, { onProgress: ({ phase }) => console.log(phase) });
    `;
    const given = JSON.stringify([await slow(), input]);
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, given], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const part of parent.stdout) if (String(part).includes('reading')) break;
    assert.equal((await readdir(folder)).length, 1);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    while ((await readdir(folder)).length > 0) await delay(LOOK_MS);
    assert.deepEqual(await readdir(folder), []);
  });
});

describe('rows that have changed since a use', () => {
  const memoryOf = (name: string, ...previous: readonly string[]) => ({
    keyFile: join(dir, 'memory.key'),
    file: join(dir, name),
    previous: previous.map((other) => join(dir, other)),
  });
  const use = async (
    rows: readonly string[],
    name: string,
    previous: readonly string[],
    given: Partial<StageInput> = {},
  ) => {
    const { input } = await runOf({ ...given, memory: memoryOf(name, ...previous) });
    return await stage(await people(rows), input);
  };

  it('are counted, by the columns of that use, in whatever order the rows are', async () => {
    await use(PEOPLE, 'first', []);
    const fewer = await use(PEOPLE.slice(1).reverse(), 'second', ['first']);
    assert.deepEqual(fewer.changed, [{ added: 0, removed: 1, changed: 1, before: 200, now: 199 }]);
    const edited = PEOPLE.map((row, i) => (i < 3 ? row.replace(/^(\d+),\d+/, '$1,79') : row));
    const third = await use([...edited, PEOPLE[9] ?? ''], 'third', ['first', 'second']);
    assert.deepEqual(third.changed, [
      { added: 4, removed: 3, changed: 4, before: 200, now: 201 },
      { added: 4, removed: 2, changed: 4, before: 199, now: 201 },
    ]);
    // What was not used then does not count, and what is no longer granted does.
    const other = await use(
      edited.map((row) => `${row}!`),
      'other',
      ['first'],
      { columns: ['region'] },
    );
    assert.deepEqual(other.changed, [{ added: 3, removed: 3, changed: 3, before: 200, now: 200 }]);
    assert.deepEqual(await changedRows(join(dir, 'first'), join(dir, 'third')), third.changed[0]);
    assert.equal(await changedRows(join(dir, 'first'), join(dir, 'other')), undefined);
  });

  it('are told apart where their values make one text', async () => {
    await use([`1,23,north,${CANARY}`], 'one', []);
    const other = await use([`12,3,north,${CANARY}`], 'two', ['one']);
    assert.equal(other.changed[0]?.changed, 1);
  });

  it('are remembered without a row, and only with their key', async () => {
    await use(PEOPLE, 'kept', [], { columns: ['note'] });
    const kept = await readFile(join(dir, 'kept'));
    assert.ok(!kept.includes(CANARY));
    assert.equal((await stat(join(dir, 'kept'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(dir, 'memory.key'))).mode & 0o777, 0o600);
    const { input } = await runOf({
      memory: { ...memoryOf('x', 'kept'), keyFile: join(dir, 'another.key') },
    });
    await refused(stage(await people(PEOPLE), input), 'PRIVITY_MEMORY_FILE', 'another key');
    await writeFile(join(dir, 'kept'), CANARY);
    await refused(use(PEOPLE, 'y', ['kept']), 'PRIVITY_MEMORY_FILE', 'damaged');
    await refused(use(PEOPLE, 'y', ['none']), 'PRIVITY_MEMORY_FILE', 'missing');
  });
});
