/** Counting without telling which: what its receiver sees, and that the check for it would notice a leak. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { cleanUp, fails, intersect, type Party } from '../../../../test/parts/psi-parties.ts';
import { systemRandom } from '../../../base/system.ts';
import type { Random } from '../../../contracts/random.ts';
import { tableOf } from '../../../data/table-of.ts';
import { PART_HEADER_BYTES } from '../../messages.ts';
import { tagBytes } from '../../tags.ts';
import { ANSWERS, CHUNK_IDS, POINTS, TAGS } from './messages.ts';

after(cleanUp);

const ROWS = 300;
const ids = (from: number, rows = ROWS) => Array.from({ length: rows }, (_, i) => `P${from + i}`);
const plan = { cardinality: true } as const;

/** Pieces of this length of what a party sent in messages of a kind, in the order in which it sent them. */
function pieces(frames: readonly Uint8Array[] | undefined, kind: number, length: number): readonly string[] {
  const bodies = (frames ?? [])
    .filter((frame) => frame[4] === kind)
    .map((frame) => frame.subarray(PART_HEADER_BYTES));
  const all = Buffer.concat(bodies);
  return Array.from({ length: all.length / length }, (_, i) =>
    all.subarray(i * length, (i + 1) * length).toString('hex'),
  );
}

const withKey = (key: Uint8Array, draws: (length: number) => Uint8Array): Random => ({
  bytes: (length) => (length === 32 ? new Uint8Array(key) : draws(length)),
});

/** Each draw gives the last index of those left, so every element is swapped with itself. */
function identityDraws(length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(length));
  for (let last = ROWS - 1, at = 0; last > 0 && at < length; last--, at += 4) view.setUint32(at, last, true);
  return new Uint8Array(view.buffer);
}

/** Where the answer to each of alice's points stands among bob's answers. */
async function answerPlaces(bobDraws: (length: number) => Uint8Array): Promise<readonly number[]> {
  const [a, b] = [systemRandom.bytes(32), systemRandom.bytes(32)];
  const party = async (from: number, random: Random): Promise<Party> => ({
    table: await tableOf({ id: ids(from) }),
    context: { random },
  });
  const alice = await party(
    0,
    withKey(a, (length) => systemRandom.bytes(length)),
  );
  const bob = await party(100, withKey(b, bobDraws));
  const width = tagBytes(ROWS, ROWS);
  // The same keys without counting: which tag belongs to which point.
  const open = await intersect(alice, bob);
  const tagOf = new Map<string, string>();
  const tags = pieces(open.frames[1], TAGS, width);
  for (const [at, point] of pieces(open.frames[0], POINTS, 32).entries()) tagOf.set(point, tags[at] ?? '');
  const counted = await intersect({ ...alice, plan }, { ...bob, plan });
  assert.deepEqual(counted.counts, [200, 200]);
  assert.deepEqual(pieces(counted.frames[1], TAGS, width), [], 'no tag in the order of the points');
  const answered = pieces(counted.frames[1], ANSWERS, width);
  const places = pieces(counted.frames[0], POINTS, 32).map((point) =>
    answered.indexOf(tagOf.get(point) ?? ''),
  );
  assert.deepEqual(
    [...places].sort((x, y) => x - y),
    Array.from({ length: ROWS }, (_, i) => i),
    'one answer for each point',
  );
  return places;
}

/** Spearman's rank correlation of places with their index; of random ones it has a deviation of 0.058. */
function correlation(places: readonly number[]): number {
  const n = places.length;
  const squares = places.reduce((sum, place, index) => sum + (place - index) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}

describe('counting', () => {
  it('returns answers in an order that has nothing to do with that of the points', async () => {
    const found = correlation(await answerPlaces((length) => systemRandom.bytes(length)));
    assert.ok(Math.abs(found) < 0.3, `answers follow points: ${found}`);
  });

  it('and the check for that sees an order that was not shuffled', async () => {
    assert.ok(correlation(await answerPlaces(identityDraws)) > 0.99);
  });

  it('begins to answer only when all points are there', async () => {
    const rows = 3 * CHUNK_IDS + 1;
    const [a, b] = [await tableOf({ id: ids(0, rows) }), await tableOf({ id: ids(10, rows) })];
    const order: string[] = [];
    const tap = (from: number, _to: number, bytes: Uint8Array): Uint8Array => {
      if (from === 0 && bytes[4] === POINTS) order.push('point');
      if (from === 1 && bytes[4] === ANSWERS) order.push('answer');
      return bytes;
    };
    const { counts } = await intersect({ table: a, plan }, { table: b, plan }, { tap });
    assert.deepEqual(counts, [rows - 10, rows - 10]);
    assert.deepEqual(order, [...Array(4).fill('point'), ...Array(4).fill('answer')]);
  });

  it('answers no list that has a point twice: how often a tag comes would mark an id', async () => {
    const table = await tableOf({ id: ids(0, 20) });
    const tap = (from: number, _to: number, bytes: Uint8Array): Uint8Array => {
      if (from !== 1 || bytes[4] !== POINTS) return bytes;
      const doubled = new Uint8Array(bytes);
      doubled.copyWithin(PART_HEADER_BYTES, PART_HEADER_BYTES + 32, PART_HEADER_BYTES + 64);
      return doubled;
    };
    const { frames } = await intersect({ table, plan }, { table, plan }, { tap });
    assert.deepEqual(pieces(frames[0], ANSWERS, 1), [], 'alice has answered nothing');
    await fails({ table, plan }, { table, plan }, 0, 'PRIVITY_PSI_CHECK', { tap, part: 'a point twice' });
  });

  it('takes no answers before it has sent its points, none of a wrong length, and none that are not due', async () => {
    const table = await tableOf({ id: ids(0, 20) });
    const alone = { ...plan, receivers: 1 } as const;
    const cases: readonly (readonly [object, (bytes: Uint8Array) => Uint8Array, string])[] = [
      [plan, (bytes) => (bytes[4] === ANSWERS ? bytes.slice(0, -1) : bytes), 'answers of'],
      [plan, (bytes) => (bytes[4] === ANSWERS ? with8(bytes, 7) : bytes), 'answers out of order'],
      [alone, (bytes) => (bytes[4] === TAGS ? kindOf(bytes, ANSWERS) : bytes), 'unknown kind 6'],
    ];
    for (const [wanted, change, part] of cases) {
      const party = { table, plan: wanted };
      const tap = (from: number, _to: number, bytes: Uint8Array) => (from === 1 ? change(bytes) : bytes);
      await fails(party, party, 0, 'PRIVITY_PSI_PROTOCOL', { tap, part });
    }
  });
});

function with8(bytes: Uint8Array, index: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[8] = index;
  return changed;
}

function kindOf(bytes: Uint8Array, kind: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[4] = kind;
  return changed;
}
