import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FailureCode, failureCodes } from '../../base/failure-codes.ts';
import type { RunEvent, RunEventBody } from '../../observe/events.ts';
import type { RunReport } from '../../observe/report.ts';
import { RunBoard } from './run-board.ts';
import { exitCodeOf, summaryText } from './summary.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');

const at = (party: string, body: RunEventBody, afterMs = 0): RunEvent => ({
  ...body,
  time: new Date(START + afterMs).toISOString(),
  runId: 'r1',
  party,
});

const failedVerdict = (code: FailureCode): RunEventBody => ({
  event: 'verdict',
  outcome: 'failed',
  code,
  origin: 'bob',
  stepId: '3',
  stepName: 'load',
  digest: 'd1',
  incident: 'i1',
  blame: failureCodes[code].blame,
  retryable: failureCodes[code].retryable,
  attached: [],
});
const completedVerdict: RunEventBody = {
  event: 'verdict',
  outcome: 'completed',
  code: null,
  origin: null,
  stepId: null,
  stepName: null,
  digest: 'd0',
  incident: null,
  blame: null,
  retryable: false,
  attached: [],
};
const taskFailed = {
  event: 'failure',
  code: 'TASK_FAILED',
  origin: 'bob',
  reporter: 'bob',
  stepId: '3',
  incident: 'i1',
  blame: 'user',
  retryable: false,
} as const;

const report = (party: string): RunReport => ({
  reportVersion: 1,
  runId: 'r1',
  party,
  parties: ['alice', 'bob'],
  job: { file: 'job.ts', hash: null },
  privityVersion: '0',
  startedAt: '',
  endedAt: '',
  outcome: 'completed',
  verdict: { digest: 'd0', failure: null, attached: [], contributions: [] },
  code: null,
  absent: [],
  failures: [],
  waits: [],
  longestWaits: [],
  timeline: [],
  steps: [],
  disclosures: [
    { stepId: '1', name: 'count', kind: 'reveal', to: ['bob'], type: 'number', shape: [2, 3], bytes: 8 },
  ],
  disclosuresNotListed: 0,
  reclaimed: {},
  leftovers: [],
  exitCode: 0,
});

describe('the summary', () => {
  const input = (board: RunBoard, reports: RunReport[]) => ({
    jobFile: '/x/job.ts',
    own: ['alice', 'bob'],
    board,
    reports: new Map(reports.map((entry) => [entry.party, entry])),
    reportPaths: [],
    exitCode: 71,
    durationMs: 1_500,
  });

  it('says what secure devices have cost, by operation and in all', () => {
    const board = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) board.apply(at(party, completedVerdict));
    const cost = {
      ...{ device: 'rep3 of alice, bob, carol', exchanges: 2, rounds: 12, messages: 24, bytes: 2048 },
      operations: [
        { operation: 'mul', count: 3, elements: 300, bytes: 512 },
        { operation: 'add', count: 5, elements: 500, bytes: 0 },
      ],
      assumptions: [{ of: 'w', shape: [20], min: -64, max: 64, count: 10 }],
      assumptionsNotListed: 0,
    };
    const reports = ['alice', 'bob'].map((party) => ({ ...report(party), secure: [cost] }));
    const text = summaryText(input(board, reports), false);
    assert.match(text, /nothing else did, but the masked numbers below/);
    assert.match(
      text,
      /Secure computation, rep3 of alice, bob, carol\n {2}12 rounds in 2 exchanges, 4\.0 KiB sent by 2 parties here/,
    );
    assert.match(text, /mul {2}3 × {2}300 numbers {2}1\.0 KiB/);
    assert.match(text, /Assumed, and not checked\n {2}"w" \[20\] lies in -64 to 64 \(10 ×\)/);
    assert.doesNotMatch(summaryText(input(board, ['alice', 'bob'].map(report)), false), /Secure|masked/);
    const step = { operation: 'assume', name: 'w', shape: [20], count: 2, min: -80.5, max: 3 };
    const traced = { ...cost, plaintext: [{ ...step, bound: { min: -64, max: 64 }, outside: true }] };
    const tried = summaryText(input(board, [{ ...report('alice'), secure: [traced] }]), false);
    assert.match(tried, /✖ {2}assume "w" {2}\[20\] {2}2 × {2}-80\.5 to 3 {2}of -64 to 64/);
    assert.match(tried, /an assumption does not hold: "w" is -80\.5 to 3/);
  });

  it('shows the result and what left each party', () => {
    const board = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) board.apply(at(party, completedVerdict));
    board.apply(at('alice', { event: 'result', value: { mean: 2.5 } }));
    const text = summaryText(input(board, [report('alice'), report('bob')]), false);
    assert.match(text, /✔ job\.ts completed in 1\.5 s/);
    assert.match(text, /Result\n {2}mean {2}2\.5/);
    assert.match(
      text,
      /What left each party \(nothing else did\)\n {2}alice → bob {2}count {2}number 2 × 3 {2}8 bytes/,
    );
    assert.equal(exitCodeOf([...board.parties.values()]), 0);
  });

  it('counts failures that the job has handled', () => {
    const board = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) {
      board.apply(at(party, { ...taskFailed, stepName: 'x' }));
      board.apply(at(party, completedVerdict));
    }
    const text = summaryText(input(board, [report('alice'), report('bob')]), false);
    assert.match(text, /✔ job\.ts completed[\s\S]*1 failure on the way, which the job has handled/);
  });

  it('does not claim a complete ledger when a report is missing', () => {
    const board = new RunBoard(['alice', 'bob']);
    assert.doesNotMatch(summaryText(input(board, [report('alice')]), false), /nothing else did/);
  });

  it('says what failed, where, why, what each party did and what to do', () => {
    const board = new RunBoard(['alice', 'bob']);
    const failure: RunEventBody = {
      ...taskFailed,
      stepName: 'load',
      message: 'no\u001b such column',
      details: { needed: 3, table: 'visits' },
      chain: [
        { name: 'Error', message: 'no such column' },
        { name: 'BinderError', message: 'age\u001b\nand more', code: 'E_BIND' },
        { name: 'RangeError', message: '' },
      ],
      stack: 'Error: no such column\n    at load (job.ts:3:4)\n    at node:internal/x:1:1',
    };
    board.apply(at('bob', failure));
    for (const party of ['alice', 'bob']) {
      board.apply(at(party, failedVerdict('TASK_FAILED')));
      board.apply(at(party, { event: 'reclaimed', items: {}, leftovers: [] }));
    }
    const wait = { peer: 'bob', what: 'value', stepId: '3', stepName: 'load', sinceMs: 12_000 } as const;
    const waiting = { ...report('alice'), disclosures: [], waits: [wait] };
    const text = summaryText(input(board, [waiting]), false);
    for (const part of [
      /was waiting for bob, step 3 "load" \(12\.0 s\)/,
      /✖ job\.ts failed/,
      /what +TASK_FAILED: A task/,
      /where +bob, step 3 "load"/,
      /why +no\\x1b such column/,
      /details +needed: 3, table: visits\n/,
      /because +BinderError \(E_BIND\): age\\x1b\n +RangeError\n/,
      /trace +at load \(job\.ts:3:4\)\n/,
      /incident +i1, under which bob's log/,
      /bob +where it began; 0 steps completed; nothing left behind/,
      /to do +The error's text/,
    ]) {
      assert.match(text, part);
    }
    assert.doesNotMatch(text, /node:internal/);
    assert.equal(exitCodeOf([...board.parties.values()]), failureCodes.TASK_FAILED.exit);
  });

  it('notes verdicts that differ and supervisors that died', () => {
    const board = new RunBoard(['alice', 'bob']);
    board.apply(at('alice', failedVerdict('PEER_CRASHED')));
    board.apply(
      at('bob', { event: 'process.exited', role: 'supervisor', pid: 1, code: null, signal: 'SIGKILL' }),
    );
    const text = summaryText(input(board, []), false);
    assert.match(text, /bob +where it began; its supervisor was killed by SIGKILL.*came to no verdict/);
    board.apply(at('bob', { ...failedVerdict('PARTITION'), digest: 'd2' } as RunEventBody));
    assert.match(summaryText(input(board, []), false), /different verdicts/);
  });

  it('has an exit code other than 0 for everything but completion', () => {
    const board = new RunBoard(['alice', 'bob']);
    board.apply(at('alice', completedVerdict));
    assert.notEqual(exitCodeOf([...board.parties.values()]), 0);
    board.apply(at('bob', { event: 'process.exited', role: 'supervisor', pid: 1, code: 64, signal: null }));
    assert.equal(exitCodeOf([...board.parties.values()]), 64);
  });
});
