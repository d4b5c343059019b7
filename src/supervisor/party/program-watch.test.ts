import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock, Timer } from '../../contracts/index.ts';
import { ProgramWatch } from './program-watch.ts';

const DEADLINE_MS = 5_000;
/** Longer than a program may take to answer. */
const ANSWER_MS = 2_000;
const ASK_MS = 1_000;

/** Time that passes when the test says so, with the timers that fall due on the way, in order. */
class TestClock implements Clock {
  #now = 0;
  readonly #due = new Set<{ readonly at: number; readonly run: () => void }>();

  get waiting(): number {
    return this.#due.size;
  }

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

/** `lives`: the program answers at once, while it is true. */
function watched() {
  const clock = new TestClock();
  const said: string[] = [];
  const program = { lives: true, asked: 0 };
  const watch: ProgramWatch = new ProgramWatch({
    clock,
    stepDeadlineMs: DEADLINE_MS,
    ask: () => {
      program.asked += 1;
      if (program.lives) watch.answered();
    },
    answering: (answers) => said.push(answers ? 'answers' : 'busy'),
    expired: (stepId, isStuck) => said.push(`${stepId} ${isStuck ? 'stuck' : 'slow'}`),
  });
  return { clock, said, watch, program };
}

describe('watch over the program', () => {
  it('a step that is late is slow if the program answers', () => {
    const { clock, said, watch } = watched();
    watch.stepStarted('1');
    watch.stepStarted('2');
    clock.advance(DEADLINE_MS);
    assert.deepEqual(said, ['1 slow', '2 slow']);
    clock.advance(10 * DEADLINE_MS);
    assert.equal(said.length, 2);
  });

  it('and stuck if it does not', () => {
    const { clock, said, watch, program } = watched();
    program.lives = false;
    watch.stepStarted('1');
    clock.advance(DEADLINE_MS + ANSWER_MS - 1);
    assert.deepEqual(said, []);
    clock.advance(1);
    assert.deepEqual(said, ['1 stuck']);
  });

  it('a step that is finished in time is neither', () => {
    const { clock, said, watch, program } = watched();
    watch.stepStarted('1');
    clock.advance(DEADLINE_MS - 1);
    watch.stepFinished('1');
    clock.advance(10 * DEADLINE_MS);
    assert.deepEqual(said, []);
    assert.equal(program.asked, 0);
  });

  it("counts the shorter of the job's deadline and the party's", () => {
    const { clock, said, watch } = watched();
    watch.limitSteps(undefined);
    watch.limitSteps(1_000);
    watch.stepStarted('1');
    clock.advance(1_000);
    assert.deepEqual(said, ['1 slow']);
    const other = watched();
    other.watch.limitSteps(2 * DEADLINE_MS);
    other.watch.stepStarted('1');
    other.clock.advance(DEADLINE_MS);
    assert.deepEqual(other.said, ['1 slow']);
  });

  it('says once that the program is busy, and once that it answers again', () => {
    const { clock, said, watch, program } = watched();
    watch.start();
    clock.advance(2 * ASK_MS);
    assert.deepEqual(said, []);
    program.lives = false;
    clock.advance(3 * ASK_MS);
    assert.deepEqual(said, ['busy']);
    watch.answered();
    assert.deepEqual(said, ['busy', 'answers']);
    assert.equal(program.asked, 6);
  });

  it('a program that does not answer for as long as a step may take is stuck, without any step', () => {
    const { clock, said, watch, program } = watched();
    watch.start();
    clock.advance(3 * DEADLINE_MS);
    program.lives = false;
    clock.advance(ASK_MS + DEADLINE_MS + ANSWER_MS);
    assert.deepEqual(said, ['busy', 'null stuck']);
  });

  it('nothing is said, asked or awaited after the end', () => {
    const { clock, said, watch, program } = watched();
    program.lives = false;
    watch.start();
    watch.stepStarted('1');
    watch.stop();
    assert.equal(clock.waiting, 0);
    watch.answered();
    clock.advance(10 * DEADLINE_MS);
    assert.deepEqual(said, []);
    assert.equal(program.asked, 1);
  });
});
