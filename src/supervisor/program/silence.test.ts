import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Silence } from './silence.ts';

describe('silence of peers', () => {
  it('names who has not been heard for the limit', () => {
    const silence = new Silence(['bob', 'carol'], 1_000, 0);
    for (let now = 1_000; now <= 4_000; now += 1_000) {
      silence.heard('carol', now);
      assert.deepEqual(silence.silent(5_000, now), []);
    }
    assert.deepEqual(silence.silent(5_000, 5_000), ['bob']);
    silence.heard('bob', 5_500);
    assert.deepEqual(silence.silent(5_000, 6_000), []);
  });

  it('does not count the time in which this process did not run', () => {
    const silence = new Silence(['bob'], 1_000, 0);
    assert.deepEqual(silence.silent(5_000, 20_000), []);
    assert.deepEqual(silence.silent(5_000, 21_000), []);
    for (let now = 22_000; now < 25_000; now += 1_000) silence.silent(5_000, now);
    assert.deepEqual(silence.silent(5_000, 25_000), ['bob']);
  });
});
