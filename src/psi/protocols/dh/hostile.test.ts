import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../../test/effort.ts';
import { cleanUp, fails } from '../../../../test/parts/psi-parties.ts';
import type { ErrorCode } from '../../../base/error-catalogue.ts';
import { PrivityError } from '../../../base/errors.ts';
import { systemRandom } from '../../../base/system.ts';
import { tableOf } from '../../../data/table-of.ts';
import { type MemoryChannelOptions, memoryChannels, type Tap } from '../../../testing/memory-channel.ts';
import { psiAlign } from '../../align.ts';
import { decodeMessage, HEADER_BYTES, HELLO_BYTES, PART_HEADER_BYTES, PSI_VERSION } from '../../messages.ts';
import { tagBytes } from '../../tags.ts';
import { loadCurve } from './curve.ts';
import { blindIds } from './curve-tasks.ts';
import { CHUNK_IDS, chunkCount, WINDOW_CHUNKS } from './messages.ts';
import { dh } from './protocol.ts';

after(cleanUp);

describe('a peer that breaks the rules', () => {
  const many = () => tableOf({ id: Uint32Array.from({ length: 40 }, (_, i) => i) });
  const kindOf = (bytes: Uint8Array) => bytes[4];

  /** Bob's messages are changed on their way to alice. */
  const spoil = (kind: number, change: (bytes: Uint8Array) => Uint8Array): MemoryChannelOptions => ({
    tap: (from, _to, bytes) => (from === 1 && kindOf(bytes) === kind ? change(bytes) : bytes),
  });
  const edit = (at: number, value: number) => (bytes: Uint8Array) => {
    bytes[at] = value;
    return bytes;
  };
  const fill = (point: string) => (bytes: Uint8Array) => {
    bytes.set(Buffer.from(point, 'hex'), PART_HEADER_BYTES);
    return bytes;
  };
  const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.byteLength - 1);
  const [HELLO, POINTS, TAGS, DONE, KEYS] = [1, 2, 3, 4, 5];

  const cases: readonly (readonly [string, MemoryChannelOptions, ErrorCode])[] = [
    ['another protocol', spoil(KEYS, edit(0, 0x51)), 'PRIVITY_PSI_PROTOCOL'],
    ['another version', spoil(KEYS, edit(3, 1)), 'PRIVITY_PSI_MISMATCH'],
    ['an unknown kind', spoil(POINTS, edit(4, 9)), 'PRIVITY_PSI_PROTOCOL'],
    ['reserved bytes', spoil(POINTS, edit(6, 1)), 'PRIVITY_PSI_PROTOCOL'],
    ['a short hello', spoil(HELLO, cut), 'PRIVITY_PSI_PROTOCOL'],
    ['no bytes', spoil(HELLO, () => new Uint8Array()), 'PRIVITY_PSI_PROTOCOL'],
    [
      'a hello of nothing',
      spoil(HELLO, (b) => new Uint8Array(b).fill(0, HEADER_BYTES, HEADER_BYTES + 4)),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['a hello of too much', spoil(HELLO, edit(HEADER_BYTES + 3, 0xff)), 'PRIVITY_PSI_LIMIT'],
    [
      'another agreement',
      spoil(KEYS, (b) => new Uint8Array(b).fill(1, HEADER_BYTES + 4)),
      'PRIVITY_PSI_MISMATCH',
    ],
    ['short keys', spoil(KEYS, cut), 'PRIVITY_PSI_PROTOCOL'],
    ['a key of an unknown type', spoil(KEYS, edit(HEADER_BYTES + 36, 6)), 'PRIVITY_PSI_PROTOCOL'],
    ['a key of no type', spoil(KEYS, edit(HEADER_BYTES + 36, 0x80)), 'PRIVITY_PSI_PROTOCOL'],
    ['more key columns', spoil(KEYS, edit(HEADER_BYTES + 37, 1)), 'PRIVITY_PSI_PROTOCOL'],
    ['a key of another type', spoil(KEYS, edit(HEADER_BYTES + 36, 3)), 'PRIVITY_KEY_TYPE_MISMATCH'],
    ['hello instead of keys', spoil(KEYS, edit(4, HELLO)), 'PRIVITY_PSI_PROTOCOL'],
    ['points instead of hello', spoil(HELLO, edit(4, POINTS)), 'PRIVITY_PSI_PROTOCOL'],
    [
      'hello twice',
      spoil(POINTS, (b) => edit(4, HELLO)(new Uint8Array(b.subarray(0, HELLO_BYTES)))),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['points out of order', spoil(POINTS, edit(HEADER_BYTES, 1)), 'PRIVITY_PSI_PROTOCOL'],
    ['points cut short', spoil(POINTS, cut), 'PRIVITY_PSI_PROTOCOL'],
    ['tags out of order', spoil(TAGS, edit(HEADER_BYTES, 1)), 'PRIVITY_PSI_PROTOCOL'],
    ['tags cut short', spoil(TAGS, cut), 'PRIVITY_PSI_PROTOCOL'],
    [
      'a point with its top bit set',
      spoil(POINTS, edit(PART_HEADER_BYTES + 31, 0xff)),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['the point p', spoil(POINTS, fill(`ed${'ff'.repeat(30)}7f`)), 'PRIVITY_PSI_PROTOCOL'],
    ['the point zero', spoil(POINTS, fill('00'.repeat(32))), 'PRIVITY_PSI_PROTOCOL'],
    [
      'a point of order 8',
      spoil(POINTS, fill('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['wrong tags', spoil(TAGS, edit(PART_HEADER_BYTES, 0x5a)), 'PRIVITY_PSI_CHECK'],
    ['another result', spoil(DONE, edit(HEADER_BYTES, 1)), 'PRIVITY_PSI_CHECK'],
    ['tags instead of done', spoil(DONE, edit(4, TAGS)), 'PRIVITY_PSI_PROTOCOL'],
  ];
  it('makes no room for rows that it has not sent', async () => {
    const arrays = (): number => process.memoryUsage().arrayBuffers;
    let [before, most] = [Number.POSITIVE_INFINITY, 0];
    const tap: Tap = (from, _to, bytes) => {
      if (from === 1 && kindOf(bytes) === HELLO) {
        before = arrays();
        new DataView(bytes.buffer, bytes.byteOffset).setUint32(HEADER_BYTES, 2 ** 24, true);
      } else if (from === 0 && kindOf(bytes) === POINTS) most = Math.max(most, arrays() - before);
      return bytes;
    };
    await fails({ table: await many() }, { table: await many() }, 0, 'PRIVITY_PSI_PROTOCOL', { tap });
    // Room for all of them would be 130 MiB.
    assert.ok(most < 32 * 1024 * 1024, `${most} bytes`);
  });

  for (const [what, options, code] of cases) {
    it(what, async () => fails({ table: await many() }, { table: await many() }, 0, code, options));
  }

  it('a point twice', async () => {
    const twice = spoil(POINTS, (bytes) => {
      bytes.copyWithin(PART_HEADER_BYTES + 32, PART_HEADER_BYTES, PART_HEADER_BYTES + 32);
      return bytes;
    });
    await fails({ table: await many() }, { table: await many() }, 'either', 'PRIVITY_PSI_CHECK', twice);
  });

  it('a point twice of which this party has none', async () => {
    const others = await tableOf({ id: Uint32Array.from({ length: 40 }, (_, i) => 1000 + i) });
    const twice: MemoryChannelOptions = {
      tap(from, _to, bytes) {
        if (from === 1 && kindOf(bytes) === POINTS)
          bytes.copyWithin(PART_HEADER_BYTES + 32, PART_HEADER_BYTES, PART_HEADER_BYTES + 32);
        // He hides from the honest code that plays him that two tags came back alike.
        return from === 0 && kindOf(bytes) === TAGS
          ? edit(PART_HEADER_BYTES, 0x5a)(new Uint8Array(bytes))
          : bytes;
      },
    };
    await fails({ table: await many() }, { table: others }, 0, 'PRIVITY_PSI_CHECK', {
      ...twice,
      part: 'a point twice',
    });
  });

  it('one tag for two points of this party, which match nothing', async () => {
    const others = await tableOf({ id: Uint32Array.from({ length: 40 }, (_, i) => 1000 + i) });
    const twice = spoil(TAGS, (bytes) => {
      const tag = tagBytes(40, 40);
      bytes.copyWithin(PART_HEADER_BYTES + tag, PART_HEADER_BYTES, PART_HEADER_BYTES + tag);
      return bytes;
    });
    await fails({ table: await many() }, { table: others }, 0, 'PRIVITY_PSI_CHECK', {
      ...twice,
      part: 'one tag for two',
    });
  });

  it('the digest of this party itself', async () => {
    // The one that says it second gives the other one's back: which of them that is, is chance.
    let first: { readonly from: number; readonly bytes: Uint8Array } | undefined;
    const tap: MemoryChannelOptions['tap'] = (from, _to, bytes) => {
      if (kindOf(bytes) !== DONE) return bytes;
      first ??= { from, bytes: new Uint8Array(bytes) };
      return first.from === from ? bytes : first.bytes;
    };
    await fails({ table: await many() }, { table: await many() }, 'either', 'PRIVITY_PSI_CHECK', { tap });
  });

  it('all messages of this party itself: nothing matches, and the end is not agreed on', async () => {
    const { channels } = memoryChannels(2);
    const [atAlice, atBob] = channels;
    assert.ok(atAlice && atBob);
    const context = { signal: new AbortController().signal, random: systemRandom, threads: 0 };
    const alice = assert.rejects(psiAlign(atAlice, await many(), { on: ['id'], protocols: [dh] }, context), {
      code: 'PRIVITY_PSI_CHECK',
    });
    for (let message = 0; message < 5; message++) await atBob.send(0, new Uint8Array(await atBob.receive(0)));
    await alice;
  });

  it('other key columns', async () => {
    const table = await tableOf({ id: ['a'], key: ['a'] });
    await fails({ table }, { table, on: ['key'] }, 0, 'PRIVITY_PSI_MISMATCH', { framesMax: 1 });
  });

  it('random messages: a typed error, or none (law)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (noise, plausible) => {
        const bytes = plausible
          ? Buffer.concat([Buffer.from(`PSI${String.fromCharCode(PSI_VERSION)}`), noise])
          : noise;
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof PrivityError);
        }
      }),
      { numRuns: share(2000) },
    );
  });

  it('more points than the window allows', async () => {
    const rows = (WINDOW_CHUNKS + 2) * CHUNK_IDS;
    const { channels } = memoryChannels(2, { queueMessages: 1000 });
    const [atAlice, atBob] = channels;
    assert.ok(atAlice && atBob);
    // Bob is played by the test: he sends all his points and never a tag. Alice's own points are held back, so she
    // cannot be done.
    const context = { signal: new AbortController().signal, random: systemRandom, threads: 0 };
    const alice = assert.rejects(psiAlign(atAlice, await many(), { on: ['id'], protocols: [dh] }, context), {
      code: 'PRIVITY_PSI_PROTOCOL',
      message: /window/,
    });
    await atBob.send(0, new Uint8Array(await atBob.receive(0)));
    const hello = new Uint8Array(await atBob.receive(0));
    new DataView(hello.buffer).setUint32(HEADER_BYTES, rows, true);
    await atBob.send(0, hello);
    const curve = await loadCurve();
    const point = blindIds(curve, systemRandom.bytes(32), systemRandom.bytes(32)) ?? new Uint8Array();
    const chunk = new Uint8Array(PART_HEADER_BYTES + 32 * CHUNK_IDS);
    chunk.set([0x50, 0x53, 0x49, PSI_VERSION, POINTS ?? 0]);
    for (let i = 0; i < CHUNK_IDS; i++) chunk.set(point, PART_HEADER_BYTES + 32 * i);
    for (let index = 0; index < chunkCount(rows); index++) {
      new DataView(chunk.buffer).setUint32(HEADER_BYTES, index, true);
      await atBob.send(0, chunk);
    }
    await alice;
  });
});
