import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pulse } from './pulse.ts';

/** Timers that fire when the test says so. */
function manualClock() {
  let due: (() => void) | null = null;
  return {
    clock: {
      now: () => 0,
      wallTime: () => 0,
      after: (_: number, callback: () => void) => {
        due = callback;
        const cancel = () => {
          due = null;
        };
        return { cancel };
      },
    },
    fire: () => due?.(),
    isSet: () => due !== null,
  };
}

describe('pulse of the program', () => {
  it('says once that the program is busy, and once that it answers again', () => {
    const { clock, fire, isSet } = manualClock();
    const said: boolean[] = [];
    let asked = 0;
    const pulse = new Pulse(
      clock,
      () => asked++,
      (answers) => said.push(answers),
    );
    pulse.start();
    pulse.answered();
    fire();
    assert.deepEqual(said, []);
    fire();
    fire();
    assert.deepEqual(said, [false]);
    pulse.answered();
    assert.deepEqual(said, [false, true]);
    assert.equal(asked, 4);
    pulse.stop();
    assert.ok(!isSet());
  });
});
