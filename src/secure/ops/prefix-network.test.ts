import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Level, prefixNetwork } from './prefix-network.ts';

/** What stands at each place in the end, where each began with its own number. */
function prefixesOf(places: number, levels: readonly Level[]): string[] {
  let there = Array.from({ length: places }, (_, i) => ` ${i}`);
  for (const { from, to } of levels) {
    const next = [...there];
    to.forEach((place, i) => {
      next[place] = `${there[from[i] as number]}${there[place]}`;
    });
    there = next;
  }
  return there;
}

const wanted = (places: number): string[] =>
  Array.from({ length: places }, (_, i) => Array.from({ length: i + 1 }, (_, j) => ` ${j}`).join(''));

const SIZES = [...Array.from({ length: 40 }, (_, i) => i + 1), 63, 64, 65, 100, 257];

describe('a network of prefixes', () => {
  for (const k of [0, 1, 2, 3]) {
    it(`gives every prefix, in as many levels and operations as it says: P_${k}`, () => {
      for (const places of SIZES) {
        const levels = prefixNetwork(places, k);
        assert.deepEqual(prefixesOf(places, levels), wanted(places), `${places}`);
        assert.ok(levels.length <= Math.ceil(Math.log2(places)) + k, `${places}: ${levels.length} levels`);
        const operations = levels.reduce((sum, { to }) => sum + to.length, 0);
        assert.ok(operations <= 2 * (1 + 2 ** -k) * places, `${places}: ${operations} operations`);
      }
    });
  }

  it('would be found to be none: without any one of its operations', () => {
    const levels = prefixNetwork(13, 3);
    for (const [at, { from, to }] of levels.entries())
      for (const place of to.keys()) {
        const without = (list: Uint32Array): Uint32Array => list.filter((_, i) => i !== place);
        const cut = levels.with(at, { from: without(from), to: without(to) });
        assert.notDeepEqual(prefixesOf(13, cut), wanted(13));
      }
  });
});
