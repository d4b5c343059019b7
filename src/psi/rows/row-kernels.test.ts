/** The kernels over rows: WebAssembly gives what TypeScript gives, and both give what is asked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededBytes, seededRandom } from '../../../test/parts/seeded-bytes.ts';
import { BAND_BITS, OKVS_ROW_BYTES, type OkvsShape, okvsShape, shapeOf } from '../okvs/shape.ts';
import { okvsMemory } from './layout.ts';
import type { RowKernels } from './row-kernel-types.ts';
import { loadRowKernels, typescriptRowKernels } from './row-kernels.ts';
import { wasmRowKernels } from './wasm-row-kernels.ts';

const key = seededBytes('key', 32);
const idsOf = (count: number, seed = 'ids'): Uint8Array => seededBytes(`${seed} ${count}`, 32 * count);
const same = (x: Uint8Array | undefined, y: Uint8Array | undefined): boolean =>
  x !== undefined && y !== undefined && Buffer.compare(x, y) === 0;

async function wasm(): Promise<RowKernels> {
  const kernels = await wasmRowKernels();
  assert.ok(kernels !== undefined);
  return kernels;
}

it('WebAssembly is what runs here', async () => {
  assert.equal((await loadRowKernels()).name, 'wasm');
});

it('rows have the same hashes, whole batches and parts of them', async () => {
  const kernels = await wasm();
  for (const count of [0, 1, 2, 3, 4, 5, 63, 4095, 4096, 4097]) {
    for (const outputBytes of count > 100 ? [40] : [1, 11, 15, 16, 17, 32, 40, 63, 64]) {
      const [ours, theirs] = [kernels, typescriptRowKernels].map((one) =>
        one.hashRows(key, idsOf(count), outputBytes),
      );
      assert.ok(same(ours, theirs), `${count} rows, ${outputBytes} bytes`);
    }
  }
});

it('refuses keys, rows and hashes of an impossible size', async () => {
  for (const kernels of [await wasm(), typescriptRowKernels]) {
    const ids = idsOf(4);
    assert.throws(() => kernels.hashRows(key.subarray(1), ids, 40), /another size/);
    assert.throws(() => kernels.hashRows(key, ids.subarray(1), 40), /another size/);
    for (const bytes of [0, 65, 1.5])
      assert.throws(() => kernels.hashRows(key, ids, bytes), /impossible size/);
    assert.throws(() => kernels.bucket(okvsShape(4, 1), ids.subarray(1)), /another shape/);
    const crowded = kernels.hashedBucket(okvsShape(3, 1), key, ids);
    assert.throws(() => crowded.encode(seededRandom('fill')), /more rows than/);
    const bucket = kernels.hashedBucket(okvsShape(4, 1), key, ids);
    assert.throws(() => bucket.decode(new Uint8Array(16)), /another shape/);
  }
});

/** The encoding, which both implementations give, of rows that both decode. */
function encodedBy(kernels: RowKernels, shape: OkvsShape, count: number): Uint8Array | undefined {
  const label = `${count} of ${shape.rows} rows, a band of ${shape.band} bits`;
  const buckets = [kernels, typescriptRowKernels].map((one) => one.hashedBucket(shape, key, idsOf(count)));
  const [ours, theirs] = buckets.map((bucket) => bucket.encode(seededRandom(label)));
  assert.ok(same(ours, theirs) || (ours === undefined && theirs === undefined), label);
  const encoding = ours ?? seededBytes(label, 16 * shape.columns);
  const [decoded, again] = buckets.map((bucket) => bucket.decode(encoding));
  assert.ok(same(decoded, again), label);
  const [values, theirValues] = buckets.map((bucket) => bucket.values());
  assert.ok(same(values, theirValues), label);
  if (ours !== undefined) {
    assert.ok(same(decoded, values), label);
    assert.equal(ours.length, 16 * shape.columns);
  }
  return ours;
}

describe('rows that are encoded', () => {
  it('are those of the inputs that are chosen, in their order', async () => {
    const inputs = idsOf(3000);
    const shape = okvsShape(2000, 1);
    const which = Uint32Array.from({ length: 2000 }, (_, at) => (at * 7) % 3000);
    const chosen = new Uint8Array(32 * which.length);
    for (const [at, row] of which.entries()) chosen.set(inputs.subarray(32 * row, 32 * (row + 1)), 32 * at);
    for (const kernels of [await wasm(), typescriptRowKernels]) {
      const values = kernels.hashedBucket(shape, key, inputs, which).values();
      assert.ok(same(values, kernels.hashedBucket(shape, key, chosen).values()), kernels.name);
      assert.ok(!same(values, kernels.hashedBucket(shape, key, chosen, which.slice().reverse()).values()));
    }
  });

  it('decode to their values, at the edges of bands and of tables', async () => {
    const kernels = await wasm();
    for (const count of [0, 1, 2, 3, 4, 5, 127, 128, 129, 3000]) {
      assert.ok(encodedBy(kernels, okvsShape(Math.max(count, 1), 1), count) !== undefined);
    }
    // Tables are made for 896 columns at a time.
    for (const edge of [896, 2 * 896]) {
      for (let columns = edge - 5; columns < edge + 6; columns++) {
        const count = Math.floor((columns - BAND_BITS) / 1.2);
        assert.ok(encodedBy(kernels, shapeOf(count, 20, BAND_BITS), count) !== undefined);
      }
    }
  });

  it('may be fewer than there is room for', async () => {
    const kernels = await wasm();
    const shape = okvsShape(2000, 16);
    for (const count of [0, 1, 2, 700, 1999]) assert.ok(encodedBy(kernels, shape, count) !== undefined);
  });

  it('are found among more rows of somebody else, and fewer', async () => {
    const shape = okvsShape(300, 1);
    for (const kernels of [await wasm(), typescriptRowKernels]) {
      const encoding = kernels.hashedBucket(shape, key, idsOf(300)).encode(seededRandom('fill'));
      assert.ok(encoding !== undefined);
      for (const [others, from] of [[5000, 200] as const, [0, 100] as const, [1, 299] as const]) {
        const ids = Buffer.concat([idsOf(others, 'others'), idsOf(300).subarray(32 * from)]);
        const bucket = kernels.hashedBucket(shape, key, ids);
        const decoded = bucket.decode(encoding);
        const values = bucket.values();
        assert.ok(same(decoded.subarray(16 * others), values.subarray(16 * others)));
        assert.equal(blocksIn(decoded.subarray(0, 16 * others), values), 0);
      }
    }
  });

  it('fail in both implementations where bands are too narrow', async () => {
    const kernels = await wasm();
    let failed = 0;
    for (const band of [1, 2, 3, 31, 32, 33, 63, 64, 65, 127, BAND_BITS]) {
      for (const count of [1, 2, 200, 900]) {
        if (encodedBy(kernels, shapeOf(count, 20, band), count) === undefined) failed++;
      }
    }
    assert.ok(failed > 6 && failed < 20, `${failed} failed`);
  });

  it('fail when one is there twice', async () => {
    for (const kernels of [await wasm(), typescriptRowKernels]) {
      const ids = idsOf(300);
      ids.set(ids.subarray(0, 32), 32 * 299);
      const bucket = kernels.hashedBucket(okvsShape(300, 1), key, ids);
      assert.equal(bucket.encode(seededRandom('twice')), undefined);
    }
  });

  it('leave to chance every column that they do not need', async () => {
    const shape = okvsShape(100, 1);
    for (const kernels of [await wasm(), typescriptRowKernels]) {
      for (const count of [0, 60, 100]) {
        const free = shape.columns - count;
        const fill = seededBytes('free columns', 16 * free);
        const asked: number[] = [];
        const random = {
          bytes(length: number) {
            asked.push(length);
            return fill;
          },
        };
        const encoding = kernels.hashedBucket(shape, key, idsOf(count)).encode(random);
        assert.deepEqual(asked, [16 * free]);
        assert.equal(blocksIn(encoding, fill), free);
        // Columns that are left at zero are found out.
        const empty = { bytes: (length: number) => new Uint8Array(length) };
        assert.ok(blocksIn(kernels.hashedBucket(shape, key, idsOf(count)).encode(empty), fill) < free);
      }
    }
  });

  it('are the same whether they were hashed before or in the bucket', async () => {
    const shape = okvsShape(5000, 1);
    const ids = idsOf(5000);
    for (const kernels of [await wasm(), typescriptRowKernels]) {
      const hashed = kernels.hashedBucket(shape, key, ids).encode(seededRandom('fill'));
      const rows = kernels.hashRows(key, ids, OKVS_ROW_BYTES);
      assert.ok(same(kernels.bucket(shape, rows).encode(seededRandom('fill')), hashed));
    }
  });

  it('decode to something else under another key or of other ids', async () => {
    const shape = okvsShape(500, 1);
    const kernels = await wasm();
    const encoding = kernels.hashedBucket(shape, key, idsOf(500)).encode(seededRandom('fill'));
    assert.ok(encoding !== undefined);
    for (const [otherKey, ids] of [
      [seededBytes('other', 32), idsOf(500)] as const,
      [key, idsOf(500, 'others')] as const,
    ]) {
      const bucket = kernels.hashedBucket(shape, otherKey, ids);
      assert.equal(blocksIn(bucket.decode(encoding), bucket.values()), 0);
    }
  });

  it('are gone with the next call', async () => {
    const kernels = await wasm();
    const shape = okvsShape(10, 1);
    const calls = [
      () => kernels.bucket(shape, new Uint8Array()),
      () => kernels.hashRows(key, idsOf(1), 40),
      () => kernels.mapBlocks(new Uint8Array(2048), new Uint8Array(16)),
      () => kernels.matchTags(new Uint8Array(6), new Uint8Array(6), 6, seededRandom('tags')),
      () => kernels.clear(),
    ];
    for (const call of calls) {
      const bucket = kernels.hashedBucket(shape, key, idsOf(10));
      call();
      assert.throws(() => bucket.values(), /after another call/);
      assert.throws(() => bucket.encode(seededRandom('fill')), /after another call/);
      assert.throws(() => bucket.decode(new Uint8Array(16 * shape.columns)), /after another call/);
    }
  });

  it('take the memory that is said', () => {
    // Of which 19 MB are the result: some 108 bytes a row, and 350 KB.
    assert.ok(okvsMemory(okvsShape(2 ** 20, 16)) < 110 * 2 ** 20);
    assert.ok(okvsMemory(okvsShape(1, 1)) < 2 ** 19);
  });
});

/** How many of the blocks of `wanted` are among those of `blocks`. */
function blocksIn(blocks: Uint8Array | undefined, wanted: Uint8Array): number {
  assert.ok(blocks !== undefined);
  const split = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString('hex').match(/.{32}/g) ?? [];
  const there = new Set(split(blocks));
  return split(wanted).filter((block) => there.has(block)).length;
}

it('a linear map adds what the bits choose', async () => {
  const kernels = await wasm();
  const basis = seededBytes('basis', 128 * 16);
  for (const count of [0, 1, 2, 500]) {
    const blocks = seededBytes('blocks', 16 * count);
    assert.ok(same(kernels.mapBlocks(basis, blocks), typescriptRowKernels.mapBlocks(basis, blocks)));
  }
  for (const one of [kernels, typescriptRowKernels]) {
    const units = new Uint8Array(128 * 16);
    for (let bit = 0; bit < 128; bit++) units[16 * bit + (bit >> 3)] = 1 << (bit & 7);
    assert.ok(same(one.mapBlocks(basis, units), basis));
    assert.ok(same(one.mapBlocks(units, basis), basis));
    assert.throws(() => one.mapBlocks(basis.subarray(1), units), /another size/);
    assert.throws(() => one.mapBlocks(basis, units.subarray(1)), /another size/);
  }
});
