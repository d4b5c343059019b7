import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PrivityError } from '../../src/base/errors.ts';
import { closeDatabase } from '../../src/data/database.ts';
import { datasetKinds } from '../../src/data/datasets/source.ts';
import { readTableFrom } from '../../src/data/read-table.ts';
import { tableSources } from '../../src/data/sources/index.ts';
import {
  checkAsked,
  type ReadTableOptions,
  type TableSource,
  unreadable,
} from '../../src/data/sources/source.ts';
import { identifier, pathLiteral } from '../../src/data/sql.ts';
import { tableOf } from '../../src/data/table-of.ts';
import { writeTable } from '../../src/data/write-table.ts';
import { projectRoot } from './project-files.ts';

const script = pathToFileURL(join(projectRoot, 'scripts/gen-sources.mjs')).href;
const { withSources, withKinds } = (await import(script)) as {
  withSources: (page: string, sources: readonly TableSource[]) => string;
  withKinds: (page: string, kinds: typeof datasetKinds) => string;
};

/** All that a new source is: records of JSON, a line each, whose fields are text. */
const lines: TableSource = {
  name: 'JSON lines',
  extensions: ['.ndjson'],
  types: 'text',
  options: [],
  open: async (connection, { path, origin }, options) => {
    const from = `read_ndjson_objects(${pathLiteral(path)})`;
    const records = `SELECT unnest(json_keys(json)) AS name FROM ${from}`;
    const found = await connection.runAndReadAll(`SELECT DISTINCT name FROM (${records}) ORDER BY name`);
    const names = found.getRows().map(([name]) => String(name));
    checkAsked(origin, options, names);
    const list = names.map((name) => `json->>'$.${identifier(name)}' AS ${identifier(name)}`);
    const count = async () =>
      Number((await connection.runAndReadAll(`SELECT count(*) FROM ${from}`)).getRows()[0]?.[0]);
    return { select: `SELECT ${list.join(', ')} FROM ${from}`, count };
  },
  failed: async (_error, { origin }) => unreadable(origin, 'it has no records'),
};
const sources = [...tableSources, lines];

let dir = '';

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail('nothing was refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PrivityError, String(error));
  return `${error.code} ${error.message}`;
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-sources-test-'));
});

after(async () => {
  await closeDatabase();
  await rm(dir, { recursive: true, force: true });
});

describe('sources of tables', () => {
  it('are read through readTable, a new one like those that are there', async () => {
    const path = join(dir, 'a.NDJSON');
    await writeFile(path, '{"id":"P1","age":"40"}\n{"id":"P2","age":"17"}\n');
    const table = await readTableFrom(sources, path, {});
    assert.deepEqual(await table.strings('id'), ['P1', 'P2']);
    assert.match(
      await refusal(readTableFrom(sources, path, { columns: ['ID'] })),
      /^PRIVITY_COLUMN_MISSING file a\.NDJSON has no column 'ID'; it has 'age', 'id'/,
    );
  });

  it('are listed by what is wrong with a name or an option', async () => {
    const known = 'CSV (.csv, .tsv, .csv.gz, .tsv.gz), Parquet (.parquet), JSON lines (.ndjson)'.replaceAll(
      /[.()]/g,
      '\\$&',
    );
    const read = (name: string, options: ReadTableOptions = {}) =>
      refusal(readTableFrom(sources, join(dir, name), options));
    assert.match(await read('a.xlsx'), new RegExp(`^PRIVITY_FILE_FORMAT file a\\.xlsx: .*${known}$`));
    assert.match(
      await read('a.ndjson', { delimiter: ';' }),
      /^PRIVITY_FILE_FORMAT file a\.ndjson: the option delimiter of readTable is for CSV, and this is JSON lines$/,
    );
    const misspelt: object = { delimeter: ';' };
    assert.match(
      await read('a.csv', misspelt),
      /^PRIVITY_FILE_FORMAT file a\.csv: readTable has no option 'delimeter' for CSV; did you mean "delimiter"\?$/,
    );
    assert.match(await read('a.ndjson', misspelt), /for JSON lines; known: columns, types, signal$/);
    assert.match(await read('a.ndjson'), /^PRIVITY_FILE_MISSING/);
  });

  it('are listed by writeTable, if they can be written', async () => {
    const table = await tableOf({ id: ['P1'] });
    assert.match(
      await refusal(writeTable(table, join(dir, 'a.ndjson'))),
      /^PRIVITY_FILE_FORMAT file a\.ndjson: .*CSV \(.*\), Parquet \(\.parquet\)$/,
    );
    assert.match(
      await refusal(writeTable(table, join(dir, 'a.parquet'), { escapeFormulas: true })),
      /the option escapeFormulas of writeTable is for CSV, and this is Parquet$/,
    );
  });

  it('stand in the page as they are (npm run gen)', async () => {
    const page = await readFile(join(projectRoot, 'docs/writing-a-job.md'), 'utf8');
    assert.equal(page, withSources(page, tableSources));
    const added = withSources(page, sources);
    assert.notEqual(added, page);
    assert.match(added, /\n\| JSON lines \| `\.ndjson` \| text \| – \| not written \|\n/);
  });

  it('of datasets stand in theirs', async () => {
    const page = await readFile(join(projectRoot, 'docs/sources.md'), 'utf8');
    assert.equal(page, withKinds(page, datasetKinds));
    const { postgres, ...others } = datasetKinds;
    assert.notEqual(postgres, undefined);
    assert.notEqual(page, withKinds(page, others));
  });
});
