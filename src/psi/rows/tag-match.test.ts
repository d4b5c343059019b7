/** Matching of tags: what a map finds, whatever the tags are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededBytes, seededRandom } from '../../../test/parts/seeded-bytes.ts';
import type { RowKernels } from './row-kernel-types.ts';
import { typescriptRowKernels } from './row-kernels.ts';
import { NO_ROW } from './tag-match.ts';
import { wasmRowKernels } from './wasm-row-kernels.ts';

const random = seededRandom('seeds');

async function both(): Promise<readonly RowKernels[]> {
  const wasm = await wasmRowKernels();
  assert.ok(wasm !== undefined);
  return [wasm, typescriptRowKernels];
}

/** Own tags, and as many of the peer's, of which `common` are own ones from the end. */
function lists(own: number, peer: number, common: number, bytes: number) {
  const ours = seededBytes(`own ${own} ${bytes}`, own * bytes);
  const theirs = seededBytes(`peer ${peer} ${bytes}`, peer * bytes);
  const expected = new Uint32Array(peer).fill(NO_ROW);
  for (let i = 0; i < common; i++) {
    const [at, row] = [peer - 1 - 3 * i, own - 1 - i];
    theirs.set(ours.subarray(row * bytes, (row + 1) * bytes), at * bytes);
    expected[at] = row;
  }
  return { own: ours, peer: theirs, expected };
}

describe('matching of tags', () => {
  it('finds the own row of each tag', async () => {
    for (const kernels of await both()) {
      for (let bytes = 6; bytes <= 16; bytes++) {
        const cases = [
          [0, 0, 0],
          [0, 3, 0],
          [3, 0, 0],
          [1, 1, 0],
          [1, 1, 1],
          [2, 5, 2],
          [700, 300, 90],
        ] as const;
        for (const [ownRows, peerRows, common] of cases) {
          const { own, peer, expected } = lists(ownRows, peerRows, common, bytes);
          assert.deepEqual(kernels.matchTags(own, peer, bytes, random), { rows: expected });
        }
      }
      const { own, peer, expected } = lists(20_000, 30_000, 9000, 11);
      assert.deepEqual(kernels.matchTags(own, peer, 11, random), { rows: expected });
    }
  });

  it('tells tags that differ in one bit', async () => {
    for (const kernels of await both()) {
      for (const bytes of [6, 7, 8, 9, 11, 16]) {
        const own = new Uint8Array(bytes);
        const peer = new Uint8Array(8 * bytes * bytes);
        for (let bit = 0; bit < 8 * bytes; bit++) peer[bit * bytes + (bit >> 3)] = 1 << (bit & 7);
        const expected = new Uint32Array(8 * bytes).fill(NO_ROW);
        assert.deepEqual(kernels.matchTags(own, peer, bytes, random), { rows: expected });
      }
    }
  });

  it('says whose list has a tag twice', async () => {
    for (const kernels of await both()) {
      const { own, peer } = lists(5000, 4000, 1000, 11);
      const twice = (tags: Uint8Array, from: number, to: number): Uint8Array => {
        const changed = tags.slice();
        changed.set(tags.subarray(11 * from, 11 * from + 11), 11 * to);
        return changed;
      };
      // One that matches, at the end of the peer's list, and one that does not.
      for (const from of [3999, 3]) {
        const outcome = kernels.matchTags(own, twice(peer, from, 2000), 11, random);
        assert.deepEqual(outcome, { repeated: 'peer' });
      }
      assert.deepEqual(kernels.matchTags(twice(own, 17, 4000), peer, 11, random), { repeated: 'own' });
      const outcome = kernels.matchTags(twice(own, 17, 4000), twice(peer, 3, 2000), 11, random);
      assert.deepEqual(outcome, { repeated: 'own' });
    }
  });

  it('is as fast for one tag many times', async () => {
    const [kernels] = await both();
    const tags = new Uint8Array(11 * 300_000);
    assert.deepEqual(kernels?.matchTags(tags, tags, 11, random), { repeated: 'own' });
    assert.deepEqual(kernels?.matchTags(new Uint8Array(), tags, 11, random), { repeated: 'peer' });
  });

  it('takes another seed where tags were chosen for the one it had, and no more than three', async () => {
    const [kernels] = await both();
    const seed = seededBytes('known seed', 32);
    const tags = crowdedTags(seed, 1500);
    let draws = 0;
    const known = { bytes: () => (draws++ === 0 ? seed : seededBytes('unknown seed', 32)) };
    const expected = Uint32Array.from({ length: 1500 }, (_, row) => row);
    assert.deepEqual(kernels?.matchTags(tags, tags, 16, known), { rows: expected });
    assert.equal(draws, 2);
    assert.throws(() => kernels?.matchTags(tags, tags, 16, { bytes: () => seed }), /crowd the table/);
  });

  it('tells tags apart of which a table keeps the same', async () => {
    const seed = seededBytes('known seed', 32);
    // Bits 20 … 51 of their hashes are 0, and those that say the part are not looked at yet.
    const tags = crowdedTags(seed, 300, 52n);
    const [own, peer] = [tags.subarray(0, 16 * 200), tags.subarray(16 * 100)];
    const expected = Uint32Array.from({ length: 200 }, (_, at) => (at < 100 ? at + 100 : NO_ROW));
    for (const kernels of await both()) {
      assert.deepEqual(kernels.matchTags(own, peer, 16, { bytes: () => seed }), { rows: expected });
    }
  });

  it('refuses tags of another size', async () => {
    for (const kernels of await both()) {
      for (const bytes of [5, 17, 6.5]) {
        assert.throws(
          () => kernels.matchTags(new Uint8Array(), new Uint8Array(), bytes, random),
          /impossible size/,
        );
      }
      assert.throws(() => kernels.matchTags(new Uint8Array(7), new Uint8Array(6), 6, random), /another size/);
      assert.throws(() => kernels.matchTags(new Uint8Array(6), new Uint8Array(7), 6, random), /another size/);
    }
  });
});

const WORD = (1n << 64n) - 1n;

/** Tags of 16 bytes that a table with this seed puts to one place: its hash, backwards. */
function crowdedTags(seed: Uint8Array, count: number, shift = 40n): Uint8Array {
  const [s0, s1, s2, s3] = new BigUint64Array(new Uint8Array(seed).buffer) as unknown as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const first = (((s0 ^ 0n) * (s1 | 1n)) & WORD) as bigint;
  const afterLow = first ^ (first >> 32n);
  const words = new BigUint64Array(2 * count);
  for (let i = 0; i < count; i++) {
    // Of bits 20 … 51, the lowest say the place.
    const hash = (BigInt(i) << shift) & WORD;
    const mixed = hash ^ (hash >> 29n) ^ (hash >> 58n);
    const product = (mixed * inverse(0x9e3779b97f4a7c15n)) & WORD;
    const sum = ((product ^ (product >> 32n)) * inverse(s3 | 1n)) & WORD;
    words[2 * i + 1] = ((sum - afterLow) & WORD) ^ s2;
  }
  return new Uint8Array(words.buffer);
}

/** Modulo 2^64, by Newton's iteration. */
function inverse(odd: bigint): bigint {
  let x = odd;
  for (let i = 0; i < 6; i++) x = (x * (2n - odd * x)) & WORD;
  return x & WORD;
}
