import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseProtocol, protocolBits } from './choice.ts';
import { psiProtocols } from './protocols/index.ts';

const { dh, rr22 } = psiProtocols;
const both = [dh, rr22];

describe('the choice of a protocol', () => {
  const chosen = (own: number, peer: number, peerBits = protocolBits(both)): string =>
    chooseProtocol(both, peerBits, own, peer).name;

  it('goes by the larger table', () => {
    assert.equal(chosen(9_999, 9_999), 'dh');
    assert.equal(chosen(1, 10_000), 'rr22');
    assert.equal(chosen(10_000, 1), 'rr22');
    assert.equal(chosen(2 ** 25, 10), 'rr22');
  });

  it('is the one that both take, whatever the size, up to its limit', () => {
    assert.equal(chosen(1_000_000, 1_000_000, dh.bit), 'dh');
    assert.equal(chosen(10, 10, rr22.bit), 'rr22');
    assert.throws(() => chosen(10, 10, 0), { code: 'PRIVITY_PSI_MISMATCH' });
    assert.throws(() => chosen(10, 2 ** 24 + 1, dh.bit), { code: 'PRIVITY_PSI_LIMIT', message: /of dh is/ });
    assert.throws(() => chosen(10, 2 ** 27), { code: 'PRIVITY_PSI_LIMIT', message: /of dh and rr22 is/ });
  });

  it('has a bit for each protocol', () => {
    const bits = both.map(({ bit }) => bit);
    assert.equal(new Set(bits).size, both.length);
    assert.ok(bits.every((bit) => Number.isInteger(Math.log2(bit)) && bit < 2 ** 31));
  });
});
