import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { MessagePort } from 'node:worker_threads';
import { Prg } from './prg.ts';
import { release, releaseTogether } from './release.ts';

test('a released array is empty, with all views of its memory', () => {
  const words = new BigUint64Array(8192).fill(7n);
  const view = words.subarray(0, 1);
  release(words);
  assert.deepEqual([words.length, view.length], [0, 0]);
  release(words);
});

test('what is released is zeroed, small or large, before its memory goes', () => {
  const small = new BigUint64Array(16).fill(7n);
  release(small);
  assert.ok(small.length === 16 && small.every((word) => word === 0n));
  const large = new BigUint64Array(8192).fill(7n);
  let zeroed = false;
  const transfer = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = (_value: unknown, list?: readonly unknown[]) => {
    zeroed = new BigUint64Array(list?.[0] as ArrayBuffer).every((word) => word === 0n);
  };
  try {
    release(large);
  } finally {
    MessagePort.prototype.postMessage = transfer;
  }
  assert.ok(zeroed);
});

test('parts of others and shared memory stay', () => {
  const part = new BigUint64Array(16_384).fill(7n).subarray(0, 8192);
  const shared = new BigUint64Array(new SharedArrayBuffer(65_536)).fill(7n);
  for (const words of [part, shared]) {
    release(words);
    assert.ok(words.length > 0 && words.every((word) => word === 7n));
  }
});

test('arrays that are together all of a buffer are released together, others are not', () => {
  const half = (words: BigUint64Array, at: number): BigUint64Array => words.subarray(at, at + 4096);
  const words = new BigUint64Array(8192);
  releaseTogether([half(words, 0)]);
  releaseTogether([half(words, 0), half(new BigUint64Array(8192), 4096)]);
  assert.equal(words.length, 8192);
  releaseTogether([half(words, 0), half(words, 4096)]);
  assert.equal(words.length, 0);
});

test('requests of any size give one stream, and what the last one gave ends with the next', () => {
  const seed = randomBytes(16);
  const [pieces, whole] = [new Prg(seed, 'pieces'), new Prg(seed, 'whole')];
  const got: bigint[] = [];
  let last = new BigUint64Array();
  for (const count of [3, 600, 16_384, 1, 16_384, 16_384, 10_000]) {
    last = pieces.next(count) as typeof last;
    got.push(...last);
  }
  assert.deepEqual(BigUint64Array.from(got), whole.words(got.length));
  pieces.next(16_384);
  assert.equal(last.length, 0);
});
