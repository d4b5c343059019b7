import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { runSecure } from '../../../test/parts/secure-parties.ts';
import * as ops from '../ops/index.ts';
import type { MatrixLayout } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import { MatmulThreads, matmulThreads, SHARED_MULTIPLICATIONS_MIN } from './matmul-threads.ts';
import { awaitBlocks, isLeft, shareProduct, takeBlocks } from './shared-matmul.ts';
import { typescriptKernels } from './typescript.ts';
import { wasmKernels } from './wasm.ts';

const random = (length: number): Words => randomFillSync(new BigUint64Array(length));

function productOf(dims: MatrixLayout) {
  const { batch, rows, inner, columns } = dims;
  const [x, y] = [random(batch * rows * inner), random(batch * inner * columns)];
  const start = random(batch * rows * columns);
  const wanted = start.slice();
  typescriptKernels.matmul(wanted, x, y, dims, true);
  return { dims, x, y, start, wanted };
}

test('threads give the same products, one after the other in the same memory', async () => {
  // Every product is worth it here.
  const threads = new MatmulThreads(1);
  const kernels = await wasmKernels(threads);
  assert.ok(kernels);
  const letGo = threads.hold(3);
  try {
    const shapes: MatrixLayout[] = [
      { batch: 1, rows: 200, inner: 50, columns: 70 },
      { batch: 3, rows: 65, inner: 33, columns: 5 },
      { batch: 1, rows: 1, inner: 1, columns: 1 },
      { batch: 2, rows: 300, inner: 20, columns: 90 },
      { batch: 1, rows: 130, inner: 64, columns: 64 },
      { batch: 2, rows: 130, inner: 21, columns: 9, transposeLeft: true },
      { batch: 2, rows: 70, inner: 22, columns: 31, transposeLeft: true, transposeRight: true },
    ];
    for (const dims of [...shapes, ...shapes, ...shapes]) {
      const { x, y, start, wanted } = productOf(dims);
      const added = start.slice();
      kernels.matmul(added, x, y, dims, true);
      assert.deepEqual(added, wanted);
      const product = start.slice();
      kernels.matmul(product, x, y, dims, false);
      kernels.add(product, product, start);
      assert.deepEqual(product, wanted);
      // Threads start, and take part, only when this one lets the event loop turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(threads.running, 2);
  } finally {
    await letGo();
  }
});

test('a thread does all of a product that nobody else works on', async () => {
  const { dims, x, y, start, wanted } = productOf({ batch: 2, rows: 100, inner: 30, columns: 20 });
  const shared = shareProduct(typescriptKernels, x, y, dims);
  const worker = new Worker(new URL('./matmul-worker.js', import.meta.url));
  try {
    worker.postMessage(shared);
    const [OPEN, TAKEN] = [0, 1];
    for (let block = 0; block < shared.blocks.length; block++) {
      for (const state of [OPEN, TAKEN])
        assert.notEqual(Atomics.wait(shared.blocks, block, state, 30_000), 'timed-out');
    }
    const product = new BigUint64Array(shared.out);
    typescriptKernels.add(product, product, start);
    assert.deepEqual(product, wanted);
  } finally {
    await worker.terminate();
  }
});

test('threads start with the first product that is worth it and end with their last holder', async () => {
  const threads = new MatmulThreads(20 ** 3);
  const kernels = await wasmKernels(threads);
  assert.ok(kernels);
  const multiply = (edge: number, columns = edge): void => {
    const dims = { batch: 1, rows: edge, inner: edge, columns };
    const [x, y] = [random(edge * edge), random(edge * columns)];
    kernels.matmul(new BigUint64Array(edge * columns), x, y, dims, false);
  };
  multiply(20);
  assert.equal(threads.running, 0, 'nobody holds any');
  const [first, second] = [threads.hold(2), threads.hold(4)];
  multiply(19);
  assert.equal(threads.running, 0, 'too small');
  multiply(100, 3);
  assert.equal(threads.running, 0, 'too narrow: to copy its factors takes as long');
  multiply(20);
  assert.equal(threads.running, 3, 'the most of any holder, less the own thread');
  await second();
  await second();
  assert.equal(threads.running, 3, 'the first still holds them');
  await first();
  assert.equal(threads.running, 0);
  multiply(20);
  assert.equal(threads.running, 0);
});

test('a block that a dead thread has taken is computed by the one that waits', () => {
  const { dims, x, y, start, wanted } = productOf({ batch: 1, rows: 150, inner: 8, columns: 3 });
  const shared = shareProduct(typescriptKernels, x, y, dims);
  // As a thread that took the second block and ended.
  Atomics.store(shared.blocks, 1, 1);
  takeBlocks(typescriptKernels, shared);
  const incomplete = new BigUint64Array(shared.out);
  awaitBlocks(typescriptKernels, shared, 1);
  typescriptKernels.add(incomplete, incomplete, start);
  assert.notDeepEqual(incomplete, wanted);
  const complete = new BigUint64Array(shared.out);
  typescriptKernels.add(complete, complete, start);
  assert.deepEqual(complete, wanted);
  assert.ok(!isLeft(shared, 1), 'and its memory serves for nothing else');
});

test('the threads of a session end with it', async () => {
  const edge = 646;
  assert.ok(edge ** 3 >= SHARED_MULTIPLICATIONS_MIN);
  const running: number[] = [];
  const [sum] = await runSecure(
    'ref',
    2,
    async (on, rank) => {
      const values = rank === 0 ? new Float64Array(edge * edge).fill(1) : undefined;
      const x = await ops.share(on, { owner: 0, dtype: 'integer', shape: [edge, edge] }, values);
      return ops.reveal(on, ops.slice(on, ops.reshape(on, await ops.matmul(on, x, x), [edge * edge]), 0, 3));
    },
    { options: { threads: 2 }, inspect: () => running.push(matmulThreads.running) },
  );
  assert.deepEqual(sum?.words, new BigUint64Array(3).fill(BigInt(edge)));
  assert.deepEqual(running, [1, 1]);
  assert.equal(matmulThreads.running, 0);
});
