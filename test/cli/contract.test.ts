/** `privity contract`, and runs under a contract in real processes. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '../../src/observe/report.ts';
import { itLong } from '../effort.ts';
import { type Ended, eventsOf, run, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const CANARY = 'canary-4e1b';

const JOB = `import { job, readTable, z } from 'privity';
const file = z.object({ table: z.string() });
let kept = '';
export default job({ parties: ['alice', 'bob'], settings: { alice: file } }, async ({ alice, bob, reveal }) => {
  const rows = alice.run('load', ({ settings }) => readTable(settings.table));
  const mean = await reveal(alice.run('mean', { rows }, async ({ rows }) => {
    kept = (await rows.strings('name'))[0] ?? '';
    return rows.mean(['income']);
  }));
  return { mean };
});
`;
const SCHEMA = `alice:
  table:
    columns:
      - { name: name, type: VARCHAR, gaps: false }
      - { name: income, type: DOUBLE, min: 0, max: 100, gaps: true }
`;

let cwd: string;
let tmp: string;
const privity = (...args: string[]): Promise<Ended> => run(args, { cwd, tmp, main });
const inputs = ['--inputs', 'alice.table=loans.csv'];

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-cli-contract-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.ts'), JOB);
  await writeFile(
    join(cwd, 'more.ts'),
    JOB.replace("mean(['income']);", "mean(['income']).then((mean) => ({ ...mean, count: rows.rowCount }));"),
  );
  await writeFile(
    join(cwd, 'named.ts'),
    JOB.replace('  return { mean }', "  if (kept !== '') alice.run(kept, () => 1);\n  return { mean }"),
  );
  await writeFile(
    join(cwd, 'keyed.ts'),
    JOB.replace("return rows.mean(['income']);", 'return { [kept]: 1 };'),
  );
  await writeFile(join(cwd, 'schemas.yaml'), SCHEMA);
  await writeFile(join(cwd, 'loans.csv'), `name,income\n${CANARY},1.5\n${CANARY},2.5\n`);
});
after(() => rm(cwd, { recursive: true, force: true }));

describe('privity contract', () => {
  it('makes a file beside the job, in which there is no row of the table, and says it in sentences', async () => {
    const made = await privity('contract', 'make', 'job.ts', ...inputs);
    assert.equal(made.code, 0, made.stderr);
    const text = await readFile(join(cwd, 'job.contract.yaml'), 'utf8');
    assert.doesNotMatch(text, new RegExp(CANARY));
    assert.match(
      text,
      / {2}- step: mean\n {4}kind: reveal\n {4}from: alice\n {4}to: \[bob\]\n {4}what: "\{ income: number \}"\n {4}times: 1\n/,
    );
    assert.match(
      made.stdout,
      /^alice: nothing\.\nbob will learn:\n- from alice, in step "mean": income \(1 value\)\n/,
    );
    assert.deepEqual(await readdir(tmp), []);
    const again = await privity('contract', 'make', 'job.ts', ...inputs);
    assert.equal(again.code, 74, 'it is not overwritten');
    const shown = await privity('contract', 'show', 'job.contract.yaml', '--for', 'bob');
    assert.match(
      shown.stdout,
      /You will learn:\n- from alice, in step "mean": income \(1 value\)\n[\s\S]*Digest: [0-9a-f]{64}\n$/,
    );
  });

  it('fails where the job would disclose more, and names step, value and entry', async () => {
    const same = await privity('contract', 'check', 'job.ts', '--schema', 'schemas.yaml');
    assert.equal(same.code, 0, same.stderr + same.stdout);
    const more = await privity(
      'contract',
      'check',
      'more.ts',
      '--contract',
      'job.contract.yaml',
      '--schema',
      'schemas.yaml',
      '--json',
    );
    assert.equal(more.code, 77, more.stderr);
    const found = JSON.parse(more.stdout) as Record<string, unknown>;
    assert.equal(found.fits, false);
    assert.deepEqual(found.more, [
      {
        step: 'mean',
        what: '{ income: number, count: number }',
        entry: 1,
        text: 'bob will learn from alice, in step "mean": income and count (2 values), where it was: { income: number }',
      },
    ]);
  });

  itLong('keeps what was added by hand, and says what is wrong with it', async () => {
    const path = join(cwd, 'hand.yaml');
    const text = await readFile(join(cwd, 'job.contract.yaml'), 'utf8');
    const entry =
      '  - { step: later, kind: reveal, from: alice, to: [bob], what: number, times: at most 2 }\n';
    await writeFile(
      path,
      text.replace('\n# Texts', `${entry}\n# Texts`).replace('  - mean\n', '  - mean\n  - later\n'),
    );
    assert.equal(
      (await privity('contract', 'check', 'job.ts', '--contract', 'hand.yaml', ...inputs)).code,
      0,
    );
    const kept = await privity('contract', 'make', 'job.ts', '--out', 'hand.yaml', '--keep', ...inputs);
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(await readFile(path, 'utf8'), /step: later\n[\s\S]*times: at most 2\n/);
    await writeFile(path, text.replace('what: "{ income: number }"', 'what: "list of number [several]"'));
    const wrong = await privity('contract', 'show', 'hand.yaml');
    assert.equal(wrong.code, 64);
    assert.match(wrong.stderr, /hand\.yaml:\d+:\d+: discloses\[0\]\.what: the size "several" is no number/);
  });

  itLong('ends at Ctrl-C and leaves nothing behind', async () => {
    const rehearsal = start(
      ['contract', 'make', 'job.ts', '--out', 'never.yaml', '--json', '--seeds', '2000', ...inputs],
      { cwd, tmp, main },
    );
    await rehearsal.said('contract.progress');
    rehearsal.child.kill('SIGINT');
    const { code } = await rehearsal.ended;
    assert.equal(code, 130);
    assert.deepEqual(await readdir(tmp), []);
    await assert.rejects(readFile(join(cwd, 'never.yaml')));
  });
});

describe('a run under a contract', () => {
  const local = async (job: string, ...more: string[]) => {
    const reports = join(cwd, `reports-${job}`);
    const ended = await privity('local', job, ...inputs, '--json', '--report', reports, ...more);
    const read = async (party: string) =>
      JSON.parse(await readFile(join(reports, `${party}.json`), 'utf8')) as RunReport;
    return { ended, alice: await read('alice'), bob: await read('bob') };
  };
  const contract = ['--contract', 'job.contract.yaml'];

  it('completes with what it lists', async () => {
    const { ended } = await local('job.ts', ...contract);
    assert.equal(ended.code, 0, ended.stdout);
    const results = eventsOf(ended.stdout).filter(({ event }) => event === 'result');
    assert.deepEqual(
      results.map(({ value }) => value),
      [{ mean: { income: 2 } }, { mean: { income: 2 } }],
    );
  });

  it('ends before a value leaves of which a key is made of data', async () => {
    const { ended, alice, bob } = await local('keyed.ts', ...contract);
    assert.equal(ended.code, 77, ended.stdout);
    assert.deepEqual(alice.disclosures, []);
    assert.deepEqual(
      alice.withheld.map(({ name, reason }) => [name, reason]),
      [['mean', 'refused']],
    );
    assert.equal(bob.verdict.failure?.stepName, 'mean');
    assert.match(
      bob.verdict.failure?.facts ?? '',
      /step "mean" \(reveal\), from alice to bob: the value has another form than entry 1 \(\{ income: number \}\)/,
    );
    assert.doesNotMatch(JSON.stringify(bob), new RegExp(CANARY));
  });

  it('ends before a step has a name that is made of data', async () => {
    const { ended, bob } = await local('named.ts', ...contract);
    assert.equal(ended.code, 77, ended.stdout);
    assert.equal(bob.verdict.failure?.origin, 'alice');
    assert.match(
      bob.verdict.failure?.facts ?? '',
      /^a step of kind task has a name that the contract does not list$/,
    );
    assert.doesNotMatch(JSON.stringify(bob), new RegExp(CANARY));
  });

  itLong('is seen to let both go without one', async () => {
    const keyed = await local('keyed.ts');
    assert.equal(keyed.ended.code, 0);
    assert.deepEqual(
      keyed.alice.disclosures.map(({ name }) => name),
      ['mean'],
    );
    const named = await local('named.ts');
    assert.ok(named.alice.steps.some(({ name }) => name === CANARY));
  });
});
