import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunEvent, RunEventBody } from '../../observe/events.ts';
import {
  JOIN_TOLD_FROM_MS,
  ONGOING_INTERVAL_MS,
  PlainRun,
  SAME_AGAIN_MS,
  STEP_TOLD_FROM_MS,
} from './plain-run.ts';
import { progressed, progressText } from './progress-text.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');

/** What is printed of a run of alice with bob and carol, by the second. */
class Printed {
  readonly lines: string[] = [];
  readonly #run: PlainRun;

  constructor(own: readonly string[] = ['alice']) {
    this.#run = new PlainRun(own, ['alice', 'bob', 'carol'], START);
  }

  at(seconds: number, body: RunEventBody, party = 'alice'): void {
    const time = new Date(START + seconds * 1_000).toISOString();
    const text = this.#run.take({ ...body, time, runId: 'r1', party } as RunEvent);
    if (text !== undefined) this.lines.push(`${seconds} ${text}`);
  }

  /** A look every second, with what is told every second while it goes on. */
  look(from: number, until: number, every: readonly RunEventBody[] = []): void {
    for (let second = from; second <= until; second += 1) {
      for (const body of every) this.at(second, body);
      for (const { text } of this.#run.ongoing(START + second * 1_000)) this.lines.push(`${second} ${text}`);
    }
  }

  joined(): void {
    for (const peer of ['bob', 'carol'])
      this.at(0, { event: 'peer.state', peer, state: 'up', reason: 'joined' });
    this.at(0, {
      event: 'run.started',
      job: 'j',
      parties: ['alice', 'bob', 'carol'],
      ownRunId: 'r1',
    });
    this.lines.length = 0;
  }
}

const started = (stepId: string, kind: 'task' | 'psi' | 'reveal' | 'exchange', name = `s${stepId}`) =>
  ({ event: 'step.started', stepId, name, kind }) as const;
const finished = (stepId: string, kind: 'task' | 'psi' | 'reveal' | 'exchange', durationMs: number) =>
  ({ event: 'step.finished', stepId, name: `s${stepId}`, kind, outcome: 'completed', durationMs }) as const;
const waits = (stepId: string, sinceMs: number): RunEventBody => ({
  event: 'waiting',
  peer: 'bob',
  what: 'value',
  stepId,
  stepName: `s${stepId}`,
  sinceMs,
});

describe('plain output', () => {
  it('has one line for each phase', () => {
    const printed = new Printed();
    printed.at(0, { event: 'process.started', role: 'program', pid: 7 });
    printed.at(1, { event: 'peer.state', peer: 'bob', state: 'up', reason: 'joined' });
    printed.at(1, { event: 'peer.state', peer: 'carol', state: 'up', reason: 'joined' });
    printed.at(2, {
      event: 'run.started',
      job: 'j',
      parties: ['alice', 'bob', 'carol'],
      ownRunId: 'r1',
    });
    printed.at(3, started('0', 'task'));
    printed.at(5, finished('0', 'task', STEP_TOLD_FROM_MS));
    printed.at(6, {
      event: 'verdict',
      outcome: 'completed',
      code: null,
      origin: null,
      stepId: null,
      stepName: null,
      digest: 'd',
      incident: null,
      blame: null,
      retryable: false,
      attached: [],
    });
    printed.at(7, { event: 'process.exited', role: 'program', pid: 7, code: 0, signal: null });
    printed.at(7, { event: 'reclaimed', items: {}, leftovers: [] });
    assert.deepEqual(printed.lines, [
      '1 bob and carol have joined',
      '2 run r1 with bob, carol',
      '5 step 0 "s0" completed after 1.0 s',
      '6 verdict: completed, took part in 1 step',
    ]);
  });

  it('says in one line that a party is cancelled, however many parties say so', () => {
    const parties = ['alice', 'bob', 'carol'];
    const about = { stepId: null, stepName: null, blame: 'user', retryable: true } as const;
    const code = 'CANCELLED';
    const cancel = (printed: Printed, party: string): void => {
      for (const origin of parties) {
        const message = 'cancelled by the operator';
        printed.at(
          1,
          { event: 'failure', code, origin, reporter: origin, incident: `i-${origin}`, message, ...about },
          party,
        );
      }
      const verdict = { event: 'verdict', outcome: 'failed', code, origin: 'alice' } as const;
      printed.at(2, { ...verdict, digest: 'd', incident: 'i-alice', attached: [], ...about }, party);
    };
    const local = new Printed(parties);
    for (const party of parties) cancel(local, party);
    assert.deepEqual(local.lines, ['1 is cancelled', '1 is cancelled', '1 is cancelled']);
    const run = new Printed();
    cancel(run, 'alice');
    assert.deepEqual(run.lines, ['1 failure CANCELLED at alice: cancelled by the operator']);
  });

  it('says soon whom a party waits for to come, and then as seldom as anything else', () => {
    const printed = new Printed();
    printed.look(1, 70);
    assert.deepEqual(printed.lines, ['3 waits for bob, carol to join', '63 waits for bob, carol to join']);
    assert.equal(JOIN_TOLD_FROM_MS, 3_000);
  });

  it('says nothing of a program that was not needed any more', () => {
    const printed = new Printed();
    const about = { stepId: null, stepName: null, blame: 'user', retryable: false } as const;
    const verdict = { event: 'verdict', outcome: 'failed', code: 'AUTH_FAILED', origin: 'bob' } as const;
    printed.at(1, { ...verdict, digest: 'd', incident: 'i', attached: [], ...about });
    const gone = { event: 'process.exited', role: 'program', pid: 7, code: null, signal: 'SIGKILL' } as const;
    printed.at(1, { ...gone, endedByPrivity: 'because the run could not begin' });
    assert.deepEqual(printed.lines, ['1 verdict: AUTH_FAILED at bob']);
  });

  it('is no flood, however many short steps a job has', () => {
    const printed = new Printed();
    printed.joined();
    for (let i = 0; i < 5_000; i += 1) {
      printed.at(1, started(`${i}`, i % 2 ? 'task' : 'exchange'));
      printed.at(1, finished(`${i}`, i % 2 ? 'task' : 'exchange', STEP_TOLD_FROM_MS - 1));
    }
    printed.look(2, 60);
    assert.ok(printed.lines.length < 3, printed.lines.join('\n'));
  });

  it('says a step whose input a busy peer still makes once, and again only after a minute', () => {
    const printed = new Printed();
    printed.joined();
    printed.at(0, started('3', 'reveal'));
    for (let second = 1; second <= 75; second += 1)
      printed.look(second, second, [waits('3', second * 1_000)]);
    assert.deepEqual(printed.lines, [
      '10 waits for bob, step 3 "s3" (10.0 s)',
      '70 waits for bob, step 3 "s3" (1 min 10 s)',
    ]);
    assert.equal(SAME_AGAIN_MS, 60_000);
  });

  it('says nothing of steps that wait beside work of the own', () => {
    const printed = new Printed();
    printed.joined();
    printed.at(0, started('3', 'reveal'));
    printed.at(0, started('2', 'task', 'score'));
    for (let second = 1; second <= 15; second += 1)
      printed.look(second, second, [waits('3', second * 1_000)]);
    assert.deepEqual(printed.lines, ['10 score (10.0 s)']);
  });

  it('shows rows, rate and time left of a long psi every ten seconds', () => {
    const printed = new Printed();
    printed.joined();
    printed.at(0, started('2', 'psi', 'psi on id'));
    for (let second = 1; second <= 30; second += 1) {
      const done = second * 10_000;
      printed.look(second, second, [{ event: 'step.progress', stepId: '2', done, total: 2_000_000 }]);
    }
    printed.at(31, finished('2', 'psi', 31_000));
    assert.equal(ONGOING_INTERVAL_MS, 10_000);
    assert.deepEqual(printed.lines, [
      '10 psi on id 5%, 100 000 of 2 000 000 rows, 10 000 a second, 3 min 10 s left (10.0 s)',
      '20 psi on id 10%, 200 000 of 2 000 000 rows, 10 000 a second, 3 min 0 s left (20.0 s)',
      '30 psi on id 15%, 300 000 of 2 000 000 rows, 10 000 a second, 2 min 50 s left (30.0 s)',
      '31 step 2 psi "s2" completed after 31.0 s',
    ]);
  });

  it('tells how every process has ended that should not have', () => {
    const printed = new Printed();
    printed.joined();
    printed.at(1, { event: 'process.exited', role: 'program', pid: 7, code: null, signal: 'SIGKILL' });
    printed.at(2, { event: 'peer.state', peer: 'bob', state: 'suspect' });
    assert.deepEqual(printed.lines, ['1 program process 7 was killed by SIGKILL', '2 bob is suspect']);
  });
});

describe('progress', () => {
  it('has a rate when there is enough to tell it from, and no estimate for what is not even', () => {
    const first = progressed(undefined, 0, 100, START);
    assert.equal(progressText('psi', first), ' 0%, 0 of 100 rows');
    assert.equal(progressText('psi', progressed(first, 50, 100, START + 1_999)), ' 50%, 50 of 100 rows');
    assert.equal(
      progressText('psi', progressed(first, 50, 100, START + 5_000)),
      ' 50%, 50 of 100 rows, 10 a second, 5 s left',
    );
    assert.equal(
      progressText('psi', progressed(first, 100, 100, START + 10_000)),
      ' 100%, 100 of 100 rows, 10 a second, under 1 s left',
    );
    assert.equal(
      progressText('exchange', progressed(first, 50, 100, START + 5_000)),
      ' 50%, 50 of 100 operations',
    );
    assert.equal(progressText('task', undefined), '');
    assert.equal(progressText('psi', progressed(undefined, 0, 0, START)), '');
  });
});
