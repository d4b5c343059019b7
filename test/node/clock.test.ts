/** A clock that is set back: time goes on, nothing that was over begins again, and no attempt is made twice. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { SET_BACK_MS_MAX, steadyClock } from '../../src/node/core/steady-clock.ts';
import { firstLife, IDLE, lifeStep } from '../../src/node/life/life.ts';
import type { LifeEvent, LifeFacts, Step } from '../../src/node/life/life-types.ts';

const HOUR_MS = 3_600_000;

function machine() {
  const at = { now: 0, wall: 1_800_000_000_000 };
  const clock = { now: () => at.now, wallTime: () => at.wall, after: () => ({ cancel: () => undefined }) };
  return {
    steady: steadyClock(clock),
    at,
    pass(ms: number): void {
      at.now += ms;
      at.wall += ms;
    },
  };
}

it('goes on when it is set back by an hour, and is right again two hours later', () => {
  const { steady, at, pass } = machine();
  const before = steady.wallTime();
  at.wall -= HOUR_MS;
  assert.equal(steady.wallTime(), before);
  pass(1_000);
  assert.equal(steady.wallTime(), before + 500);
  pass(2 * HOUR_MS);
  assert.equal(steady.wallTime(), at.wall);
  at.wall += HOUR_MS;
  assert.equal(steady.wallTime(), at.wall);
  at.wall -= SET_BACK_MS_MAX + 1;
  assert.equal(steady.wallTime(), at.wall, 'one that was wrong by days is believed');
});

it('never runs back, and never stands still, however often the clock is set', () => {
  const change = fc.record({ passMs: fc.nat(HOUR_MS), setMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const { steady, at, pass } = machine();
      let last = steady.wallTime();
      for (const { passMs, setMs } of changes) {
        pass(passMs);
        at.wall += setMs;
        const now = steady.wallTime();
        assert.ok(now >= last + Math.trunc(passMs / 2) - 1, `${now} after ${last} and ${passMs} ms`);
        last = now;
      }
    }),
  );
});

it('no attempt and no occurrence is begun twice, whatever the clock says', () => {
  const facts: LifeFacts = {
    ...{ self: 'alice', proposer: 'alice', parties: ['alice'], attemptsMax: 2, expiresAt: 20 * HOUR_MS },
    due: (nth, after) => (nth > 4 ? null : (Math.floor(after / HOUR_MS) + 1) * HOUR_MS),
  };
  const events: readonly LifeEvent[] = [
    { type: 'answer', party: 'alice', answer: 'approved' },
    { type: 'tick' },
    { type: 'place' },
    { type: 'staged' },
    { type: 'ended', completed: true, again: false },
    { type: 'ended', completed: false, again: true },
  ];
  const happening = fc.record({ event: fc.constantFrom(...events), now: fc.nat(24 * HOUR_MS) });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
      let step: Step = { life: firstLife(facts), intent: IDLE, effects: [] };
      let [begun, dueAt] = [0, 0];
      for (const { event, now } of happenings) {
        step = lifeStep({ ...step, effects: [] }, facts, event, now, 0);
        assert.ok(step.life.dueAt >= dueAt, 'an occurrence is due before the one before it');
        dueAt = step.life.dueAt;
        for (const effect of step.effects) {
          if (effect.type !== 'start') continue;
          const nth = effect.occurrence * 10 + effect.attempt;
          assert.ok(nth > begun, `${nth} begins after ${begun}`);
          begun = nth;
        }
      }
    }),
  );
});
