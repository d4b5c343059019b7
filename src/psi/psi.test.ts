import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { PrivityError } from '../base/errors.ts';
import { systemRandom } from '../base/system.ts';
import type { Random } from '../contracts/random.ts';
import { closeDatabase, openDatabase } from '../data/database.ts';
import { readTable } from '../data/read-table.ts';
import type { Table } from '../data/table.ts';
import { relationOf } from '../data/table.ts';
import { type ColumnInput, tableOf } from '../data/table-of.ts';
import { type MemoryChannelOptions, memoryChannels } from '../testing/memory-channel.ts';
import { type PsiContext, psiAlign } from './align.ts';
import { loadCurve } from './curve.ts';
import { blindIds } from './curve-tasks.ts';
import { keyDigests } from './keys.ts';
import {
  CHUNK_HEADER_BYTES,
  CHUNK_IDS,
  chunkCount,
  decodeMessage,
  HEADER_BYTES,
  psiCost,
  tagBytes,
  WINDOW_CHUNKS,
} from './messages.ts';

let tempDir = '';

before(async () => {
  tempDir = await mkdtemp(join(tmpdir(), 'privity-psi-test-'));
  await openDatabase({ tempDir, memoryLimitMb: 512, threads: 2 });
});

after(async () => {
  await closeDatabase();
  await rm(tempDir, { recursive: true, force: true });
});

interface Party {
  readonly table: Table;
  readonly on?: readonly string[];
  readonly context?: Partial<PsiContext>;
}

interface Outcome {
  readonly tables: readonly (Table | unknown)[];
  readonly sent: readonly { readonly messages: number; readonly bytes: number }[];
  readonly frames: readonly (readonly Uint8Array[])[];
}

/** Runs both parties; a failed one aborts the other, as the runtime would. */
async function intersect(alice: Party, bob: Party, options: MemoryChannelOptions = {}): Promise<Outcome> {
  const stop = new AbortController();
  const frames: Uint8Array[][] = [[], []];
  const { channels, sent } = memoryChannels(2, {
    ...options,
    signal: stop.signal,
    tap(from, to, bytes) {
      frames[from]?.push(bytes);
      return options.tap === undefined ? bytes : options.tap(from, to, bytes);
    },
  });
  const runs = [alice, bob].map(async ({ table, on, context }, rank) => {
    const channel = channels[rank];
    assert.ok(channel);
    try {
      return await psiAlign(
        channel,
        table,
        { on: on ?? ['id'] },
        { tempDir, signal: stop.signal, random: systemRandom, threads: 0, ...context },
      );
    } catch (error) {
      stop.abort(new Error('the other party failed'));
      return error;
    }
  });
  return { tables: await Promise.all(runs), sent, frames };
}

async function aligned(
  alice: Party,
  bob: Party,
  options?: MemoryChannelOptions,
): Promise<readonly [Table, Table]> {
  const { tables } = await intersect(alice, bob, options);
  for (const table of tables) if (table instanceof Error) throw table;
  return tables as [Table, Table];
}

const ids = (table: Table, name = 'id') => table.strings(name);
const tableOfIds = (list: readonly string[]) => tableOf({ id: [...list] });

/** The alignment fails at this side (0 alice, 1 bob) with this code, and the other side has seen at most `framesMax` frames of it. */
async function fails(
  alice: Party,
  bob: Party,
  side: 0 | 1 | 'either',
  code: ErrorCode,
  options?: MemoryChannelOptions & { readonly framesMax?: number; readonly part?: string },
): Promise<void> {
  const { tables, frames } = await intersect(alice, bob, options);
  // The second to fail may have been stopped before it could say why.
  const error = side === 'either' ? tables.find((table) => table instanceof PrivityError) : tables[side];
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, code, error.message);
  if (options?.part !== undefined) assert.ok(error.message.includes(options.part), error.message);
  if (options?.framesMax !== undefined)
    assert.ok((frames[side === 'either' ? 0 : side]?.length ?? 0) <= options.framesMax);
}

describe('psiAlign', () => {
  it('gives the plaintext intersection, in one order at both sides (law)', async () => {
    const key = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
    const list = fc.uniqueArray(key, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(list, list, list, async (onlyA, onlyB, both) => {
        const a = [...new Set([...onlyA, ...both])];
        const b = [...new Set([...both, ...onlyB])];
        const [atAlice, atBob] = await aligned(
          { table: await tableOfIds(a) },
          { table: await tableOfIds(b) },
        );
        const expected = a.filter((id) => b.includes(id)).sort();
        assert.deepEqual([...(await ids(atAlice))].sort(), expected);
        assert.deepEqual(await ids(atAlice), await ids(atBob));
      }),
      { numRuns: 25 },
    );
  });

  it('brings each party its own columns of the same patients', async () => {
    const n = 2000;
    const name = (i: number) => `P${(i * 7919) % 100_003}`;
    const a = await tableOf({
      id: Array.from({ length: n }, (_, i) => name(i)),
      x: Float64Array.from({ length: n }, (_, i) => i),
    });
    const b = await tableOf({
      y: Int32Array.from({ length: n }, (_, i) => i + 500),
      id: Array.from({ length: n }, (_, i) => name(i + 500)),
    });
    const progress: number[] = [];
    const onProgress = (done: number, total: number) => {
      progress.push(done);
      assert.equal(total, 2 * n);
    };
    const [atAlice, atBob] = await aligned({ table: a, context: { threads: 2, onProgress } }, { table: b });
    assert.equal(atAlice.rowCount, 1500);
    const x = await atAlice.numbers('x');
    const y = await atBob.numbers('y');
    assert.deepEqual(x, y);
    assert.deepEqual(atBob.columns, b.columns);
    assert.equal(progress.at(-1), 2 * n);
    assert.deepEqual(
      progress,
      [...progress].sort((p, q) => p - q),
    );
    // An order that comes from neither table: as many pairs go up as down.
    const rising = x.filter((value, i) => i > 0 && value > (x[i - 1] ?? 0)).length;
    assert.ok(rising > 650 && rising < 850, `${rising} of 1500 rise`);
  });

  it('finds the 460 shared patients of the example', async () => {
    const data = fileURLToPath(new URL('../../../examples/shared-patients/data/', import.meta.url));
    const [a, b] = [await readTable(join(data, 'alice.csv')), await readTable(join(data, 'bob.csv'))];
    assert.deepEqual([a.rowCount, b.rowCount], [515, 514]);
    const on = ['patient_id'];
    const [atAlice, atBob] = await aligned({ table: a, on }, { table: b, on });
    assert.deepEqual([atAlice.rowCount, atBob.rowCount], [460, 460]);
    const patients = await ids(atAlice, 'patient_id');
    assert.deepEqual(patients, await ids(atBob, 'patient_id'));
    const mine = await ids(a, 'patient_id');
    const theirs = await ids(b, 'patient_id');
    assert.notDeepEqual(
      patients,
      mine.filter((id) => patients.includes(id)),
    );
    assert.notDeepEqual(
      patients,
      theirs.filter((id) => patients.includes(id)),
    );
  });

  it('takes an empty intersection for a result', async () => {
    const [atAlice, atBob] = await aligned(
      { table: await tableOfIds(['a', 'b']) },
      { table: await tableOfIds(['c']) },
    );
    assert.deepEqual([atAlice.rowCount, atBob.rowCount], [0, 0]);
    assert.deepEqual(atAlice.columns, [{ name: 'id', type: 'VARCHAR' }]);
  });

  it('works with one row, and at the edges of chunks and windows', async () => {
    const numbers = (n: number) => tableOf({ id: Uint32Array.from({ length: n }, (_, i) => i) });
    for (const [n, m] of [
      [1, 1],
      [CHUNK_IDS, CHUNK_IDS + 1],
      [1, 2 * CHUNK_IDS],
    ] as const) {
      const [atAlice] = await aligned({ table: await numbers(n) }, { table: await numbers(m) });
      assert.equal(atAlice.rowCount, Math.min(n, m));
    }
  });

  it('compares keys by their text, several columns each on its own', async () => {
    const numbers = await tableOf({ id: BigInt64Array.of(17n, 7n, 12n) });
    const text = await tableOfIds(['007', '17', '12 ']);
    const [same] = await aligned({ table: numbers }, { table: text });
    assert.deepEqual(await ids(same), ['17']);
    const pairs = (list: readonly (readonly [string, string])[]): ReturnType<typeof tableOf> =>
      tableOf({ a: list.map(([a]) => a), b: list.map(([, b]) => b) } satisfies Record<string, ColumnInput>);
    const left = await pairs([
      ['ab', 'c'],
      ['a', 'bc'],
      ['1:a', '1'],
    ]);
    const right = await pairs([
      ['a', 'bc'],
      ['', 'abc'],
      ['1', ':a1'],
    ]);
    const on = ['a', 'b'];
    const [both] = await aligned({ table: left, on }, { table: right, on });
    assert.deepEqual([await ids(both, 'a'), await ids(both, 'b')], [['a'], ['bc']]);
  });

  it('costs what it declares', async () => {
    const numbers = (n: number) => tableOf({ id: Uint32Array.from({ length: n }, (_, i) => i) });
    const [n, m] = [1300, 700];
    const { tables, sent } = await intersect({ table: await numbers(n) }, { table: await numbers(m) });
    assert.ok(!tables.some((table) => table instanceof Error));
    for (const [rank, own, peer] of [
      [0, n, m],
      [1, m, n],
    ] as const) {
      const { messages, bytes } = psiCost(own, peer);
      assert.deepEqual(sent[rank], { messages, bytes });
    }
    assert.equal(tagBytes(100_000, 100_000), 10);
    assert.equal(tagBytes(1, 1), 5);
  });

  it('leaves no file behind, and no thread', async () => {
    const [table] = [await tableOfIds(['a'])];
    await aligned({ table, context: { threads: 1 } }, { table, context: { threads: 1 } });
    assert.deepEqual(
      (await readdir(tempDir)).filter((name) => name.startsWith('privity-ids')),
      [],
    );
    assert.ok(!process.getActiveResourcesInfo().includes('MessagePort'));
  });
});

describe('what is wrong with the input is said before anything is sent', () => {
  const good = () => tableOfIds(['a', 'b']);
  const cases: readonly (readonly [string, () => Promise<Party>, ErrorCode, string])[] = [
    [
      'duplicates',
      async () => ({ table: await tableOfIds(['a', 'b', 'a']) }),
      'PRIVITY_KEY_DUPLICATE',
      '3 rows, 2 different',
    ],
    [
      'gaps',
      async () => ({ table: await tableOf({ id: ['a', null] }) }),
      'PRIVITY_KEY_NULL',
      "'id' has no value in 1 of 2",
    ],
    [
      'no rows',
      async () => ({ table: await (await good()).query('FROM rows WHERE false') }),
      'PRIVITY_TABLE_EMPTY',
      '0 rows',
    ],
    ['no such column', async () => ({ table: await good(), on: ['ID'] }), 'PRIVITY_COLUMN_MISSING', "'ID'"],
    [
      'fractions',
      async () => ({ table: await tableOf({ id: Float64Array.of(1) }) }),
      'PRIVITY_KEY_TYPE',
      'DOUBLE',
    ],
    ['no column', async () => ({ table: await good(), on: [] }), 'PRIVITY_PSI_USAGE', '1 to 16'],
    [
      'a column twice',
      async () => ({ table: await good(), on: ['id', 'id'] }),
      'PRIVITY_PSI_USAGE',
      'different',
    ],
  ];
  for (const [what, party, code, part] of cases) {
    it(what, async () => fails(await party(), { table: await good() }, 0, code, { framesMax: 0, part }));
  }

  it('three members', async () => {
    const { channels } = memoryChannels(3);
    const [channel] = channels;
    assert.ok(channel);
    const context = { tempDir, signal: new AbortController().signal, random: systemRandom, threads: 0 };
    await assert.rejects(psiAlign(channel, await good(), { on: ['id'] }, context), {
      code: 'PRIVITY_PSI_USAGE',
    });
  });
});

describe('a peer that breaks the rules', () => {
  const many = () => tableOf({ id: Uint32Array.from({ length: 600 }, (_, i) => i) });
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
    bytes.set(Buffer.from(point, 'hex'), CHUNK_HEADER_BYTES);
    return bytes;
  };
  const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.byteLength - 1);
  const [HELLO, POINTS, TAGS, DONE] = [1, 2, 3, 4];

  const cases: readonly (readonly [string, MemoryChannelOptions, ErrorCode])[] = [
    ['another protocol', spoil(HELLO, edit(0, 0x51)), 'PRIVITY_PSI_PROTOCOL'],
    ['another version', spoil(HELLO, edit(3, 2)), 'PRIVITY_PSI_MISMATCH'],
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
      spoil(HELLO, (b) => new Uint8Array(b).fill(1, HEADER_BYTES + 4)),
      'PRIVITY_PSI_MISMATCH',
    ],
    ['points instead of hello', spoil(HELLO, edit(4, POINTS)), 'PRIVITY_PSI_PROTOCOL'],
    [
      'hello twice',
      spoil(POINTS, (b) => edit(4, HELLO)(new Uint8Array(b.subarray(0, 44)))),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['points out of order', spoil(POINTS, edit(HEADER_BYTES, 1)), 'PRIVITY_PSI_PROTOCOL'],
    ['points cut short', spoil(POINTS, cut), 'PRIVITY_PSI_PROTOCOL'],
    ['tags out of order', spoil(TAGS, edit(HEADER_BYTES, 1)), 'PRIVITY_PSI_PROTOCOL'],
    ['tags cut short', spoil(TAGS, cut), 'PRIVITY_PSI_PROTOCOL'],
    [
      'a point with its top bit set',
      spoil(POINTS, edit(CHUNK_HEADER_BYTES + 31, 0xff)),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['the point p', spoil(POINTS, fill(`ed${'ff'.repeat(30)}7f`)), 'PRIVITY_PSI_PROTOCOL'],
    ['the point zero', spoil(POINTS, fill('00'.repeat(32))), 'PRIVITY_PSI_PROTOCOL'],
    [
      'a point of order 8',
      spoil(POINTS, fill('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')),
      'PRIVITY_PSI_PROTOCOL',
    ],
    ['wrong tags', spoil(TAGS, edit(CHUNK_HEADER_BYTES, 0x5a)), 'PRIVITY_PSI_CHECK'],
    ['another result', spoil(DONE, edit(HEADER_BYTES, 1)), 'PRIVITY_PSI_CHECK'],
    ['tags instead of done', spoil(DONE, edit(4, TAGS)), 'PRIVITY_PSI_PROTOCOL'],
  ];
  for (const [what, options, code] of cases) {
    it(what, async () => fails({ table: await many() }, { table: await many() }, 0, code, options));
  }

  it('a point twice', async () => {
    const twice = spoil(POINTS, (bytes) => {
      bytes.copyWithin(CHUNK_HEADER_BYTES + 32, CHUNK_HEADER_BYTES, CHUNK_HEADER_BYTES + 32);
      return bytes;
    });
    await fails({ table: await many() }, { table: await many() }, 'either', 'PRIVITY_PSI_CHECK', twice);
  });

  it('other key columns', async () => {
    const table = await tableOf({ id: ['a'], key: ['a'] });
    await fails({ table }, { table, on: ['key'] }, 0, 'PRIVITY_PSI_MISMATCH', { framesMax: 1 });
  });

  it('random messages: a typed error, or none (law)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (noise, plausible) => {
        const bytes = plausible ? Buffer.concat([Buffer.from('PSI\x01'), noise]) : noise;
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof PrivityError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('more points than the window allows', async () => {
    const rows = (WINDOW_CHUNKS + 2) * CHUNK_IDS;
    const { channels } = memoryChannels(2, { queueMessages: 1000 });
    const [atAlice, atBob] = channels;
    assert.ok(atAlice && atBob);
    // Bob is played by the test: he sends all his points and never a tag. Alice's own points are held back, so she cannot be done.
    const context = { tempDir, signal: new AbortController().signal, random: systemRandom, threads: 0 };
    const alice = assert.rejects(psiAlign(atAlice, await many(), { on: ['id'] }, context), {
      code: 'PRIVITY_PSI_PROTOCOL',
      message: /window/,
    });
    const hello = new Uint8Array(await atBob.receive(0));
    new DataView(hello.buffer).setUint32(HEADER_BYTES, rows, true);
    await atBob.send(0, hello);
    const curve = await loadCurve();
    const point = blindIds(curve, systemRandom.bytes(32), systemRandom.bytes(32)) ?? new Uint8Array();
    const chunk = new Uint8Array(CHUNK_HEADER_BYTES + 32 * CHUNK_IDS);
    chunk.set([0x50, 0x53, 0x49, 1, POINTS ?? 0]);
    for (let i = 0; i < CHUNK_IDS; i++) chunk.set(point, CHUNK_HEADER_BYTES + 32 * i);
    for (let index = 0; index < chunkCount(rows); index++) {
      new DataView(chunk.buffer).setUint32(HEADER_BYTES, index, true);
      await atBob.send(0, chunk);
    }
    await alice;
  });
});

describe('abort', () => {
  it('ends a run at once, on threads as well, with the reason of the signal', async () => {
    const table = await tableOf({ id: Uint32Array.from({ length: 200_000 }, (_, i) => i) });
    for (const threads of [0, 1]) {
      const stop = new AbortController();
      const reason = new Error('verdict');
      let abortedAt = 0;
      const onProgress = (done: number) => {
        if (done < 4 * CHUNK_IDS || stop.signal.aborted) return;
        abortedAt = performance.now();
        stop.abort(reason);
      };
      const { channels } = memoryChannels(2);
      const runs = channels.map((channel) =>
        psiAlign(
          channel,
          table,
          { on: ['id'] },
          { tempDir, signal: stop.signal, random: systemRandom, threads, onProgress },
        ),
      );
      for (const run of runs) await assert.rejects(run, reason);
      // 200,000 ids take 18 s and more; the bound is generous for loaded machines, 100 ms is what is seen.
      assert.ok(performance.now() - abortedAt < 2000);
    }
  });

  it('ends a wait for a silent peer', async () => {
    const stop = new AbortController();
    const [channel] = memoryChannels(2).channels;
    assert.ok(channel);
    const context = { tempDir, signal: stop.signal, random: systemRandom, threads: 0 };
    const run = assert.rejects(psiAlign(channel, await tableOfIds(['a']), { on: ['id'] }, context), /enough/);
    setImmediate(() => stop.abort(new Error('enough')));
    await run;
  });
});

describe('what the peer sees', () => {
  const rows = 300;
  const secretIds = Array.from({ length: rows }, (_, i) => `canary-${String(i).padStart(6, '0')}`);

  it('no id, no digest of an id, no hash of an id to the curve', async () => {
    const table = await tableOfIds(secretIds);
    const { frames } = await intersect({ table }, { table });
    const seen = Buffer.concat(frames.flat());
    const digests = await keyDigests(relationOf(table), ['id'], tempDir, new AbortController().signal);
    const hashes = (await loadCurve()).encode(digests, 32, (await import('./curve-tasks.ts')).CURVE_DST);
    assert.ok(!seen.includes('canary'));
    for (let i = 0; i < rows; i++) {
      assert.ok(!seen.includes(digests.subarray(32 * i, 32 * i + 12)));
      assert.ok(!seen.includes(hashes.subarray(32 * i, 32 * i + 12)));
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
    const digests = await keyDigests(relationOf(table), ['id'], tempDir, new AbortController().signal);
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
    // Each draw gives the last index of those left, so every element is swapped with itself: a planted identity shuffle.
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
    for (let at = CHUNK_HEADER_BYTES; at < frame.byteLength; at += 32) {
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
