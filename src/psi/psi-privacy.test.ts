import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { cleanUp, intersect } from '../../test/parts/psi-parties.ts';
import { systemRandom } from '../base/system.ts';
import type { Random } from '../contracts/random.ts';
import { relationOf } from '../data/table.ts';
import { tableOf } from '../data/table-of.ts';
import { keyDigests } from './keys.ts';
import { PART_HEADER_BYTES } from './messages.ts';
import { loadCurve } from './protocols/dh/curve.ts';
import { blindIds, CURVE_DST } from './protocols/dh/curve-tasks.ts';

after(cleanUp);

const tableOfIds = (list: readonly string[]) => tableOf({ id: [...list] });

describe('what the peer sees', () => {
  const rows = 300;
  const secretIds = Array.from({ length: rows }, (_, i) => `canary-${String(i).padStart(6, '0')}`);

  it('no id, no digest of an id, no hash of an id to the curve', async () => {
    const table = await tableOfIds(secretIds);
    const { frames } = await intersect({ table }, { table });
    const seen = Buffer.concat(frames.flat());
    const digests = await keyDigests(relationOf(table), ['id'], new AbortController().signal);
    const hashes = (await loadCurve()).encode(digests, 32, CURVE_DST);
    assert.ok(!seen.includes('canary'));
    for (let i = 0; i < rows; i++) {
      assert.ok(!seen.includes(Buffer.from(digests.subarray(32 * i, 32 * i + 12))));
      assert.ok(!seen.includes(Buffer.from(hashes.subarray(32 * i, 32 * i + 12))));
    }
  });

  it('nothing that two runs have in common', async () => {
    const table = await tableOfIds(secretIds);
    const runs = [await intersect({ table }, { table }), await intersect({ table }, { table })];
    const [first, second] = runs.map(({ frames }) => pointsOf(frames[0] ?? []));
    assert.equal(first?.length, rows);
    assert.ok(!first?.some((point) => second?.includes(point)));
  });

  /** Where each row's point stands in what alice sends, given the key that her source of randomness was made to use. */
  async function orderSent(random: Random, key: Uint8Array): Promise<readonly number[]> {
    const table = await tableOfIds(secretIds);
    const { frames } = await intersect({ table, context: { random } }, { table });
    const digests = await keyDigests(relationOf(table), ['id'], new AbortController().signal);
    const points = blindIds(await loadCurve(), key, digests) ?? new Uint8Array();
    const sent = pointsOf(frames[0] ?? []);
    return Array.from({ length: rows }, (_, row) =>
      sent.indexOf(Buffer.from(points.subarray(32 * row, 32 * row + 32)).toString('hex')),
    );
  }

  it('not the order of the rows', async () => {
    const key = systemRandom.bytes(32);
    const random: Random = {
      bytes: (length) => (length === 32 ? new Uint8Array(key) : systemRandom.bytes(length)),
    };
    const places = await orderSent(random, key);
    assert.deepEqual(
      [...places].sort((a, b) => a - b),
      Array.from({ length: rows }, (_, i) => i),
    );
    assert.ok(Math.abs(correlation(places)) < 0.3, 'places follow rows');
    // Spearman's coefficient of 300 random places has a deviation of 0.058.
  });

  it('and the check for that sees an order that was not shuffled', async () => {
    const key = systemRandom.bytes(32);
    // Each draw gives the last index of those left, so every element is swapped with itself: a planted identity
    // shuffle.
    const random: Random = {
      bytes: (length) => (length === 32 ? new Uint8Array(key) : identityDraws(rows, length)),
    };
    assert.ok(correlation(await orderSent(random, key)) > 0.99);
  });
});

function identityDraws(rows: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  for (let last = rows - 1, at = 0; last > 0 && at < length; last--, at += 4) view.setUint32(at, last, true);
  return new Uint8Array(view.buffer);
}

function pointsOf(frames: readonly Uint8Array[]): string[] {
  const points: string[] = [];
  for (const frame of frames) {
    if (frame[4] !== 2) continue;
    for (let at = PART_HEADER_BYTES; at < frame.byteLength; at += 32) {
      points.push(Buffer.from(frame.subarray(at, at + 32)).toString('hex'));
    }
  }
  return points;
}

/** Spearman's rank correlation of places with their index. */
function correlation(places: readonly number[]): number {
  const n = places.length;
  const squares = places.reduce((sum, place, index) => sum + (place - index) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}
