import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { idBytes, runPlain } from '../../../../test/parts/plain-psi.ts';
import { UNEVEN, unevenness } from '../../../../test/parts/uniform.ts';
import { memoryChannels } from '../../../testing/memory-channel.ts';
import { PART_HEADER_BYTES } from '../../messages.ts';
import { loadRowKernels } from '../../rows/row-kernels.ts';
import { ID_BYTES, type PsiMatches } from '../protocol.ts';
import { type PartName, parts } from './messages.ts';
import { rr22Of } from './protocol.ts';
import { SEED_BYTES } from './sizes.ts';

const ROWS = 2000;
const BUCKET_ROWS = 700;

interface Seen {
  /** By rank of who sent it. */
  readonly frames: readonly [Uint8Array[], Uint8Array[]];
  readonly places: readonly Uint32Array[];
}

async function run(alice: Uint8Array, bob: Uint8Array, bucketRows = BUCKET_ROWS): Promise<Seen> {
  const frames: [Uint8Array[], Uint8Array[]] = [[], []];
  const { channels } = memoryChannels(2, {
    tap(from, _to, bytes) {
      frames[from as 0 | 1].push(bytes);
      return bytes;
    },
  });
  const lists = [alice, bob] as const;
  const runs = channels.map((channel, rank) => runPlain(channel, rr22Of(bucketRows), lists[rank as 0 | 1]));
  const found = (await Promise.all(runs)) as PsiMatches[];
  return { frames, places: found.map(({ places }) => places) };
}

/** The bodies of all messages of a kind, one after the other. */
function bodies({ frames }: Seen, name: PartName, skip = 0): Uint8Array {
  const some = frames.flat().filter((frame) => frame[4] === parts[name]);
  return Buffer.concat(some.map((frame) => frame.subarray(PART_HEADER_BYTES + skip)));
}

/** Ids that are alike but in their last bytes. No digest looks so; nothing may depend on that. */
function skewed(from: number, rows: number): Uint8Array {
  const ids = new Uint8Array(new SharedArrayBuffer(ID_BYTES * rows));
  const view = new DataView(ids.buffer);
  for (let row = 0; row < rows; row++) view.setUint32(ID_BYTES * row + ID_BYTES - 4, from + row);
  return ids;
}

const sizesOf = ({ frames }: Seen, rank: 0 | 1): readonly string[] =>
  // In which order messages of different buckets leave depends on time.
  frames[rank].map((frame) => `${frame[4]} ${frame.byteLength}`).sort();

describe('what a peer of rr22 sees', () => {
  const equal = idBytes(0, ROWS);

  it('no id, and no hash of one that either party makes', async () => {
    const seen = await run(equal, equal);
    const all = Buffer.concat(seen.frames.flat());
    const key = createHash('sha256').update('privity-psi rr22 buckets ').update(new Uint8Array(32)).digest();
    const hashes = (await loadRowKernels()).hashRows(key, equal, 8);
    for (let row = 0; row < ROWS; row++) {
      const id = equal.slice(ID_BYTES * row, ID_BYTES * (row + 1));
      assert.ok(!all.includes(Buffer.from(id.subarray(0, 8))));
      assert.ok(!all.includes(Buffer.from(hashes.subarray(8 * row, 8 * row + 8))));
      assert.ok(!all.includes(createHash('sha256').update(id).digest().subarray(0, 8)));
    }
    const last = Buffer.from(equal.slice(-8));
    assert.ok(Buffer.concat([all, last]).includes(last), 'one that is there is found');
  });

  it('sizes that follow from the numbers of rows alone', async () => {
    const lists = [equal, idBytes(ROWS / 2, ROWS), idBytes(ROWS, ROWS), skewed(0, ROWS)];
    const [first, ...others] = await Promise.all(lists.map((list) => run(equal, list)));
    others.push(await run(skewed(0, ROWS), skewed(0, ROWS)));
    assert.ok(first);
    for (const other of others)
      for (const rank of [0, 1] as const) assert.deepEqual(sizesOf(other, rank), sizesOf(first, rank));
  });

  it('bytes that look drawn: vectors, tags, corrections, answers', async () => {
    for (const lists of [
      [equal, equal],
      [equal, idBytes(ROWS, ROWS)],
      [skewed(0, ROWS), skewed(ROWS / 2, ROWS)],
    ] as const) {
      const seen = await run(...lists);
      for (const name of ['first', 'second', 'vector', 'tags'] as const) {
        const bytes = bodies(seen, name);
        const found = unevenness(bytes);
        assert.ok(Math.abs(found) < UNEVEN, `${name}: ${found}`);
        // One byte in 25 that is always the same is seen.
        for (let at = 0; at < bytes.byteLength; at += 25) bytes[at] = 7;
        assert.ok(unevenness(bytes) > UNEVEN, `${name}, planted: ${unevenness(bytes)}`);
      }
    }
  });

  it('nothing that two runs of the same lists have in common', async () => {
    const [one, other] = [await run(equal, equal), await run(equal, equal)];
    for (const name of ['vector', 'tags', 'first', 'second'] as const) {
      const blocks = (seen: Seen): string[] => {
        const bytes = Buffer.from(bodies(seen, name, name === 'vector' ? SEED_BYTES : 0));
        return Array.from({ length: Math.floor(bytes.byteLength / 8) }, (_, at) =>
          bytes.toString('latin1', 8 * at, 8 * at + 8),
        );
      };
      const before = new Set(blocks(one));
      assert.ok(before.size > 100);
      assert.ok(!blocks(other).some((block) => before.has(block)), name);
    }
  });

  it('no order of a table in the result, in one bucket or in several', async () => {
    // Bob's is the other way round, so that what follows one order runs against the other.
    const reversed = new Uint8Array(new SharedArrayBuffer(equal.byteLength));
    for (let row = 0; row < ROWS; row++)
      reversed.set(equal.subarray(ID_BYTES * row, ID_BYTES * (row + 1)), ID_BYTES * (ROWS - 1 - row));
    for (const bucketRows of [ROWS, BUCKET_ROWS]) {
      const { places } = await run(equal, reversed, bucketRows);
      assert.deepEqual(
        places[0],
        places[1]?.map((place) => ROWS - 1 - place),
      );
      assert.ok(Math.abs(correlation(places[0] ?? new Uint32Array())) < 0.15);
    }
    assert.ok(correlation(Uint32Array.from({ length: ROWS }, (_, row) => row)) > 0.99);
  });
});

/** Spearman's rank correlation of places with their index: of 2000 random ones it has a deviation of 0.022. */
function correlation(places: Uint32Array): number {
  const n = places.length;
  const squares = places.reduce((sum, place, index) => sum + (place - index) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}
