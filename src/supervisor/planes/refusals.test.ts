import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import { boundedRefusals, REFUSALS_TOLD_MAX } from './refusals.ts';

test('refused diallers do not fill the log: so many are told of a minute, then how many there were', () => {
  let now = 5;
  const log: string[] = [];
  const refused = boundedRefusals({ ...systemClock, now: () => now }, (line) => log.push(line));
  const error = new PeerError('PRIVITY_PEER_KEY_UNKNOWN', 'a dialler was refused');
  for (let i = 0; i < 10_000; i++) refused(error);
  assert.equal(log.length, REFUSALS_TOLD_MAX + 1);
  assert.match(log.at(-1) ?? '', /counted only/);
  now += 60_000;
  refused(error);
  assert.deepEqual(log.slice(-2), [
    `${10_000 - REFUSALS_TOLD_MAX} more diallers were refused`,
    error.message,
  ]);
});
