import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STEP_KINDS } from '../coordination/failure.ts';
import {
  type RunReport,
  STEP_OUTCOMES,
  TIMELINE_MARKS,
  WAIT_KINDS,
  WITHHELD_WORDS,
  type WithheldReason,
} from './report.ts';
import { everyReportIsRead, readReport, readReportText } from './report-schema.ts';
import { PEER_STATES } from './words.ts';

const failure = { code: 'TASK_FAILED', origin: 'bob', reporter: 'bob', incident: 'ab' } as const;
const step = { stepId: '1', name: 'x' };

/** A report with every word that a field of one may have. */
const full: RunReport = {
  reportVersion: 1,
  runId: 'r',
  party: 'alice',
  parties: ['alice', 'bob'],
  job: { file: 'job.ts', hash: null },
  privityVersion: '0',
  startedAt: new Date(0).toISOString(),
  endedAt: new Date(1).toISOString(),
  outcome: 'failed',
  verdict: {
    digest: 'd',
    failure: { ...failure, details: { n: 1 }, chain: [{ name: 'E', message: '' }] },
    attached: [failure],
    contributions: [
      {
        party: 'bob',
        ready: false,
        nonce: 'n',
        failure,
        signature: 's',
        epoch: 1,
        scopes: [
          { scope: '1', members: [0, 1], inside: true, over: false, votes: [null, { failure: null }] },
        ],
      },
      {
        party: 'alice',
        ready: false,
        nonce: 'n',
        failure: null,
        signature: 's',
        scopes: null,
        leaving: true,
      },
    ],
  },
  code: 'TASK_FAILED',
  absent: [failure],
  failures: [{ ...failure, blame: 'user', retryable: false, atMs: 1, time: new Date(0).toISOString() }],
  waits: WAIT_KINDS.map((what) => ({ peer: 'bob', what, stepId: null, stepName: null, sinceMs: 1 })),
  longestWaits: [],
  timeline: [
    ...TIMELINE_MARKS.map((what) => ({ what, atMs: 1 })),
    ...PEER_STATES.map((state) => ({ what: 'peer' as const, atMs: 1, peer: 'bob', state, reason: '' })),
    { what: 'failure', atMs: 1, incident: 'ab' },
    { what: 'exited', atMs: 1, code: null, signal: 'SIGKILL' },
    { what: 'killed', atMs: 1 },
  ],
  steps: STEP_KINDS.flatMap((kind) =>
    ([...STEP_OUTCOMES, 'elsewhere'] as const).map((outcome) => ({
      ...{ ...step, kind, places: ['alice'], outcome, startedMs: 1, durationMs: null },
    })),
  ),
  disclosures: STEP_KINDS.map((kind) => ({
    ...step,
    kind,
    to: ['bob'],
    type: 't',
    shape: [2],
    bytes: 1,
    partial: true,
  })),
  withheld: (Object.keys(WITHHELD_WORDS) as WithheldReason[]).map((reason) => ({
    ...{ ...step, kind: 'share', to: ['bob'], reason },
  })),
  disclosuresNotListed: 0,
  secure: [
    {
      ...{ device: 'd', exchanges: 1, rounds: 1, messages: 1, bytes: 1 },
      operations: [{ operation: 'mul', count: 1, elements: 1, bytes: 1 }],
      assumptions: [{ of: 'x', shape: [2], min: -1, max: 1, count: 1 }],
      assumptionsNotListed: 1,
      plaintext: [
        {
          ...{ operation: 'assume', name: 'x', shape: [2], min: -2, max: 1, count: 1 },
          ...{ bound: { min: -1, max: 1 }, outside: true, refused: 'why', off: 1 },
        },
      ],
    },
  ],
  reclaimed: { port: 1 },
  leftovers: ['x'],
  exitCode: 70,
};

describe('reports that are read back', () => {
  it('are what was written: every kind of step, wait, state and reason', () => {
    assert.ok(everyReportIsRead);
    const read = readReport(JSON.parse(JSON.stringify(full)));
    assert.equal(read.kind, 'report', JSON.stringify(read).slice(0, 300));
    assert.deepEqual(read.kind === 'report' && read.report, full);
  });

  it('of before are read, without what was added since', () => {
    const { withheld: _, absent: __, secure, ...before } = full;
    const read = readReport(before);
    assert.deepEqual(read.kind === 'report' && [read.report.withheld, read.report.absent], [[], []]);
    const devices = secure?.map(({ assumptions: _, assumptionsNotListed: __, ...device }) => device);
    const withSecure = readReport({ ...before, secure: devices });
    const [device] = (withSecure.kind === 'report' && withSecure.report.secure) || [];
    assert.deepEqual([device?.assumptions, device?.assumptionsNotListed], [[], 0]);
  });

  it('of later are read, without what was added then', () => {
    const read = readReport({ ...full, mood: 'good', steps: [{ ...full.steps[0], colour: 'red' }] });
    assert.deepEqual(read.kind === 'report' && read.report.steps, full.steps.slice(0, 1));
  });

  it('are refused with the place of what is wrong, also deep in what was sealed', () => {
    const [sealed] = full.verdict.contributions;
    for (const [wrong, why] of [
      [{ ...full, steps: [{ ...full.steps[0], kind: 'dance' }] }, /^steps\.0\.kind/],
      [{ ...full, parties: [] }, /^parties/],
      [
        { ...full, verdict: { ...full.verdict, contributions: [{ ...sealed, scopes: 5 }] } },
        /^verdict\.contributions\.0\.scopes/,
      ],
    ] as const) {
      const read = readReport(wrong);
      assert.match(read.kind === 'no-report' ? read.why : '', why);
    }
  });

  it('of more values than a report can have, and what is no JSON, are refused without being made', () => {
    const why = (text: string): string => {
      const read = readReportText(text);
      return read.kind === 'no-report' ? read.why : read.kind;
    };
    assert.match(why(`[${'[],'.repeat(8_000_000)}0]`), /^it has more than \d+ values$/);
    // What stands in texts is no value.
    assert.match(why(JSON.stringify(['[],"\\'.repeat(3_000_000)])), /not a JSON object/);
    assert.match(why('{"a":'), /not JSON/);
    assert.equal(why(JSON.stringify(full)), 'report');
  });

  it('tell one mistake of a list of many', () => {
    const wrong = { ...full, waits: Array(1_000).fill(0), reclaimed: { a: 1, b: 'x', c: 'y' } };
    const read = readReport(wrong);
    assert.match(read.kind === 'no-report' ? read.why : '', /^waits\.0: /);
  });
});
