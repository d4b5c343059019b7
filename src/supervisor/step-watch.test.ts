import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock, Timer } from '../contracts/index.ts';
import { StepWatch } from './step-watch.ts';

const DEADLINE_MS = 1_000;
/** Longer than a program may take to answer. */
const ANSWER_MS = 2_000;

/** Time that passes when the test says so, with the timers that fall due on the way, in order. */
class TestClock implements Clock {
  #now = 0;
  readonly #due = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = { at: this.#now + delayMs, run };
    this.#due.add(entry);
    return { cancel: () => void this.#due.delete(entry) };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#due.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

function watched() {
  const clock = new TestClock();
  const said: string[] = [];
  let asked = 0;
  const watch = new StepWatch({
    clock,
    stepDeadlineMs: DEADLINE_MS,
    ask: () => {
      asked += 1;
    },
    expired: (stepId, isStuck) => said.push(`${stepId} ${isStuck ? 'stuck' : 'slow'}`),
  });
  return { clock, said, watch, asked: () => asked };
}

describe('deadlines of steps', () => {
  it('a step that is late is slow if the program answers, and stuck if it does not', () => {
    const { clock, said, watch } = watched();
    watch.started('1');
    clock.advance(DEADLINE_MS);
    watch.answered();
    assert.deepEqual(said, ['1 slow']);
    watch.finished('1');
    watch.started('2');
    clock.advance(DEADLINE_MS + ANSWER_MS);
    assert.deepEqual(said, ['1 slow', '2 stuck']);
  });

  it('a step that is finished in time is neither', () => {
    const { clock, said, watch, asked } = watched();
    watch.started('1');
    clock.advance(DEADLINE_MS - 1);
    watch.finished('1');
    clock.advance(10 * DEADLINE_MS);
    assert.deepEqual(said, []);
    assert.equal(asked(), 0);
  });

  it('a program that does not answer for as long is stuck, without any step', () => {
    const { clock, said, watch, asked } = watched();
    watch.watchProgram();
    for (let i = 0; i < 5; i++) {
      watch.answered();
      clock.advance(DEADLINE_MS);
    }
    assert.equal(asked(), 6);
    assert.deepEqual(said, []);
    clock.advance(DEADLINE_MS + ANSWER_MS);
    assert.deepEqual(said, ['null stuck']);
  });

  it('nothing is said after the end', () => {
    const { clock, said, watch } = watched();
    watch.watchProgram();
    watch.started('1');
    watch.stop();
    watch.answered();
    clock.advance(10 * DEADLINE_MS);
    assert.deepEqual(said, []);
  });
});
