import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { estimateOffsets } from './clock-offsets.ts';
import { mergeReports, mixed } from './merged-run.ts';
import type { FailureReport, RunReport, TimelineEntry } from './report.ts';
import { readReport } from './report-schema.ts';

const PARTIES = ['alice', 'bob', 'carol'];

/** A party's report; all its times are by a clock that is behind the true one by so much. */
function report(party: string, behindMs: number, change: Partial<RunReport> = {}): RunReport {
  const at = (trueMs: number): number => trueMs - behindMs;
  const timeline: TimelineEntry[] = [
    { what: 'ready', atMs: at(100) },
    { what: 'started', atMs: at(110) },
    { what: 'failure', atMs: at(party === 'bob' ? 500 : 505), incident: 'i1' },
    { what: 'verdict', atMs: at(520) },
    { what: 'reclaimed', atMs: at(700) },
  ];
  const failure: FailureReport = {
    code: 'TASK_FAILED',
    origin: 'bob',
    reporter: 'bob',
    stepId: '3',
    stepName: 'load',
    incident: 'i1',
    blame: 'user',
    retryable: false,
    atMs: at(party === 'bob' ? 500 : 505),
    time: new Date(500).toISOString(),
  };
  return {
    reportVersion: 1,
    runId: 'r1',
    party,
    parties: PARTIES,
    job: { file: 'job.ts', hash: null },
    privityVersion: 'another',
    startedAt: new Date(0).toISOString(),
    endedAt: new Date(1_000).toISOString(),
    outcome: 'failed',
    verdict: { digest: 'd1', failure, attached: [], contributions: [] },
    code: 'TASK_FAILED',
    absent: [],
    failures: [failure],
    waits: [{ peer: 'bob', what: 'value', stepId: '3', stepName: 'load', sinceMs: 300 }],
    longestWaits: [],
    timeline,
    steps: [],
    disclosures: [],
    withheld: [],
    disclosuresNotListed: 0,
    reclaimed: { port: 1 },
    leftovers: [],
    exitCode: 70,
    ...change,
  };
}

const behind = fc.integer({ min: -10_000_000, max: 10_000_000 });

describe('clocks of several parties', () => {
  it('law: the true difference is within the stated error, and known order is kept', () => {
    fc.assert(
      fc.property(behind, behind, behind, (a, b, c) => {
        const reports = [report('alice', a), report('bob', b), report('carol', c)];
        const { offsets, contradictionMs } = estimateOffsets(reports);
        assert.equal(contradictionMs, 0);
        for (const [i, own] of [a, b, c].entries()) {
          const { offsetMs = Number.NaN, errorMs = Number.NaN } = offsets[i] ?? {};
          assert.ok(errorMs !== null && Math.abs(offsetMs - (own - a)) <= errorMs + 1e-6);
          assert.ok(errorMs <= 20);
        }
        const told = mergeReports(reports).timeline.filter(({ entry }) => entry.what === 'failure');
        assert.equal(told[0]?.party, 'bob');
      }),
    );
  });

  it('are not said to be known where nothing bounds them', () => {
    const alone = { timeline: [], failures: [], startedAt: new Date(5_000).toISOString() };
    const { offsets } = estimateOffsets([report('alice', 0), report('bob', 0, alone)]);
    assert.deepEqual(offsets[1], { offsetMs: 5_000, errorMs: null });
  });

  it('that contradict each other are reported as wrong by as much', () => {
    const bob = report('bob', 0);
    const timeline = bob.timeline.map((entry) => (entry.what === 'started' ? { ...entry, atMs: 40 } : entry));
    const { contradictionMs, offsets } = estimateOffsets([report('alice', 0), { ...bob, timeline }]);
    assert.ok(contradictionMs > 40, `${contradictionMs}`);
    assert.ok((offsets[1]?.errorMs ?? 0) >= 40);
  });
});

describe('reports of one run', () => {
  it('are told from reports of several', () => {
    const alice = report('alice', 0);
    assert.equal(mixed([alice, report('bob', 0)]), undefined);
    assert.match(
      mixed([alice, report('bob', 0, { runId: 'r2' })]) ?? '',
      /alice was in run r1, bob was in run r2/,
    );
    assert.match(mixed([alice, alice, report('alice', 0)]) ?? '', /two reports of alice/);
    assert.match(mixed([alice, report('bob', 0, { parties: ['alice', 'bob'] })]) ?? '', /has the parties/);
    const sealed = (nonce: string) => ({
      ...alice.verdict,
      contributions: [{ party: 'bob', ready: false, nonce, failure: null, signature: '' }],
    });
    const pair = ['1', '2'].map((nonce, i) =>
      report(PARTIES[i] ?? '', 0, { runId: '', verdict: sealed(nonce) }),
    );
    assert.match(mixed(pair) ?? '', /two different runs of bob/);
  });

  it('say who is missing, who disagrees, who waited, and what became of each', () => {
    const other = report('bob', 0, { verdict: { ...report('bob', 0).verdict, digest: 'd2' } });
    const run = mergeReports([report('alice', 0), other]);
    assert.deepEqual(run.missing, ['carol']);
    assert.deepEqual(
      run.verdicts.map(({ digest, parties }) => [digest, ...parties]),
      [
        ['d1', 'alice'],
        ['d2', 'bob'],
      ],
    );
    assert.deepEqual(
      run.waits.map(({ party, peer, stepName }) => [party, peer, stepName]),
      [
        ['alice', 'bob', 'load'],
        ['bob', 'bob', 'load'],
      ],
    );
    assert.deepEqual(
      run.failures[0]?.known.map(({ party }) => party),
      ['bob', 'alice'],
    );
    assert.equal(run.aftermath[0]?.reclaimMs, 180);
  });

  it('point out that a party stood still, instead of the network or a party that could not hear it', () => {
    const standstills = [{ atMs: 200, forMs: 300 }];
    const other = { code: 'PARTITION' as const, verdict: { ...report('bob', 0).verdict, digest: 'd2' } };
    const lost = { code: 'PEER_UNREACHABLE' as const };
    const bob = report('bob', 0, { ...other, standstills });
    const run = mergeReports([report('alice', 0, lost), bob]);
    assert.deepEqual(run.stoodStill, [{ party: 'bob', forMs: 300 }]);
    const entry = run.timeline.find(({ entry }) => entry.what === 'standstill');
    assert.deepEqual([entry?.party, entry?.atMs], ['bob', 100]);
    assert.equal(readReport(JSON.parse(JSON.stringify(bob))).kind, 'report');
    const before = report('bob', 0, { ...other, standstills: [{ atMs: -100_000, forMs: 2_000 }] });
    assert.deepEqual(mergeReports([before]).stoodStill, [], 'it went well for long afterwards');
    assert.deepEqual(
      mergeReports([report('bob', 0, { standstills })]).stoodStill,
      [],
      'TASK_FAILED is not of it',
    );
  });

  it('are recognised when they are read back, and nothing else is', () => {
    const whole = JSON.parse(JSON.stringify(report('alice', 0)));
    assert.equal(readReport(whole).kind, 'report');
    assert.equal(readReport({ ...whole, added: 'later' }).kind, 'report');
    assert.equal(readReport({ ...whole, reportVersion: 2 }).kind, 'other-version');
    const { steps: _, ...part } = whole;
    const bad = [
      null,
      7,
      [],
      {},
      part,
      { ...whole, code: 'NO_SUCH' },
      { ...whole, timeline: [{ what: 'x' }] },
    ];
    for (const value of bad) assert.equal(readReport(value).kind, 'no-report');
  });
});
