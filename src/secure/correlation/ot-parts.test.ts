/** The parts of oblivious transfer, each against its definition. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { runFibers } from '../../../test/parts/correlation-parties.ts';
import { systemRandom } from '../../base/system.ts';
import { BaseOtSender, loadEdwards, receiveBaseOts } from './base-ot.ts';
import { ROW_BITS, transposeColumns } from './bit-matrix.ts';
import { PRODUCT_WORDS, receiveProducts, sendProducts } from './gilboa.ts';
import {
  extensionBytes,
  RandomOtReceiver,
  RandomOtSender,
  type TreeBits,
  treeShape,
} from './ot-extension.ts';
import { typescriptOtKernels } from './ot-kernels.ts';
import { choicesFor, growTrees, punctureBytes, regrowTrees } from './punctured-trees.ts';
import { RowHash } from './row-hash.ts';
import { wasmOtKernels } from './wasm-ot-kernels.ts';

const randomWords = (count: number): Uint32Array =>
  new Uint32Array(new Uint8Array(randomBytes(4 * count)).buffer);
const same = (x: Uint8Array, y: Uint8Array): boolean => Buffer.compare(x, y) === 0;

const nowhere = new Uint8Array();

async function baseOts(choices: Uint8Array) {
  const curve = await loadEdwards();
  const sender = new BaseOtSender(curve, systemRandom);
  const received = receiveBaseOts(curve, systemRandom, choices, sender.opening, nowhere);
  return { sent: sender.finish(received.answer, nowhere), received };
}

it('base OT: the receiver has the key of its choice, and not the other', async () => {
  const choices = Uint8Array.from({ length: 64 }, (_, i) => ((i * 7) % 2) ^ (i > 40 ? 1 : 0));
  const { sent, received } = await baseOts(choices);
  assert.ok(same(sent.transcript, received.transcript));
  const seen = new Set<string>();
  for (const [i, choice] of choices.entries()) {
    const at = (keys: Uint8Array) => keys.subarray(16 * i, 16 * i + 16);
    const [chosen, other] = choice === 0 ? [sent.zero, sent.one] : [sent.one, sent.zero];
    assert.ok(same(at(received.keys), at(chosen)));
    assert.ok(!same(at(received.keys), at(other)));
    seen.add(Buffer.from(at(chosen)).toString('hex')).add(Buffer.from(at(other)).toString('hex'));
  }
  assert.equal(seen.size, 128);
});

describe('base OT over a library that does not write one result of many', () => {
  const calls = [
    'crypto_scalarmult_ed25519_base_noclamp',
    'crypto_scalarmult_ed25519_noclamp',
    'crypto_core_ed25519_add',
    'crypto_core_ed25519_sub',
    'crypto_core_ed25519_scalar_reduce',
  ] as const;
  for (const name of calls) {
    it(`is found out: ${name}`, async () => {
      const curve = await loadEdwards();
      let count = 0;
      const silent = {
        ...curve,
        [name]: (...args: [Uint8Array, Uint8Array, Uint8Array]) => {
          if (++count !== 60) curve[name](...args);
        },
      };
      assert.throws(() => {
        const sender = new BaseOtSender(silent, systemRandom);
        const choices = new Uint8Array(128);
        const run = new Uint8Array();
        const { answer } = receiveBaseOts(silent, systemRandom, choices, sender.opening, run);
        sender.finish(answer, run);
      }, /gave no result/);
    });
  }
});

async function trees(treeBits: TreeBits, punctured: Uint8Array) {
  const shape = treeShape(treeBits);
  const { sent, received } = await baseOts(choicesFor(shape, punctured));
  const message = new Uint8Array(punctureBytes(shape));
  const grown = growTrees(shape, systemRandom, sent, message);
  return { grown, regrown: regrowTrees(shape, punctured, received, message), key: sent.transcript };
}

describe('punctured trees', () => {
  for (const treeBits of [2, 4, 8] as const) {
    it(`all leaves but one, depth ${treeBits}`, async () => {
      const punctured = new Uint8Array(randomBytes(128 / treeBits)).map((byte) => byte & (2 ** treeBits - 1));
      const { grown, regrown } = await trees(treeBits, punctured);
      for (const [tree, leaves] of grown.entries()) {
        for (const [leaf, seed] of leaves.entries()) {
          const theirs = regrown[tree]?.[leaf];
          if (leaf === punctured[tree]) assert.equal(theirs, undefined);
          else assert.ok(theirs !== undefined && same(theirs, seed));
        }
      }
      assert.equal(
        new Set(grown.flat().map((seed) => Buffer.from(seed).toString('hex'))).size,
        grown.flat().length,
      );
    });
  }
});

describe('OT extension', () => {
  for (const treeBits of [2, 4, 8] as const) {
    it(`the receiver has the pad of its choice, and not the other (trees of ${treeBits} bits)`, async () => {
      const punctured = new Uint8Array(randomBytes(128 / treeBits)).map((byte) => byte & (2 ** treeBits - 1));
      const { grown, regrown, key } = await trees(treeBits, punctured);
      await runFibers(2, async (fiber) => {
        if (fiber.rank === 1) return;
        const receiver = new RandomOtReceiver(
          treeBits,
          grown,
          new RowHash(key, typescriptOtKernels),
          typescriptOtKernels,
        );
        const sender = new RandomOtSender(
          treeBits,
          regrown,
          punctured,
          new RowHash(key, typescriptOtKernels),
          typescriptOtKernels,
        );
        const pads = new Set<string>();
        let ones = 0;
        for (const batch of [
          { count: 128, times: 1 },
          { count: 1024, times: 1 },
          { count: 128, times: 3 },
        ]) {
          const corrections = new Uint32Array(extensionBytes(treeBits, batch.count) / 4);
          const received = receiver.extend(fiber, batch, corrections);
          const sent = sender.extend(fiber, batch, corrections);
          const total = batch.count * batch.times;
          assert.equal(received.pads.length, 2 * total);
          for (let i = 0; i < total; i++) {
            const ot = Math.floor(i / 64 / batch.times) * 64 + (i % 64);
            const choice = ((received.choices[ot >> 5] ?? 0) >>> (ot & 31)) & 1;
            const pad = (from: Uint32Array) => `${from[2 * i]} ${from[2 * i + 1]}`;
            const [chosen, other] = choice === 0 ? [sent.zero, sent.one] : [sent.one, sent.zero];
            assert.equal(pad(received.pads), pad(chosen));
            assert.notEqual(pad(received.pads), pad(other));
            pads.add(pad(chosen)).add(pad(other));
            if (batch.count === 1024) ones += choice;
          }
        }
        assert.equal(pads.size, 2 * (128 + 1024 + 384));
        // Choices are coins: of 1024, half are one, with a deviation of 16.
        assert.ok(Math.abs(ones - 512) < 100);
      });
    });
  }
});

it('transposition: bit c of row r is bit r of column c (law)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), (blocks) => {
      const rows = 32 * blocks;
      const columns = randomWords((ROW_BITS * rows) / 32);
      const output = transposeColumns(columns, rows);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < ROW_BITS; column++) {
          const from = ((columns[(column * rows) / 32 + (row >> 5)] ?? 0) >>> (row & 31)) & 1;
          const to = ((output[4 * row + (column >> 5)] ?? 0) >>> (column & 31)) & 1;
          if (from !== to) assert.fail(`row ${row}, column ${column}`);
        }
      }
    }),
    { numRuns: 10 },
  );
});

it('Gilboa: shares add up to the product, whatever the factors (law)', () => {
  const word = fc.oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 32n - 1n),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 5 }), (pairs) => {
      const [x, y] = [0, 1].map((side) => BigUint64Array.from(pairs, (pair) => pair[side] ?? 0n)) as [
        BigUint64Array,
        BigUint64Array,
      ];
      const [zero, one] = [randomWords(128 * pairs.length), randomWords(128 * pairs.length)];
      const choices = new Uint32Array(y.buffer);
      const chosen = zero.map((pad, at) =>
        ((choices[at >> 6] ?? 0) >>> ((at >> 1) & 31)) & 1 ? (one[at] ?? 0) : pad,
      );
      const corrections = new Uint32Array(PRODUCT_WORDS * pairs.length);
      const sent = new BigUint64Array(sendProducts(new Uint32Array(x.buffer), zero, one, corrections).buffer);
      const received = new BigUint64Array(receiveProducts(choices, chosen, corrections).buffer);
      for (const [i, [left, right]] of pairs.entries()) {
        assert.equal(
          BigInt.asUintN(64, (sent[i] ?? 0n) + (received[i] ?? 0n)),
          BigInt.asUintN(64, left * right),
        );
      }
    }),
    { numRuns: share(300) },
  );
});

describe('row hash', () => {
  it('is tweakable MMO over AES (checked against its definition)', async () => {
    const { createCipheriv } = await import('node:crypto');
    const key = new Uint8Array(randomBytes(16));
    const aes = (block: Uint8Array): Uint8Array =>
      createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block);
    const rows = randomWords(4 * 5);
    const [first, tag] = [4_000_000_000, 0x89abcdef];
    const output = new RowHash(key, typescriptOtKernels).hash(rows, first, tag);
    for (let row = 0; row < 5; row++) {
      const inner = aes(new Uint8Array(rows.buffer, 16 * row, 16));
      const tweaked = new DataView(new Uint8Array(inner).buffer);
      tweaked.setUint32(0, (tweaked.getUint32(0, true) ^ (first + row)) >>> 0, true);
      tweaked.setUint32(4, (tweaked.getUint32(4, true) ^ tag) >>> 0, true);
      const outer = aes(new Uint8Array(tweaked.buffer));
      const want = Buffer.from(outer.subarray(8).map((byte, at) => byte ^ (inner[8 + at] ?? 0)));
      assert.equal(Buffer.from(output.buffer, 8 * row, 8).toString('hex'), want.toString('hex'));
    }
  });

  it('adds the offset to each row before', () => {
    const hash = new RowHash(new Uint8Array(randomBytes(16)), typescriptOtKernels);
    const [rows, offset] = [randomWords(8), randomWords(4)];
    const moved = rows.map((word, at) => word ^ (offset[at % 4] ?? 0));
    assert.deepEqual(hash.hash(rows, 7, 9, offset), hash.hash(moved, 7, 9));
    assert.notDeepEqual(hash.hash(rows, 7, 9), hash.hash(rows, 8, 9));
  });
});

describe('kernels in WebAssembly compute what those in TypeScript do', () => {
  const load = async () => {
    const kernels = await wasmOtKernels();
    assert.ok(kernels !== undefined, 'they cannot be loaded');
    return kernels;
  };

  it('columns', async () => {
    const kernels = await load();
    for (const treeBits of [2, 4, 8]) {
      for (const count of [128, 1152]) {
        const [own, want] = [kernels.columns(count, treeBits), typescriptOtKernels.columns(count, treeBits)];
        const plus = randomWords(count / 32);
        for (let tree = 0; tree < 128 / treeBits; tree++) {
          const missing = tree % 2 ** treeBits;
          const leaves = Array.from({ length: 2 ** treeBits }, (_, leaf) =>
            leaf === missing ? undefined : randomWords(count / 32),
          );
          // The specification may overwrite the leaves.
          const copies = leaves.map((leaf) => leaf?.slice());
          const added = tree % 3 === 0 ? plus : undefined;
          assert.deepEqual(own.fold(tree, leaves, added), want.fold(tree, copies, added));
          const correction = randomWords(count / 32);
          own.correct(tree, correction, missing);
          want.correct(tree, correction, missing);
        }
        assert.deepEqual(own.toRows(), want.toRows());
      }
    }
  });

  it('hashes', async () => {
    const kernels = await load();
    const key = new Uint8Array(randomBytes(16));
    const [own, want] = [new RowHash(key, kernels), new RowHash(key, typescriptOtKernels)];
    for (const rows of [1, 64, 4096, 5000]) {
      const [input, offset] = [randomWords(4 * rows), randomWords(4)];
      for (const first of [0, 2 ** 32 - 3]) {
        assert.deepEqual(own.hash(input, first, 0xfedcba98), want.hash(input, first, 0xfedcba98));
        assert.deepEqual(own.hash(input, first, 7, offset), want.hash(input, first, 7, offset));
      }
    }
  });

  it('products, also at the edges', async () => {
    const kernels = await load();
    for (const fill of [
      randomWords,
      (count: number) => new Uint32Array(count),
      (count: number) => new Uint32Array(count).fill(0xffff_ffff),
    ]) {
      const count = 33;
      const [factors, choices] = [fill(2 * count), fill(2 * count)];
      const [zero, one] = [randomWords(128 * count), randomWords(128 * count)];
      const [corrections, want] = [
        new Uint32Array(PRODUCT_WORDS * count),
        new Uint32Array(PRODUCT_WORDS * count),
      ];
      assert.deepEqual(
        kernels.sendProducts(factors, zero, one, corrections),
        sendProducts(factors, zero, one, want),
      );
      assert.deepEqual(corrections, want);
      assert.deepEqual(
        kernels.receiveProducts(choices, zero, corrections),
        receiveProducts(choices, zero, want),
      );
    }
  });
});
