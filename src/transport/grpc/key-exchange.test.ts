import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { HYBRID_GROUP, keyExchange, keyExchangeFor, keyExchangeText } from './key-exchange.ts';

describe('the key exchange', () => {
  it('prefers the hybrid group where OpenSSL has it, and says which it is', () => {
    const asked: string[] = [];
    const hybrid = keyExchangeFor((groups) => asked.push(groups) > 0);
    assert.match(hybrid.groups, new RegExp(`^\\*${HYBRID_GROUP}:\\*X25519:`));
    assert.match(keyExchangeText(hybrid, '3.5.0'), /^X25519MLKEM768 with peers that have it/);
    const plain = keyExchangeFor(() => false);
    assert.equal(plain.groups, 'X25519:P-256:P-384');
    assert.match(keyExchangeText(plain, '3.0.19'), /X25519, which is not post-quantum: OpenSSL 3\.0\.19 /);
    assert.equal(asked.length, 1);
  });

  it('of this process is one that its OpenSSL takes, and the hybrid from 3.5 on', () => {
    const { groups, isHybrid } = keyExchange();
    createSecureContext({ ecdhCurve: groups });
    const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
    assert.equal(isHybrid, major > 3 || (major === 3 && minor >= 5));
  });
});
