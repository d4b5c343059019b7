import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FailureCode, failureCodes } from '../../base/failure-codes.ts';
import type { RunEvent, RunEventBody } from '../../observe/events.ts';
import { mergeReports } from '../../observe/merged-run.ts';
import type { RunReport } from '../../observe/report.ts';
import { mergedText } from './merged-text.ts';
import { type FailureEvent, RunBoard } from './run-board.ts';
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
  withheld: [],
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

  it('says of silence between whom nothing came through, and of a local cancellation no place', () => {
    const board = new RunBoard(['alice'], ['alice', 'bob', 'carol']);
    board.apply(
      at('alice', { ...failedVerdict('PARTITION'), message: 'cut: alice | bob, carol' } as RunEventBody),
    );
    const text = summaryText({ ...input(board, []), own: ['alice'] }, false).replace(/\s+/g, ' ');
    assert.match(text, /why nothing came through between alice on one side and bob and carol on the other/);
    const cancelled = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) cancelled.apply(at(party, failedVerdict('CANCELLED')));
    assert.doesNotMatch(summaryText(input(cancelled, []), false), /where/);
    assert.match(summaryText({ ...input(cancelled, []), own: ['alice'] }, false), /where +bob/);
  });

  it('says that a party stood still, and to look there first', () => {
    const board = new RunBoard(['alice'], ['alice', 'bob', 'carol']);
    board.apply(at('alice', { event: 'standstill', forMs: 30_100 }, 31_000));
    board.apply(at('alice', failedVerdict('PARTITION'), 33_000));
    const alone = { ...input(board, [report('alice')]), own: ['alice'] };
    const text = summaryText(alone, false).replace(/\s+/g, ' ');
    assert.match(text, /alice it stood still for 30\.1 s; /);
    assert.match(text, /to do See why this party stood still/);
    const told: RunReport = {
      ...report('alice'),
      ...{ startedAt: '2026-01-02T03:04:05.000Z', outcome: 'failed', code: 'PARTITION' },
      standstills: [{ atMs: 900, forMs: 30_100 }],
      timeline: [{ what: 'verdict', atMs: 33_000 }],
    };
    const explained = mergedText(mergeReports([told]), null, false).replace(/\s+/g, ' ');
    assert.match(explained, /alice stood still for 30\.1 s before its verdict: it heard nobody meanwhile/);
    assert.match(explained, /alice it stood still for 30\.1 s: its process or machine was stopped/);
    assert.match(explained, /What to do now See why alice stood still/);
    board.apply(at('alice', failedVerdict('TASK_FAILED'), 34_000));
    assert.doesNotMatch(summaryText(alone, false), /stood still/);
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
    assert.match(text, /nothing else did, but the masked numbers of secure computation/);
    assert.match(
      text,
      /Secure computation, rep3 of alice, bob, carol\n {2}12 rounds in 2 exchanges, 4\.0 KiB sent by 2 parties here/,
    );
    assert.match(text, /mul {2}3 × {2}300 numbers {2}1\.0 KiB/);
    assert.match(text, /Assumed, and not checked\n {2}"w" \[20\] lies in -64 to 64 \(10 ×\)/);
    assert.doesNotMatch(summaryText(input(board, ['alice', 'bob'].map(report)), false), /Secure|masked/);
    const step = { operation: 'assume', name: 'w', shape: [20], count: 2, min: -80.5, max: 3 };
    const squared = {
      operation: 'square',
      name: 'square',
      shape: [20],
      count: 1,
      min: 0,
      max: 6480.25,
      bound: { min: 0, max: 4096 },
    };
    const traced = {
      ...cost,
      plaintext: [{ ...step, bound: { min: -64, max: 64 }, outside: true }, squared],
    };
    const both = [{ ...report('alice'), secure: [traced] }, report('bob')];
    const tried = summaryText(input(board, both), false);
    assert.match(tried, /✖ {2}assume "w" {2}\[20\] {2}2 × {2}-80\.5 to 3 {2}of -64 to 64/);
    assert.match(
      tried,
      /! {2}square[^\n]*of 0 to 4096[\s\S]*! beyond its bound, because a step before it is/,
    );
    assert.match(tried, /nothing else did, but the numbers of secure computation, on plaintext\)/);
    assert.doesNotMatch(tried, /masked/);
    assert.match(tried, /an assumption does not hold: "w" is -80\.5 to 3/);
  });

  it('names the program that did not answer, whether the run went well or not', () => {
    const score = { peer: 'bob', stepId: '4', stepName: 'score' };
    const told = (party: string, sinceMs: number): RunReport => ({
      ...report(party),
      longestBusy: [{ ...score, sinceMs }],
    });
    const wait = { peer: 'bob', what: 'value', stepId: '5', stepName: 'sum', sinceMs: 26_000 } as const;
    const { peer: _, ...busy } = { ...score, sinceMs: 25_000 };
    const waited = { ...told('alice', 24_800), longestWaits: [{ ...wait, busy }] };
    const well = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) well.apply(at(party, completedVerdict));
    const text = summaryText(input(well, [waited, told('bob', 25_000)]), false);
    assert.match(text, /bob's program was busy in step 4 "score" for 25 s at the longest/);
    assert.equal(text.match(/was busy/g)?.length, 1, 'every party was told, one line says it');
    assert.match(
      text,
      /alice was waiting for bob, step 5 "sum" \(26.0 s\); bob's program has been busy in step 4/,
    );
    const failed = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) failed.apply(at(party, failedVerdict('STALLED')));
    assert.match(
      summaryText(input(failed, [told('alice', 5_000)]), false).replace(/\s+/g, ' '),
      /busy bob's program was busy in step 4 "score" for 5 s at the longest/,
    );
  });

  it('sends the origin to its own output, and everybody else to the output of the party that tells of it', () => {
    const seen = (own: string, failure: Partial<FailureEvent>): string => {
      const board = new RunBoard([own]);
      const { code = 'TASK_FAILED' } = failure;
      board.apply(at(own, { ...taskFailed, stepName: 'load', ...failure } as RunEventBody));
      board.apply(at(own, failedVerdict(code)));
      return summaryText({ ...input(board, []), own: [own] }, false).replace(/\s+/g, ' ');
    };
    const here = seen('bob', { message: 'no such column' });
    assert.match(here, /to do The error's text and stack are above and in this party's log/);
    assert.match(here, /incident i1, under which this party's own output and log have the details/);
    assert.doesNotMatch(here, /origin|log of bob/);
    const elsewhere = seen('alice', {});
    assert.match(elsewhere, /why the text of an error stays where it happened: in the output and log of bob/);
    assert.match(elsewhere, /to do The error's text is in the output and log of bob and nowhere else/);
    const told = {
      code: 'PEER_UNREACHABLE',
      reporter: 'carol',
      seenHere: 'this party dials bob at h:1',
    } as const;
    const third = seen('alice', told);
    assert.match(
      third,
      /why carol noticed it; bob itself may know nothing of it seen this party dials bob at h:1/,
    );
    assert.match(third, /under which the output and log of carol have the details/);
    assert.match(seen('bob', told), /to do The others did not hear this party/);
    const wrong = seen('alice', { code: 'SETUP_FAILED', reporter: 'alice' });
    assert.match(
      wrong,
      /At the address that the federation file of this party gives for bob something else answers/,
    );
    const absent = { code: 'JOIN_TIMEOUT', reporter: 'alice' } as const;
    assert.match(seen('alice', absent), /to do Start all parties within the join timeout/);
    const turnedAway = 'the key presented for bob is sha256:x, but the federation lists sha256:y';
    assert.match(
      seen('alice', { ...absent, turnedAway }),
      /to do First compare the fingerprints of bob and of this party in both federation files .*: the key presented for bob is sha256:x, but the federation lists sha256:y\. If that was not bob, start all parties/,
    );
    assert.match(seen('alice', { code: 'POLICY_DENIED' }), /to do The job tried[^/]*look for it in the code/);
    for (const code of Object.keys(failureCodes) as FailureCode[]) {
      const text = seen('alice', { code });
      assert.equal(text.includes('--inputs'), text.includes('--setting'), code);
      // Nor does a sentence begin with a small letter, or an output and a log `says`.
      for (const [own, reporter] of [
        ['bob', 'bob'],
        ['bob', 'alice'],
        ['alice', 'bob'],
        ['alice', 'alice'],
      ] as const)
        assert.doesNotMatch(
          seen(own, { code, reporter }),
          /the origin|\{|only \w+ knows|logs? says|log of \w+ says|to do.*\. (?!ended )[a-z]/,
          `${code} at ${own}`,
        );
    }
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

  it('says what was declared and did not leave, and why; that nothing left, where nothing did', () => {
    const board = new RunBoard(['alice', 'bob']);
    for (const party of ['alice', 'bob']) board.apply(at(party, failedVerdict('TASK_FAILED')));
    const what = { name: 'x\u001b', to: ['bob'], shape: [4] };
    const withheld = [
      { ...what, stepId: '1', kind: 'share', type: 'secret fixed tensor', reason: 'refused-for-data' },
      { ...what, stepId: '2', kind: 'transfer', reason: 'party-lost' },
    ] as const;
    const nothing = { disclosures: [] };
    const reports = [
      { ...report('alice'), ...nothing, withheld },
      { ...report('bob'), ...nothing },
    ];
    const text = summaryText(input(board, reports), false);
    assert.match(text, /\nWhat left each party: nothing\n/);
    assert.match(
      text,
      /Declared, and did not leave\n {2}alice → bob {2}x\\x1b {2}secret fixed tensor 4 {2}refused for what is in the data/,
    );
    assert.match(text, /the run had lost the receiver\n/);
    const some = { ...report('alice'), withheld };
    assert.match(
      summaryText(input(board, [some, report('bob')]), false),
      /nothing else did[\s\S]*Declared, and/,
    );
    const partial = report('alice').disclosures.map((one) => ({ ...one, partial: true as const }));
    const cut = { ...report('alice'), disclosures: partial };
    assert.match(summaryText(input(board, [cut]), false), /8 bytes {2}perhaps not all of it\n/);
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

  it('counts once what all members of a step tell, what several tell of a lost party, and what a scope passes on', () => {
    const board = new RunBoard(['alice', 'bob']);
    const tell = (incident: string, failure: Partial<FailureEvent>): void => {
      for (const party of ['alice', 'bob']) {
        const told = { ...taskFailed, ...failure, incident, stepName: 'x' } as RunEventBody;
        board.apply(at(party, told));
      }
    };
    for (const origin of ['alice', 'bob'])
      tell(`sort at ${origin}`, { code: 'DATA_INVALID', origin, reporter: origin, stepId: '1/0/3' });
    tell('late', { code: 'DEADLINE_EXCEEDED', stepId: '2/0/0' });
    for (const origin of ['alice', 'bob'])
      tell(`passed on by ${origin}`, { code: 'DEADLINE_EXCEEDED', origin, reporter: origin, stepId: '2' });
    for (const reporter of ['alice', 'bob'])
      tell(`seen by ${reporter}`, { code: 'PEER_UNREACHABLE', origin: 'carol', reporter, stepId: null });
    for (const party of ['alice', 'bob']) board.apply(at(party, completedVerdict));
    assert.match(summaryText(input(board, []), false), /\n {2}3 failures on the way/);
    tell('of another step', { code: 'DEADLINE_EXCEEDED', stepId: '22' });
    assert.match(summaryText(input(board, []), false), /\n {2}4 failures on the way/);
  });

  it('says what else has failed by itself, with its details at its own party alone', () => {
    const alices = { ...taskFailed, stepId: '2', stepName: 'clean', incident: 'i2' } as const;
    const told = { ...alices, origin: 'alice', reporter: 'alice' } as const;
    const shown = (own: string, ...failures: RunEventBody[]): string => {
      const board = new RunBoard([own]);
      for (const failure of failures) board.apply(at(own, failure));
      const attached = [{ code: told.code, origin: 'alice', stepId: '2', stepName: 'clean', incident: 'i2' }];
      board.apply(at(own, { ...failedVerdict('TASK_FAILED'), attached } as RunEventBody));
      return summaryText({ ...input(board, []), own: [own] }, false).replace(/\s+/g, ' ');
    };
    const cause = { ...taskFailed, stepName: 'load' };
    const mine = { ...told, message: 'no age', stack: 'Error: no age\n    at clean (job.ts:9:1)' };
    const first = shown('alice', mine, cause);
    assert.match(first, /where bob, step 3 "load"/);
    assert.match(
      first,
      /also at alice: TASK_FAILED, step 2 "clean": no age at clean \(job\.ts:9:1\) incident i2, in this party's/,
    );
    assert.match(
      shown('carol', cause, told),
      /also at alice: TASK_FAILED, step 2 "clean" incident i2, in the output and log of alice/,
    );
    // Known after the verdict was drawn, and in the very step of the cause.
    const late = { ...mine, incident: 'i3', stepId: '3' };
    assert.match(shown('alice', cause, late), /also at alice: TASK_FAILED, step 3 "clean": no age/);
    // Handled before, a loss that another tells of, and what follows from a difference between all.
    const handled = { ...mine, incident: 'i4' };
    const loss = { ...told, incident: 'i5', reporter: 'carol' } as const;
    const mismatch = { ...told, incident: 'i6', code: 'PROGRAM_MISMATCH' } as const;
    assert.doesNotMatch(shown('alice', handled, cause, loss, mismatch), / also /);
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
      /incident +i1, under which the output and log of bob/,
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
