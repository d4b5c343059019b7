import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSide, someColumns } from '../../../test/parts/bins-parties.ts';
import { idBytes } from '../../../test/parts/plain-psi.ts';
import { UNEVEN, unevenness } from '../../../test/parts/uniform.ts';
import { systemRandom } from '../../base/system.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { Random } from '../../contracts/random.ts';
import { memoryChannels } from '../../testing/memory-channel.ts';
import { PART_HEADER_BYTES } from '../messages.ts';
import { ID_BYTES } from '../protocols/protocol.ts';
import { type PartName, parts } from '../protocols/rr22/messages.ts';
import { SEED_BYTES } from '../protocols/rr22/sizes.ts';
import { loadRowKernels } from '../rows/row-kernels.ts';
import { type BinsInput, makeHints, openBlock, placeInBins, rowChoices } from './bin-work.ts';
import { type Bins, NO_ROW } from './bins.ts';
import { CHOICES } from './cuckoo.ts';
import { Lanes } from './lanes.ts';
import { planBins } from './plan.ts';

const ROWS = 2000;
const BUCKET_ROWS = 700;
const COLUMNS = 2;

interface Seen {
  /** By rank of who sent it: the holder, and the other. */
  readonly frames: readonly [Uint8Array[], Uint8Array[]];
  readonly holder: Bins;
  readonly other: Bins;
  /** What each drew, as it is when the run is over. */
  readonly drawn: readonly Uint8Array[];
}

async function run(ofHolder: Uint8Array, ofOther: Uint8Array, payload: BigUint64Array[]): Promise<Seen> {
  const frames: [Uint8Array[], Uint8Array[]] = [[], []];
  const { channels } = memoryChannels(2, {
    tap(from, _to, bytes) {
      frames[from as 0 | 1].push(bytes);
      return bytes;
    },
  });
  const drawn: Uint8Array[] = [];
  const random: Random = {
    bytes(length) {
      const bytes = systemRandom.bytes(length);
      drawn.push(bytes);
      return bytes;
    },
  };
  const options = { bucketRows: BUCKET_ROWS, random };
  const [atHolder, atOther] = channels as [Channel, Channel];
  const [holder, other] = await Promise.all([
    runSide(atHolder, { ids: ofHolder, holds: true, peerRows: ROWS, columns: COLUMNS }, options),
    runSide(atOther, { ids: ofOther, holds: false, peerRows: ROWS, payload }, options),
  ]);
  return { frames, holder, other, drawn };
}

/** Ids that are alike but in their last bytes. No digest looks so; nothing may depend on that. */
function skewed(from: number, rows: number): Uint8Array {
  const ids = new Uint8Array(new SharedArrayBuffer(ID_BYTES * rows));
  const view = new DataView(ids.buffer);
  // The last byte is not looked at.
  for (let row = 0; row < rows; row++) view.setUint32(ID_BYTES * row + ID_BYTES - 5, from + row);
  return ids;
}

const equal = idBytes(0, ROWS);
const zeros = (): BigUint64Array[] => Array.from({ length: COLUMNS }, () => new BigUint64Array(ROWS));

function bodies({ frames }: Seen, name: PartName, skip = 0): Uint8Array {
  const some = frames.flat().filter((frame) => frame[4] === parts[name]);
  return Buffer.concat(some.map((frame) => frame.subarray(PART_HEADER_BYTES + skip)));
}

/** Of 8 bytes. */
function blocksOf(of: Uint8Array): bigint[] {
  const view = new DataView(of.buffer, of.byteOffset, of.byteLength);
  return Array.from({ length: Math.floor(of.byteLength / 8) }, (_, at) => view.getBigUint64(8 * at));
}

function assertEven(bytes: Uint8Array, what: string): void {
  assert.ok(bytes.byteLength > 4000, `only ${bytes.byteLength} bytes of ${what}`);
  const found = unevenness(bytes);
  assert.ok(Math.abs(found) < UNEVEN, `${what}: ${found}`);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: BigUint64Array | Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

describe('what a peer of an intersection into shares sees', () => {
  it('sizes that follow from the numbers of rows and columns alone', async () => {
    const sizes = ({ frames }: Seen): readonly string[] =>
      // In which order messages of different buckets leave depends on time.
      frames.map((each) =>
        each
          .map((frame) => `${frame[4]} ${frame.byteLength}`)
          .sort()
          .join(),
      );
    const first = await run(equal, equal, zeros());
    for (const [ofHolder, ofOther, payload] of [
      [equal, idBytes(ROWS / 2, ROWS), someColumns(ROWS, COLUMNS)],
      [equal, idBytes(ROWS, ROWS), zeros()],
      [skewed(0, ROWS), equal, zeros()],
      [skewed(0, ROWS), skewed(0, ROWS), someColumns(ROWS, COLUMNS)],
    ] as const) {
      const other = await run(ofHolder, ofOther, payload);
      assert.deepEqual(sizes(other), sizes(first));
      assert.deepEqual([other.holder.bins, other.holder.bits], [first.holder.bins, first.holder.bits]);
    }
  });

  it('bytes that look drawn, and share nothing with another run', async () => {
    for (const [ofHolder, ofOther] of [
      [equal, equal],
      [equal, idBytes(ROWS, ROWS)],
      [skewed(0, ROWS), skewed(ROWS / 2, ROWS)],
    ] as const) {
      const [one, again] = [await run(ofHolder, ofOther, zeros()), await run(ofHolder, ofOther, zeros())];
      for (const name of ['first', 'second', 'vector', 'hints'] as const) {
        const bytes = bodies(one, name);
        assertEven(bytes, name);
        const before = new Set(blocksOf(bytes));
        assert.ok(!blocksOf(bodies(again, name)).some((block) => before.has(block)), name);
        // One byte in 25 that is always the same is seen.
        for (let at = 0; at < bytes.byteLength; at += 25) bytes[at] = 7;
        assert.ok(unevenness(bytes) > UNEVEN, `${name}, planted`);
      }
    }
  });

  it('no id, and none of its last bytes that differ', async () => {
    const all = Buffer.concat((await run(equal, equal, zeros())).frames.flat());
    for (let row = 0; row < ROWS; row++)
      for (const at of [0, 23])
        assert.ok(!all.includes(Buffer.from(equal.slice(ID_BYTES * row + at, ID_BYTES * row + at + 8))));
  });

  it('words and shares of its own that look drawn where rows match, and where they do not', async () => {
    const { holder, other } = await run(equal, idBytes(ROWS / 2, ROWS), zeros());
    const matching = (bin: number): boolean => holder.words[bin] === other.words[bin];
    const empty = (bin: number): boolean => holder.rowOf?.[bin] === NO_ROW;
    for (const { words, shares } of [holder, other])
      for (const some of [matching, (bin: number) => !matching(bin) && !empty(bin), empty]) {
        // All bits of a word that count for sure are in its first five bytes.
        const low = words.filter((_, bin) => some(bin));
        assertEven(
          bytesOf(low).filter((_, at) => at % 8 < 5),
          'words',
        );
        for (const share of shares) assertEven(bytesOf(share.filter((_, bin) => some(bin))), 'shares');
      }
  });

  it('where rows match, nothing in any bit that the hints hold beside words and shares', async () => {
    const kernels = await loadRowKernels();
    for (const columns of [0, 1, 2]) {
      const plan = planBins(ROWS, ROWS, columns);
      const { sizes } = plan;
      const [rows, salt] = [Uint32Array.from({ length: ROWS }, (_, row) => row), new Uint8Array(32)];
      const region = { ids: equal, rows, salt, bins: sizes.bins };
      const input: BinsInput = {
        ...{ number: 0, sizes, ids: equal, rows, salt, region: { salt, firstBin: 0 } },
        lanes: new Lanes(plan, false, systemRandom).words,
        payload: new Uint32Array(2 * ROWS * columns),
      };
      const choiceOf = new Uint8Array(ROWS);
      const places = { binOf: new Uint32Array(ROWS), choiceOf };
      const seed = placeInBins(kernels, region, places, systemRandom);
      const choices = rowChoices(kernels, region, seed);
      const values = systemRandom.bytes(32 * CHOICES * ROWS);
      const ofRows = new Uint8Array(32 * ROWS);
      for (const [row, choice] of choiceOf.entries()) {
        const from = 32 * (CHOICES * row + choice);
        ofRows.set(values.subarray(from, from + 32), 32 * row);
      }
      const opened = (lanes: Uint32Array): Uint8Array[] => {
        const hints = makeHints(kernels, { ...input, lanes }, { choices, values }, systemRandom);
        return Array.from({ length: sizes.blocks }, (_, block) =>
          bytesOf(openBlock(kernels, input, ofRows, hints, block)),
        );
      };
      for (const block of opened(input.lanes)) assertEven(block, `lanes for ${columns} columns`);
      // As if the bits of a word that do not count were zeros.
      const short = input.lanes.map((word, at) =>
        at < 2 * sizes.bins && at % 2 === 1 ? word & 0x01ff_ffff : word,
      );
      assert.ok(unevenness(opened(short)[0] ?? new Uint8Array()) > UNEVEN);
    }
  });
});

describe('a run of an intersection into shares', () => {
  it('leaves none of the seeds that it drew', async () => {
    const { drawn, holder } = await run(equal, equal, zeros());
    const seeds = drawn.filter(({ byteLength }) => byteLength === SEED_BYTES);
    assert.ok(seeds.length >= 2 * Math.ceil(ROWS / BUCKET_ROWS));
    for (const seed of seeds) assert.ok(seed.every((byte) => byte === 0));
    assert.ok(
      holder.words.some((word) => word !== 0n),
      'what it made is there',
    );
  });
});
