import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, systemRandom } from './system.ts';

const clock = systemClock;
const random = systemRandom;

test('timers fire once, in order of their delay, and not when cancelled', async () => {
  const fired: string[] = [];
  const alive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => {
    clock.after(30, resolve);
    clock.after(5, () => fired.push('late'));
    clock.after(-1, () => fired.push('early'));
    const cancelled = clock.after(1, () => fired.push('never'));
    cancelled.cancel();
    cancelled.cancel();
  });
  clearInterval(alive);
  assert.deepEqual(fired, ['early', 'late']);
});

test('a delay longer than the platform takes does not fire at once', async () => {
  let isFired = false;
  const timer = clock.after(2 ** 33, () => {
    isFired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(isFired, false);
  timer.cancel();
});

test('the monotonic clock does not go back; random bytes differ', () => {
  const from = clock.now();
  assert.ok(clock.now() >= from);
  assert.ok(Math.abs(clock.wallTime() - Date.now()) < 1000);
  assert.equal(random.bytes(16).length, 16);
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
});
