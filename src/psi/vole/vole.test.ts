import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { itLong } from '../../../test/effort.ts';
import { firstFalse, runBucket, setUp } from '../../../test/parts/vole-parties.ts';
import { systemRandom } from '../../base/system.ts';
import { typescriptOtKernels } from '../../secure/correlation/ot-kernels.ts';
import { ELEMENT_BYTES, voleShape } from './parameters.ts';
import { SEEDS_BYTES, VoleSeeds } from './seeds.ts';
import {
  SETUP_ANSWER_BYTES,
  SETUP_OPENING_BYTES,
  SETUP_TREES_BYTES,
  VoleSetupReceiver,
  VoleSetupSender,
} from './setup.ts';
import { growAll, growPunctured, missingLeaves, PART_NODES, treeBytes } from './trees.ts';
import { firstBytes, secondBytes, VoleReceiver, VoleSender } from './vole.ts';
import type { VoleKernels } from './vole-kernel-types.ts';
import { loadVoleKernels, TypescriptVoleKernels } from './vole-kernels.ts';

const slow = (): readonly [VoleKernels, VoleKernels] => [
  new TypescriptVoleKernels(),
  new TypescriptVoleKernels(),
];
const fast = async (): Promise<readonly [VoleKernels, VoleKernels]> => [
  await loadVoleKernels(),
  await loadVoleKernels(),
];
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const refused = { code: 'PRIVITY_PSI_PROTOCOL' };

describe('silent VOLE', () => {
  for (const outputs of [1, 100, 4096]) {
    it(`c = b + delta·a for ${outputs} outputs, at all of them`, async () => {
      const seeds = await setUp();
      for (const [bucket, kernels] of [slow(), await fast()].entries()) {
        const run = await runBucket(seeds, bucket, outputs, kernels);
        assert.equal(run.a.byteLength, ELEMENT_BYTES * outputs);
        assert.equal(firstFalse(run), undefined);
        assert.ok(!isZero(run.a) && !isZero(run.delta));
      }
    });
  }

  for (const log of [16, 20]) {
    const test = async (): Promise<void> => {
      const run = await runBucket(await setUp(), 0, 2 ** log, await fast());
      assert.equal(firstFalse(run, log === 16 ? 7 : 1), undefined);
    };
    const name = `c = b + delta·a for 2^${log} outputs`;
    if (log === 16) it(name, test);
    else itLong(name, test);
  }

  it('gives other vectors in each bucket, under the same delta', async () => {
    const seeds = await setUp();
    const kernels = slow();
    const runs = [await runBucket(seeds, 1, 50, kernels), await runBucket(seeds, 2, 50, kernels)] as const;
    assert.deepEqual(runs[0].delta, runs[1].delta);
    for (const name of ['a', 'b', 'c', 'first', 'second'] as const) {
      const same = runs[0][name].filter((byte, at) => byte === runs[1][name][at]).length;
      assert.ok(same < runs[0][name].length / 10, name);
    }
  });

  it('gives a bucket its seeds once', async () => {
    const { receiver } = await setUp();
    receiver.fork(3);
    assert.throws(() => receiver.fork(3), /has its seeds already/);
  });

  it('works from seeds that went to another thread', async () => {
    const seeds = await setUp();
    const moved = { receiver: seeds.receiver.encode(), sender: seeds.sender.encode() };
    assert.equal(moved.receiver.byteLength, SEEDS_BYTES);
    const there = { receiver: VoleSeeds.decode(moved.receiver), sender: VoleSeeds.decode(moved.sender) };
    assert.equal(firstFalse(await runBucket(there, 0, 10, slow())), undefined);
    // The same bucket of the same run has the same noise in any thread.
    const here = await runBucket({ receiver: seeds.receiver, sender: there.sender }, 5, 10, slow());
    const other = await runBucket({ receiver: there.receiver, sender: seeds.sender }, 5, 10, slow());
    assert.deepEqual(here.a, other.a);
  });

  it('a byte of any part of the sender’s message that changes breaks the relation', async () => {
    const seeds = await setUp();
    const shape = voleShape(4096);
    // Of a level's two sums the receiver reads one only: both are changed.
    const places = [[0, 16], [treeBytes(shape) - 32, treeBytes(shape) - 16], [secondBytes(shape) - 1]];
    for (const [bucket, changed] of places.entries()) {
      const run = await runBucket(seeds, bucket, 4096, slow(), (second) => {
        for (const at of changed) second[at] = (second[at] ?? 0) ^ 1;
      });
      assert.notEqual(firstFalse(run), undefined);
    }
  });
});

describe('trees of the silent VOLE', () => {
  it('are the same at both but for the missing leaves', () => {
    const shape = voleShape(6000);
    const { noise, depth, columns } = shape;
    const count = noise * depth;
    const zero = new Uint8Array(randomBytes(count * ELEMENT_BYTES));
    const one = new Uint8Array(randomBytes(count * ELEMENT_BYTES));
    const choices = new Uint8Array(randomBytes(count)).map((byte) => byte & 1);
    const keys = zero.map((byte, at) => (choices[at >> 4] === 1 ? (one[at] as number) : byte));
    const publicKeys = [randomBytes(16), randomBytes(16)];
    const part = PART_NODES * ELEMENT_BYTES;
    const end = columns * ELEMENT_BYTES;
    const places = { nodes: 0, left: end, right: end + part, sums: end + 2 * part };
    const grown = (): TypescriptVoleKernels => {
      const kernels = new TypescriptVoleKernels();
      kernels.reserve(places.sums + 2 * noise * ELEMENT_BYTES);
      return kernels;
    };
    const message = new Uint8Array(treeBytes(shape));
    const [full, punctured] = [grown(), grown()];
    growAll(full, shape, places, publicKeys, randomBytes(noise * ELEMENT_BYTES), { zero, one }, message);
    growPunctured(punctured, shape, places, publicKeys, { choices, keys }, message);
    const missing = missingLeaves(shape, choices);
    const seen = new Set<string>();
    for (let leaf = 0; leaf < columns; leaf++) {
      const at = (kernels: VoleKernels): Uint8Array =>
        kernels.bytes().subarray(leaf * ELEMENT_BYTES, (leaf + 1) * ELEMENT_BYTES);
      seen.add(Buffer.from(at(full)).toString('hex'));
      if (leaf % 2 ** depth === missing[Math.floor(leaf / 2 ** depth)]) assert.ok(isZero(at(punctured)));
      else assert.deepEqual(at(punctured), at(full));
    }
    assert.equal(seen.size, columns);
  });
});

describe('messages of the silent VOLE', () => {
  it('have the lengths that are declared', async () => {
    const seeds = await setUp();
    for (const [bucket, outputs] of [1, 5000, 10_000].entries()) {
      const { first, second } = await runBucket(seeds, bucket, outputs, slow());
      assert.equal(first.byteLength, firstBytes(voleShape(outputs)));
      assert.equal(second.byteLength, secondBytes(voleShape(outputs)));
    }
  });

  it('come to less than half a megabyte for 2^19 outputs, and at every size', () => {
    for (let outputs = 1; outputs <= 2 ** 21; outputs = Math.ceil(1.1 * outputs)) {
      const shape = voleShape(outputs);
      assert.ok(firstBytes(shape) + secondBytes(shape) < 500_000);
    }
    const shape = voleShape(2 ** 19);
    assert.ok(firstBytes(shape) + secondBytes(shape) < 250_000);
  });

  it('of another length are refused', async () => {
    const seeds = await setUp();
    const shape = voleShape(10);
    const [kernels, otherKernels] = slow();
    const otKernels = typescriptOtKernels;
    const receiver = new VoleReceiver({ shape, seeds: seeds.receiver.fork(0), kernels, otKernels });
    const sender = new VoleSender(
      { shape, seeds: seeds.sender.fork(0), kernels: otherKernels, otKernels },
      systemRandom,
    );
    for (const change of [-16, -1, 1]) {
      assert.throws(() => sender.answer(new Uint8Array(firstBytes(shape) + change)), refused);
      assert.throws(() => receiver.finish(new Uint8Array(secondBytes(shape) + change)), refused);
    }
  });

  it('of the setup too, and points that are none', async () => {
    const context = new Uint8Array();
    const receiver = await VoleSetupReceiver.open(systemRandom, context);
    assert.equal(receiver.opening.byteLength, SETUP_OPENING_BYTES);
    for (const opening of [new Uint8Array(31), new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      await assert.rejects(VoleSetupSender.open(systemRandom, context, opening), refused);
    }
    const sender = await VoleSetupSender.open(systemRandom, context, receiver.opening);
    assert.equal(sender.answer.byteLength, SETUP_ANSWER_BYTES);
    const { answer } = sender;
    const onePointMore = Buffer.concat([answer, answer.subarray(0, SETUP_OPENING_BYTES)]);
    for (const length of [answer.subarray(SETUP_OPENING_BYTES), onePointMore]) {
      assert.throws(() => receiver.finish(length), { ...refused, message: /bytes where/ });
    }
    assert.throws(() => receiver.finish(new Uint8Array(SETUP_ANSWER_BYTES)), refused);
    for (const length of [SETUP_TREES_BYTES - 1, SETUP_TREES_BYTES + 1]) {
      assert.throws(() => sender.finish(new Uint8Array(length)), refused);
    }
  });

  it('a context of another run gives other seeds', async () => {
    const receiver = await VoleSetupReceiver.open(systemRandom, Uint8Array.of(1));
    const sender = await VoleSetupSender.open(systemRandom, Uint8Array.of(2), receiver.opening);
    const { seeds, trees } = receiver.finish(sender.answer);
    const run = await runBucket({ receiver: seeds, sender: sender.finish(trees) }, 0, 10, slow());
    assert.notEqual(firstFalse(run), undefined);
  });
});

describe('after a bucket', () => {
  it('nothing of it is left in the memory of the kernels or in its seeds', async () => {
    const seeds = await setUp();
    const shape = voleShape(100);
    const kernels = slow();
    const otKernels = typescriptOtKernels;
    const [ofReceiver, ofSender] = [seeds.receiver.fork(0), seeds.sender.fork(0)];
    const receiver = new VoleReceiver({ shape, seeds: ofReceiver, kernels: kernels[0], otKernels });
    const sender = new VoleSender({ shape, seeds: ofSender, kernels: kernels[1], otKernels }, systemRandom);
    const { delta } = sender;
    const second = sender.answer(receiver.first);
    assert.ok(!isZero(kernels[1].bytes()));
    sender.expand();
    receiver.finish(second);
    sender.destroy();
    for (const lane of kernels) assert.ok(isZero(lane.bytes()));
    assert.ok(isZero(delta));
    for (const { places, products } of [ofReceiver, ofSender]) {
      for (const { leaves, missing } of [places, products]) {
        for (const leaf of leaves.flat()) assert.ok(leaf === undefined || isZero(leaf));
        assert.ok(missing === undefined || isZero(missing));
      }
    }
  });

  it('a bucket that is given up leaves nothing either', async () => {
    const seeds = await setUp();
    const kernels = slow();
    const [ofReceiver, ofSender] = [seeds.receiver.fork(0), seeds.sender.fork(0)];
    const tools = { shape: voleShape(100), otKernels: typescriptOtKernels };
    const receiver = new VoleReceiver({ ...tools, seeds: ofReceiver, kernels: kernels[0] });
    const sender = new VoleSender({ ...tools, seeds: ofSender, kernels: kernels[1] }, systemRandom);
    for (const party of [receiver, sender, receiver, sender]) party.destroy();
    for (const lane of kernels) assert.ok(isZero(lane.bytes()));
    for (const { places, products } of [ofReceiver, ofSender]) {
      for (const { leaves, missing } of [places, products]) {
        for (const leaf of leaves.flat()) assert.ok(leaf === undefined || isZero(leaf));
        assert.ok(missing === undefined || isZero(missing));
      }
    }
  });

  it('seeds that are destroyed are zero, here and in lanes', async () => {
    const { sender } = await setUp();
    const lane = VoleSeeds.decode(sender.encode());
    for (const seeds of [sender, lane]) {
      seeds.destroy();
      // The transcript in front is public.
      assert.ok(isZero(seeds.encode().subarray(32)));
    }
  });
});
