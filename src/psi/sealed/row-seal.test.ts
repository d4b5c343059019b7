import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeRowSeal, type RowSeal, SEAL_BYTES, sodiumRowSeal } from './row-seal.ts';

const { default: sodium } = await import('sodium-native');
const both: readonly RowSeal[] = [sodiumRowSeal(sodium), nodeRowSeal()];

const key = Uint8Array.from({ length: 32 }, (_, i) => 3 * i);
const row = Uint8Array.from({ length: 50 }, (_, i) => i);

function sealed(seal: RowSeal, under: Uint8Array = key): Uint8Array {
  const into = new Uint8Array(row.byteLength + SEAL_BYTES);
  seal.seal(under, row, into);
  return into;
}

describe('encryption of one row', () => {
  it('gives the same bytes in both libraries, and either opens them', () => {
    for (const one of both) {
      assert.deepEqual(sealed(one), sealed(nodeRowSeal()));
      for (const other of both) {
        const opened = new Uint8Array(row.byteLength);
        assert.ok(other.open(key, sealed(one), opened));
        assert.deepEqual(opened, row);
      }
    }
  });

  it('is that of RFC 8439: the stream from its second block on', () => {
    // Appendix A.1, test vector 2: a key and a nonce of zeros, block 1.
    const zeros = new Uint8Array(32);
    const into = new Uint8Array(8 + SEAL_BYTES);
    for (const seal of both) {
      seal.seal(zeros, new Uint8Array(8), into);
      assert.equal(Buffer.from(into.subarray(0, 8)).toString('hex'), '9f07e7be5551387a');
    }
  });

  it('opens nothing under another key, nor with a bit changed anywhere, and leaves nothing of it', () => {
    for (const seal of both) {
      const good = sealed(seal);
      const into = new Uint8Array(row.byteLength).fill(7);
      const other = key.slice();
      other[31] = 1;
      assert.ok(!seal.open(other, good, into), seal.library);
      for (let at = 0; at < good.byteLength; at++) {
        const bad = good.slice();
        bad[at] = (bad[at] ?? 0) ^ (1 << (at & 7));
        assert.ok(!seal.open(key, bad, into.fill(7)), `${seal.library}, byte ${at}`);
        assert.ok(into.every((byte) => byte === 0));
      }
    }
  });

  it('looks different under another key in every byte that is looked at', () => {
    const [first, second] = [sealed(nodeRowSeal()), sealed(nodeRowSeal(), row.slice(0, 32))];
    assert.ok(first.filter((byte, at) => byte === second[at]).length < 6);
  });
});
