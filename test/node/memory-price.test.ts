/** What a run is told to need of memory, beside what a real one holds. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { ROWS_ASSUMED } from '../../src/node/core/expected-sizes.ts';
import { memoryNeeds } from '../../src/node/core/memory-estimate.ts';
import { readContract } from '../../src/observe/contract/contract.ts';
import { start } from '../cli/processes.ts';

const entry = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const ROWS = 1_000_000;
const NUMBERS = 12;
/** docs/contracts.md: a run that only reads its tables takes so many times the bound at most. */
const FACTOR_MAX = 4;

/** Memory that no file backs, in bytes, while the table is held. */
const job = `
import { readFileSync } from 'node:fs';
import { job, readTable, z } from 'privity';
const held = () => 1024 * Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
const file = z.object({ table: z.string() });
export default job({ parties: ['alice', 'bob'], settings: { alice: file } }, async ({ alice, bob, reveal }) => {
  const rows = alice.run('load', ({ settings }) => readTable(settings.table));
  const large = await reveal(alice.run('held', { rows }, ({ rows }) => [rows.rowCount, held()]));
  const small = await reveal(bob.run('held without', () => held()));
  return { rows: large[0], alice: large[1], bob: small };
});
`;

it('is not more than a real run takes, and not less than a quarter of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'privity-memory-'));
  try {
    const table = join(folder, 'table.parquet');
    const numbers = Array.from({ length: NUMBERS }, (_, nth) => `random() AS n${nth}`).join(', ');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(
      `COPY (SELECT range AS id, ${numbers}, 'c' || range % 100 AS city FROM range(${ROWS})) TO '${table}'`,
    );
    connection.closeSync();
    await writeFile(join(folder, 'job.ts'), job);
    const words = ['local', 'job.ts', '--inputs', `alice.table=${table}`, '--json', '--no-record'];
    const { code, stdout, stderr } = await start(words, {
      ...{ cwd: folder, tmp: folder, main: entry, timeoutMs: 240_000 },
    }).ended;
    assert.equal(code, 0, stderr);
    const result = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(
        (line) => JSON.parse(line) as { event: string; value: { alice: number; bob: number; rows: number } },
      )
      .find(({ event }) => event === 'result');
    const real = result?.value ?? { alice: 0, bob: 0, rows: 0 };
    assert.equal(real.rows, ROWS);
    const gaps = false;
    const columns = [
      { name: 'id', type: 'BIGINT' as const, gaps },
      ...Array.from({ length: NUMBERS }, (_, nth) => ({ name: `n${nth}`, type: 'DOUBLE' as const, gaps })),
      { name: 'city', type: 'VARCHAR' as const, gaps },
    ];
    const contract = readContract({ version: 1, parties: ['alice', 'bob'], steps: [], discloses: [] });
    const tables = [{ party: 'alice', setting: 'table', columns, rows: ROWS }];
    for (const { party, bytesMin } of memoryNeeds(contract, {
      ...{ rows: ROWS_ASSUMED, rowsFrom: 'published', tables },
    })) {
      const taken = real[party as 'alice' | 'bob'];
      const factor = taken / bytesMin;
      assert.ok(factor >= 1 && factor <= FACTOR_MAX, `${party}: ${taken} of ${bytesMin} bytes, ${factor}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
