import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { systemRandom } from '../base/system.ts';
import { matchTags, type PsiTags } from './match.ts';

const never = new AbortController().signal;
const TAG_BYTES = 6;

/** Tags that begin alike, so that most of their order lies in their last bytes. */
const tagsOf = (numbers: readonly number[]): Uint8Array => {
  const tags = new Uint8Array(TAG_BYTES * numbers.length);
  for (const [at, number] of numbers.entries())
    new DataView(tags.buffer).setUint16(TAG_BYTES * at + 4, number);
  return tags;
};

const listOf = (own: readonly number[], peer: readonly number[]): PsiTags => ({
  tagBytes: TAG_BYTES,
  own: tagsOf(own),
  peer: tagsOf(peer),
  tagsEach: 1,
  compared: 0,
  ordering: 0,
});

describe('matching tags', () => {
  it('gives the places of those that both have, sorted by their tags (law)', async () => {
    const list = fc.uniqueArray(fc.nat(300), { maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(list, list, async (own, peer) => {
        const both = own.filter((tag) => peer.includes(tag)).sort((a, b) => a - b);
        const here = await matchTags(listOf(own, peer), systemRandom, never);
        const there = await matchTags(listOf(peer, own), systemRandom, never);
        assert.deepEqual(
          [...here.places].map((place) => own[place]),
          both,
        );
        assert.deepEqual(
          [...there.places].map((place) => peer[place]),
          both,
        );
        assert.deepEqual(here.digests, there.digests);
        assert.notDeepEqual(here.digests[0], here.digests[1]);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a tag that stands twice, in either list, whether it matches or not', async () => {
    for (const [own, peer] of [
      [[1, 2, 1], [2]],
      [[2], [7, 2, 7]],
    ] as const)
      await assert.rejects(matchTags(listOf(own, peer), systemRandom, never), { code: 'PRIVITY_PSI_CHECK' });
  });

  it('ends with the reason of an abort', async () => {
    const reason = new Error('verdict');
    await assert.rejects(matchTags(listOf([1], [1]), systemRandom, AbortSignal.abort(reason)), reason);
  });
});
