/** What each side of the silent VOLE sees, given all that it knows itself, is uniform. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { share } from '../../../test/effort.ts';
import { setUp } from '../../../test/parts/vole-parties.ts';
import { systemRandom } from '../../base/system.ts';
import { typescriptOtKernels } from '../../secure/correlation/ot-kernels.ts';
import { ownNoise, PIECES, productBytes } from './noise-products.ts';
import { ELEMENT_BYTES, voleShape } from './parameters.ts';
import { treeBytes } from './trees.ts';
import { firstBytes, VoleReceiver, VoleSender } from './vole.ts';
import { TypescriptVoleKernels } from './vole-kernels.ts';

/** Chi-square of bytes against uniform ones has mean 255 and deviation 22.6: eight of them beyond. */
const CHI_SQUARE_MAX = 436;

function chiSquare(bytes: Uint8Array): number {
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  const mean = bytes.byteLength / 256;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

/** Bits of `bytes` that are set where those of `other` are, as a share of its bits: half, if they are independent. */
function agreement(bytes: Uint8Array, other: Uint8Array): number {
  let agreeing = 0;
  for (const [at, byte] of bytes.entries()) {
    for (
      let differing = 255 ^ byte ^ (other[at % other.length] ?? 0);
      differing > 0;
      differing &= differing - 1
    ) {
      agreeing++;
    }
  }
  return agreeing / (8 * bytes.byteLength);
}

function assertUniform(bytes: Uint8Array): void {
  const found = chiSquare(bytes);
  assert.ok(found < CHI_SQUARE_MAX, `chi-square ${found.toFixed(0)} of ${bytes.byteLength} bytes`);
}

/** Six deviations of a fair coin. */
function assertIndependent(bytes: Uint8Array, other: Uint8Array): void {
  const bound = 6 / (2 * Math.sqrt(8 * bytes.byteLength));
  const found = Math.abs(agreement(bytes, other) - 0.5);
  assert.ok(found < bound, `${found} of the bits agree beyond half, where chance gives ${bound}`);
}

describe('the receiver’s message, to the sender', () => {
  it('is uniform when the streams that the sender knows are taken off, and tells nothing of the noise', async () => {
    const seeds = await setUp();
    const count = 400;
    for (let bucket = 0; bucket < share(20); bucket++) {
      const message = new Uint8Array(productBytes(count));
      const { y } = ownNoise(seeds.receiver.fork(bucket).products.leaves, count, message);
      assertUniform(message);
      assertIndependent(message, y);
      const { leaves } = seeds.sender.fork(bucket).products;
      const seen = message.slice();
      for (let piece = 1; piece < PIECES; piece++) {
        const part = seen.subarray((piece - 1) * count * ELEMENT_BYTES, piece * count * ELEMENT_BYTES);
        for (const leaf of leaves[piece] ?? []) {
          if (leaf === undefined) continue;
          const cipher = createCipheriv('aes-128-ctr', leaf, new Uint8Array(16));
          const stream = cipher.update(new Uint8Array(part.byteLength));
          for (const [at, byte] of stream.entries()) part[at] = (part[at] ?? 0) ^ byte;
        }
      }
      assertUniform(seen);
      assertIndependent(seen, y);
    }
  });

  it('a stream that serves twice is found out', async () => {
    const seeds = await setUp();
    const message = new Uint8Array(productBytes(400));
    const { y } = ownNoise(seeds.receiver.fork(0).products.leaves, 400, message);
    const tied = message.map((byte, at) => (at % 8 === 0 ? (y[at % y.length] as number) : byte));
    assert.throws(() => assertIndependent(tied, y), /agree beyond half/);
    assert.throws(() => assertUniform(message.map((byte) => byte & 0xf7)), /chi-square/);
  });
});

describe('both messages of a bucket', () => {
  it('are uniform, and those of two buckets have nothing to do with each other', async () => {
    const seeds = await setUp();
    const shape = voleShape(6000);
    const seen = [0, 1].map((bucket) => {
      const tools = { shape, otKernels: typescriptOtKernels };
      const kernels = [new TypescriptVoleKernels(), new TypescriptVoleKernels()] as const;
      const receiver = new VoleReceiver({
        ...tools,
        seeds: seeds.receiver.fork(bucket),
        kernels: kernels[0],
      });
      const ofSender = { ...tools, seeds: seeds.sender.fork(bucket), kernels: kernels[1] };
      const sender = new VoleSender(ofSender, systemRandom);
      const second = sender.answer(receiver.first);
      const { a, c } = receiver.finish(second);
      return { first: receiver.first, second, sums: second.subarray(treeBytes(shape)), a, c };
    });
    const [one, other] = seen as [(typeof seen)[number], (typeof seen)[number]];
    assert.equal(one.first.byteLength, firstBytes(shape));
    for (const name of ['first', 'second', 'sums', 'a', 'c'] as const) {
      assertUniform(one[name]);
      assertUniform(one[name].map((byte, at) => byte ^ (other[name][at] ?? 0)));
      assertIndependent(one[name], other[name]);
    }
  });
});
