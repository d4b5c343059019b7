/** Comparisons of keys as steps of a job: rehearsed, read, run under contracts, and stopped where they tell more. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Contract } from '../../src/observe/contract/contract.ts';
import { contractSentences } from '../../src/observe/contract/sentences.ts';
import type { SimulatedRun } from '../../src/simulation/index.ts';
import { ledgerProblems } from '../../src/simulation/ledger-check.ts';
import { rehearse } from '../../src/simulation/rehearse/rehearse.ts';
import { runUnder } from '../parts/contract-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'privity-profile-contracts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let jobs = 0;

/** `tells`: what bob makes of his comparison, and everybody gets. */
function jobOf(options: string, tells = 'keys.suggestions.map(({ rule }) => rule)'): string {
  const path = join(folder, `job-${++jobs}.ts`);
  writeFileSync(
    path,
    `
import { job, profileKeys, readTable, z } from 'privity';
const file = z.object({ table: z.string() });
export default job({ parties: ['alice', 'bob'], settings: { alice: file, bob: file } }, async ({ alice, bob, reveal }) => {
  const a = alice.run('load', ({ settings }) => readTable(settings.table, { types: { id: 'VARCHAR' } }));
  const b = bob.run('load', ({ settings }) => readTable(settings.table, { types: { key: 'VARCHAR' } }));
  const keys = profileKeys({ on: { left: 'id', right: 'key' }${options} }, a, b);
  return reveal(bob.run('advice', { keys: keys.bob }, ({ keys }) => ${tells}));
});
`,
  );
  return path;
}

const settings = Object.fromEntries(
  (['alice', 'bob'] as const).map((party) => {
    const path = join(folder, `${party}.csv`);
    const lines = Array.from({ length: 200 }, (_, i) =>
      party === 'alice' ? `canary-${i + 1000}` : `  CANARY-${i + 1000}`,
    );
    writeFileSync(path, `${party === 'alice' ? 'id' : 'key'}\n${lines.join('\n')}\n`);
    return [party, { table: path }];
  }),
);

async function contractOf(job: string): Promise<Contract> {
  const column = (name: string) => ({ columns: [{ name, type: 'VARCHAR' as const, gaps: false }] });
  const { contract, warnings } = await rehearse({
    job,
    tables: {
      alice: { table: { schema: column('id'), file: 'alice.csv' } },
      bob: { table: { schema: column('key'), file: 'bob.csv' } },
    },
  });
  assert.deepEqual(warnings, []);
  return contract;
}

const own = (): string => {
  const path = join(folder, `run-${++jobs}`);
  mkdirSync(path);
  return path;
};
const profileLines = (contract: Contract): readonly string[] =>
  contractSentences(contract).filter((line) => line.includes('"profile of id = key"'));
const outcomes = ({ parties }: SimulatedRun) => parties.map(({ report }) => report?.outcome);

/** Text of all files below a folder. */
function filesIn(path: string): string {
  const names = readdirSync(path, { recursive: true }).map((name) => join(path, String(name)));
  return names.map((name) => (statSync(name).isFile() ? readFileSync(name, 'latin1') : '')).join('\n');
}

describe('a comparison of keys in a job', () => {
  it('is said in a contract, lets the job run, and tells what it says', async () => {
    // Rows that are made up have other keys, and so other advice.
    const job = jobOf('', 'keys.peer.length');
    const contract = await contractOf(job);
    const words = 'profile of keys: types, and rows by length, format and trait, in steps of 20';
    assert.deepEqual(profileLines(contract), [
      `- from bob, in step "profile of id = key": ${words}`,
      `- from alice, in step "profile of id = key": ${words}`,
    ]);
    const run = await runUnder({ job, settings, contract, folder: own() });
    assert.deepEqual(outcomes(run), ['completed', 'completed']);
    for (const { report } of run.parties) {
      const [entry] = report?.disclosures ?? [];
      assert.deepEqual([entry?.kind, entry?.type], ['profile', words]);
      assert.ok(report);
      assert.deepEqual(ledgerProblems(report, run.wire), []);
    }
  });

  it('is not what a contract lets through that is of another one', async () => {
    const contract = await contractOf(jobOf(', minimumCount: 50', '1'));
    const run = await runUnder({ job: jobOf('', '1'), settings, contract, folder: own() });
    for (const { report } of run.parties) assert.equal(report?.verdict.failure?.code, 'POLICY_DENIED');
    assert.ok(run.parties.some(({ report }) => report?.disclosures.length === 0));
  });

  it('advises both parties, and leaves no key in a message, an event, a report or a file', async () => {
    const place = own();
    const run = await runUnder({ job: jobOf(''), settings, folder: place });
    assert.deepEqual(outcomes(run), ['completed', 'completed']);
    const [atAlice] = run.parties;
    const result = atAlice?.events.find((event) => event.event === 'result');
    assert.deepEqual(result?.event === 'result' ? result.value : undefined, ['trim', 'lower']);
    const said = JSON.stringify(run.parties);
    assert.match(said, /a\{6\}-9\{4\}/, 'formats are in the log');
    for (const text of [said, JSON.stringify(run.wire), filesIn(place)])
      assert.doesNotMatch(text, /canary|1007/i);
  });

  it('and the check for that sees a key that a job reveals', async () => {
    const job = jobOf('', 'keys.suggestions[0].examples()[0].before');
    const run = await runUnder({ job, settings, folder: own() });
    assert.match(JSON.stringify(run.parties), /CANARY-1000/);
  });

  it('cannot be revealed as a whole, since it has keys of its own', async () => {
    const run = await runUnder({ job: jobOf('', 'keys'), settings, folder: own(), errorDetail: 'full' });
    const failures = run.parties.map(({ report }) => report?.verdict.failure);
    assert.equal(failures[0]?.code, 'USAGE');
    assert.match(failures[0]?.message ?? '', /"advice" contains a function/);
    assert.doesNotMatch(JSON.stringify(run.parties), /CANARY/);
  });

  it('refuses options that it does not have, and minimum counts that protect nobody', async () => {
    for (const [options, says] of [
      [', minimumCount: 10', /"minimumCount" is a whole number from 11 to 1000000/],
      [", receivers: 'bob'", /there is no option "receivers" of profileKeys/],
      [", normalise: { key: 'trim' }", /names "key", which is no key column/],
    ] as const) {
      const run = await runUnder({ job: jobOf(options), settings, folder: own(), errorDetail: 'full' });
      for (const { report } of run.parties) assert.match(report?.verdict.failure?.message ?? '', says);
    }
  });
});
