/**
 * What stands around a private set intersection at one party, file to file, for each row: reading, ids, repeated ids,
 * rows of the result, writing. The protocol is left out; half of the rows match, in an order of their own. Processor
 * time counts, so that other work on the machine does not; and the largest memory of the process.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandom } from '../src/base/system.ts';
import { closeDatabase, openDatabase } from '../src/data/database.ts';
import { pickRows } from '../src/data/pick-rows.ts';
import { readTable } from '../src/data/read-table.ts';
import { relationOf, tableFrom } from '../src/data/table.ts';
import { tableOf } from '../src/data/table-of.ts';
import { writeTable } from '../src/data/write-table.ts';
import { checkKey, keyDigests, refuseDuplicates } from '../src/psi/keys.ts';
import { psiProtocols } from '../src/psi/protocols/index.ts';
import { randomPermutation } from '../src/psi/shuffle.ts';
import { plain, setting } from './parts/figure.ts';

const ROWS = setting('PRIVITY_BENCH_PSI_FILE_ROWS', 1_000_000);

/** A party's share of a machine of two cores. */
const DATABASE_THREADS = 1;

const never = new AbortController().signal;
const on = ['id'];

async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(started);
  plain(`${name}, processor time a row`, (1000 * (user + system)) / ROWS, 'ns');
  return result;
}

/** A file of keys of 36 characters and an amount. */
async function makeFile(dir: string): Promise<string> {
  const file = join(dir, 'rows.csv');
  const numbers = await tableOf({ i: Uint32Array.from({ length: ROWS }, (_, i) => i) });
  const key = "regexp_replace(md5('k' || i), '^(.{8})(.{4})(.{4})(.{4})', '\\1-\\2-\\3-\\4-')";
  const table = await numbers.query(`SELECT ${key} AS id, (hash(i) % 100000) / 100.0 AS amount FROM rows`);
  await writeTable(table, file);
  await table.drop();
  await numbers.drop();
  return file;
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'privity-bench-'));
  try {
    await openDatabase({ tempDir: dir, threads: DATABASE_THREADS });
    const file = await makeFile(dir);
    console.log(`Around an intersection, ${ROWS.toLocaleString('en')} rows, half of them match, one process`);
    const table = await stage('reading CSV', () => readTable(file));
    const relation = relationOf(table);
    await checkKey(relation, on, [{ ...psiProtocols.dh, rowsMax: ROWS }], never);
    const ids = await stage('ids', () => keyDigests(relation, on, never));
    await stage('repeated ids', () => refuseDuplicates(ids, on, never));
    const rows = randomPermutation(ROWS, systemRandom).subarray(0, Math.ceil(ROWS / 2));
    const found = await stage('rows of the result', () =>
      pickRows(relation, { rows, origin: 'the intersection', signal: never }),
    );
    await stage('writing CSV', () => writeTable(tableFrom(found), join(dir, 'result.csv')));
    await table.drop();
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    plain('largest memory of the process', Number(peak ?? 0) / 1024, 'MiB');
  } finally {
    await closeDatabase();
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
