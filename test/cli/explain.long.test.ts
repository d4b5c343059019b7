/** `privity explain REPORT…` on reports of a real run, and on what somebody has made of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunReport } from '../../src/observe/report.ts';
import { jobFile, Parties } from '../faults/parties.ts';
import { here } from './here.ts';

const NAMES = ['alice', 'bob', 'carol'] as const;

let parties: Parties;
let cwd: string;

async function failedRun(): Promise<Parties> {
  const job = jobFile('steady.ts');
  const started = await Parties.start({
    parties: { alice: { job }, bob: { job }, carol: { job } },
    args: { what: 'throw', who: 'bob' },
    bounds: { suspectAfterMs: 2_000, lostAfterMs: 5_000 },
  });
  await started.ended();
  return started;
}

before(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'privity-explain-test-'));
  parties = await failedRun();
});
after(() => {
  parties.dispose();
  rmSync(cwd, { recursive: true, force: true });
});

const reportOf = (name: string): string => join(parties.dir, 'reports', `${name}.json`);
const explain = (...args: string[]) => here(['explain', ...args], { cwd });

/** A report as somebody has changed it. */
function changed(name: string, change: (report: RunReport) => object): string {
  const report = JSON.parse(readFileSync(reportOf(name), 'utf8')) as RunReport;
  const file = join(cwd, `${name}-changed.json`);
  writeFileSync(file, JSON.stringify({ ...report, ...change(report) }));
  return file;
}

describe('privity explain REPORT…', () => {
  it('tells of one run from the reports of all parties', async () => {
    const files = NAMES.map(reportOf);
    const { code, stdout, stderr } = await explain(
      ...files,
      '--federation',
      join(parties.dir, 'federation-alice.yaml'),
    );
    assert.equal(code, 0, stderr);
    for (const part of [
      /✖ run \w+ failed: TASK_FAILED/,
      /told by the reports of alice, bob and carol\n/,
      /9 signatures of contributions verified/,
      /bob: estimated, ± \d/,
      /bob +fails: TASK_FAILED at bob/,
      /carol +learns: TASK_FAILED at bob/,
      /Who knew of it when\n {2}TASK_FAILED at bob.*\(the cause\), told by bob\n {4}bob/,
      /What each party did\n {2}alice .*nothing left behind; exit code 70/,
      /What to do now\n {2}The error's text is in the output and log of bob and nowhere else/,
    ])
      assert.match(stdout, part);
    assert.doesNotMatch(stdout, /DIFFERENT VERDICTS|canary/);
  });

  it('tells the same as JSON, from a folder', async () => {
    const { code, stdout, stderr } = await explain(join(parties.dir, 'reports'), '--json');
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout);
    assert.deepEqual(told.missing, []);
    assert.deepEqual(told.underivable, []);
    assert.equal(told.verdicts.length, 1);
    assert.equal(told.failures[0].known[0].party, 'bob');
    const times = told.timeline.map(({ atMs }: { atMs: number }) => atMs);
    assert.deepEqual(
      times,
      [...times].sort((a: number, b: number) => a - b),
    );
  });

  it('tells what one party knows, and whose reports are missing', async () => {
    const { code, stdout } = await explain(reportOf('carol'));
    assert.equal(code, 0);
    assert.match(stdout, /told by the report of carol; none of alice and bob/);
  });

  it('is loud about verdicts that differ or do not follow', async () => {
    const file = changed('bob', ({ verdict }) => ({ verdict: { ...verdict, digest: 'f'.repeat(32) } }));
    const { code, stdout } = await explain(reportOf('alice'), file);
    assert.equal(code, 0);
    assert.match(stdout, /THE PARTIES HAVE DIFFERENT VERDICTS/);
    assert.match(stdout, /report of bob does NOT follow/);
  });

  it('refuses what was not signed', async () => {
    const file = changed('alice', ({ verdict }) => ({
      verdict: {
        ...verdict,
        contributions: verdict.contributions.map((one) =>
          one.party === 'carol' ? { ...one, ready: true } : one,
        ),
      },
    }));
    const federation = join(parties.dir, 'federation-alice.yaml');
    const refused = await explain(file, '--federation', federation);
    assert.equal(refused.code, 77, refused.stdout);
    assert.match(refused.stderr, /report of alice.*carol[\s\S]*PRIVITY_REPORT_SIGNATURE/);
  });

  it('says what is wrong with what it was given', async () => {
    const broken = join(cwd, 'broken.json');
    writeFileSync(broken, '{"party":"alice"');
    const federation = join(parties.dir, 'federation-alice.yaml');
    const foreign = changed('bob', () => ({ runId: 'another' }));
    for (const [args, code, words] of [
      [[broken], 65, /broken\.json: not a report[\s\S]*PRIVITY_REPORT_INVALID/],
      [[changed('alice', () => ({ reportVersion: 9 }))], 65, /version 9[\s\S]*PRIVITY_REPORT_VERSION/],
      [[changed('carol', () => ({ steps: 'none' }))], 65, /not a report: steps/],
      [[reportOf('alice'), foreign], 64, /bob was in run[\s\S]*PRIVITY_REPORT_RUNS_MIXED/],
      [[reportOf('alice'), reportOf('alice')], 64, /two reports of alice/],
      [[join(cwd, 'none.json')], 66, /there is no such report/],
      [['NO_SUCH_CODE'], 64, /no code of that name/],
      [['PEER_CRASHED', '--federation', federation], 66, /PEER_CRASHED: there is no such report/],
    ] as const) {
      const ended = await explain(...args);
      assert.equal(ended.code, code, ended.stdout + ended.stderr);
      assert.match(ended.stderr, words);
    }
  });
});
