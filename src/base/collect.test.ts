import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { collectEvery } from './collect.ts';

describe('a collection after so many bytes', () => {
  const own = globalThis.gc;
  afterEach(() => {
    globalThis.gc = own;
  });

  /** Collections that were asked for. */
  function asked(): unknown[] {
    const all: unknown[] = [];
    globalThis.gc = ((options: unknown) => void all.push(options)) as typeof globalThis.gc;
    return all;
  }

  it('is asked for once they have been read, however they came, and then again', () => {
    const all = asked();
    const onRead = collectEvery(100);
    for (const bytes of [60, 39]) onRead(bytes);
    assert.equal(all.length, 0);
    onRead(1);
    assert.deepEqual(all, [{ type: 'minor' }]);
    for (const bytes of [99, 1000]) onRead(bytes);
    assert.equal(all.length, 2);
  });

  it('is none where the process may not ask', () => {
    globalThis.gc = undefined;
    collectEvery(1)(2);
  });
});
