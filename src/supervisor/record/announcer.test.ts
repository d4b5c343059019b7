/** In which order, and with which times, a party says what has happened to it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../contracts/index.ts';
import type { Failure } from '../../coordination/failure.ts';
import type { Outcome } from '../../coordination/types.ts';
import type { RunEvent } from '../../observe/events.ts';
import { Announcer } from './announcer.ts';
import { DETAIL_WAIT_MS, EventsInOrder } from './events-in-order.ts';

const own: Failure = {
  code: 'TASK_FAILED',
  origin: 'alice',
  reporter: 'alice',
  incident: 'own',
  stepId: '1',
};
const others: Failure = { ...own, origin: 'bob', reporter: 'bob', incident: 'others' };
const outcome: Outcome = { result: 'failed', failure: own, attached: [others], digest: 'd' } as Outcome;

function handClock() {
  let now = 0;
  const due = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const clock: Clock = {
    now: () => now,
    wallTime: () => now,
    after: (ms, callback) => {
      const entry = { atMs: now + ms, callback };
      due.add(entry);
      return { cancel: () => void due.delete(entry) };
    },
  };
  const move = (ms: number): void => {
    now += ms;
    for (const { atMs, callback } of due) if (atMs <= now) callback();
  };
  return { ...clock, move };
}

function announced() {
  const clock = handClock();
  const events: RunEvent[] = [];
  const order = new EventsInOrder(
    clock,
    () => undefined,
    (event) => events.push(event),
  );
  const say = new Announcer('alice', 'r', clock, order);
  const told = (): string[] =>
    events.map((one) => ('incident' in one ? `${one.event} ${one.incident}` : one.event));
  const areInOrder = (): boolean =>
    events.every(({ time }, at) => Date.parse(time) >= Date.parse(events[at - 1]?.time ?? time));
  return { clock, say, told, areInOrder };
}

describe('the events of a party', () => {
  it('have its own failure, whose details come later, before what follows from it', () => {
    const { clock, say, told, areInOrder } = announced();
    say.awaitDetail(own);
    clock.move(1);
    say.failure(others, {}, clock.wallTime());
    say.verdict(outcome, clock.wallTime());
    assert.deepEqual(told(), []);
    clock.move(25);
    say.failure(own, { detail: 'Error: no' });
    say.info('after it');
    assert.deepEqual(told(), ['failure own', 'failure others', 'verdict own', 'log']);
    assert.ok(areInOrder());
  });

  it('have times that are in order, though a failure of another waits for its text', () => {
    const { clock, say, told, areInOrder } = announced();
    say.failure({ ...others, said: 'digest' }, {}, clock.wallTime());
    const decidedMs = clock.wallTime();
    clock.move(5);
    say.verdict(outcome, decidedMs);
    assert.deepEqual(told(), ['failure others', 'verdict own']);
    assert.ok(areInOrder());
  });

  it('do not wait for details for long', () => {
    const { clock, say, told } = announced();
    say.awaitDetail(own);
    say.verdict(outcome, clock.wallTime());
    clock.move(DETAIL_WAIT_MS);
    assert.deepEqual(told(), ['verdict own']);
    say.failure(own, { detail: 'Error: no' });
    assert.deepEqual(told(), ['verdict own', 'failure own']);
  });

  it('do not wait when everything is given back', () => {
    const { say, told } = announced();
    say.awaitDetail(own);
    say.info('x');
    say.emit({ event: 'reclaimed', items: {}, leftovers: [] });
    assert.deepEqual(told(), ['log', 'reclaimed']);
  });
});
