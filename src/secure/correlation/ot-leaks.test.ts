/**
 * What oblivious transfer sends looks the same whatever is chosen and whatever is sent; a transfer that leaks is
 * planted, and found.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { CHI_SQUARE_MAX, Nibbles } from '../../../test/parts/transcripts.ts';
import { systemRandom } from '../../base/system.ts';
import { BaseOtSender, loadEdwards, receiveBaseOts } from './base-ot.ts';
import { PRODUCT_WORDS, sendProducts } from './gilboa.ts';
import { choicesFor, growTrees, punctureBytes } from './punctured-trees.ts';

const PRODUCTS = 2048;

const pads = (): Uint32Array => new Uint32Array(new Uint8Array(randomBytes(4 * 128 * PRODUCTS)).buffer);

function chiSquareOf(words: Uint32Array | Uint8Array): number {
  const nibbles = new Nibbles();
  nibbles.add(new BigUint64Array(words.slice().buffer));
  return nibbles.worst();
}

const nowhere = new Uint8Array();

describe('messages of oblivious transfer', () => {
  for (const [what, word] of [
    ['zero', 0],
    ['one', 1],
    ['all ones', 0xffff_ffff],
  ] as const) {
    it(`corrections of products are uniform for factors of ${what}`, () => {
      const corrections = new Uint32Array(PRODUCT_WORDS * PRODUCTS);
      sendProducts(new Uint32Array(2 * PRODUCTS).fill(word), pads(), pads(), corrections);
      assert.ok(chiSquareOf(corrections) < CHI_SQUARE_MAX);
    });
  }

  it('would be found to leak: both pads alike', () => {
    const same = pads();
    const corrections = new Uint32Array(PRODUCT_WORDS * PRODUCTS);
    sendProducts(new Uint32Array(2 * PRODUCTS).fill(1), same, same, corrections);
    assert.ok(chiSquareOf(corrections) > CHI_SQUARE_MAX);
  });

  it('base OTs: the answer is uniform for each choice, and never the opening', async () => {
    const curve = await loadEdwards();
    for (const choice of [0, 1]) {
      const nibbles = new Nibbles();
      for (let session = 0; session < 8; session++) {
        const { opening } = new BaseOtSender(curve, systemRandom);
        const { answer } = receiveBaseOts(
          curve,
          systemRandom,
          new Uint8Array(128).fill(choice),
          opening,
          nowhere,
        );
        nibbles.add(new BigUint64Array(answer.buffer));
        assert.ok(!Buffer.from(answer).includes(Buffer.from(opening)));
      }
      assert.ok(nibbles.worst() < CHI_SQUARE_MAX, `choice ${choice}`);
    }
  });

  it('trees: the sums that are sent are uniform for every leaf that is missing', async () => {
    const curve = await loadEdwards();
    const shape = { trees: 32, depth: 4 };
    for (const leaf of [0, 15]) {
      const nibbles = new Nibbles();
      for (let session = 0; session < 8; session++) {
        const sender = new BaseOtSender(curve, systemRandom);
        const choices = choicesFor(shape, new Uint8Array(32).fill(leaf));
        const { answer } = receiveBaseOts(curve, systemRandom, choices, sender.opening, nowhere);
        const message = new Uint8Array(punctureBytes(shape));
        growTrees(shape, systemRandom, sender.finish(answer, nowhere), message);
        nibbles.add(new BigUint64Array(message.buffer));
      }
      assert.ok(nibbles.worst() < CHI_SQUARE_MAX, `leaf ${leaf}`);
    }
  });
});
