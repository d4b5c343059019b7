import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { CHUNK_WORDS } from './kernels/kernels.ts';
import { Prg, SEED_BYTES } from './prg.ts';

test('a stream gives the words of AES-128 in counter mode, however it is asked for them', () => {
  const seed = new Uint8Array(SEED_BYTES).fill(7);
  const draws: number[] = [];
  const stream = new Prg(seed, 'test', (_, from) => draws.push(from));
  const given: bigint[] = [];
  // Around what is made ahead, which grows, and beyond it.
  for (const count of [1, 500, 12, 600, 3000, 1, CHUNK_WORDS, 9000, 5, 8192, 8193, 2])
    given.push(...stream.next(count));
  const zeros = new Uint8Array(8 * given.length);
  const wanted = createCipheriv('aes-128-ctr', seed, new Uint8Array(16)).update(zeros);
  assert.deepEqual(Buffer.from(BigUint64Array.from(given).buffer), wanted);
  assert.equal(stream.drawn, given.length);
  assert.deepEqual(draws.slice(0, 4), [0, 1, 501, 513]);
  stream.destroy();
  assert.throws(() => stream.next(1));
});
