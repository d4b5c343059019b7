import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../../base/system.ts';
import { createIdentity, fingerprint } from '../../transport/index.ts';
import { createSigner, isSignedBy } from './signer.ts';

async function member(name: string) {
  const identity = await createIdentity({ party: name, days: 1, clock: systemClock });
  return {
    identity,
    entry: { name, host: 'localhost', port: 1, fingerprint: fingerprint(identity.certPem) },
  };
}

describe('signatures of contributions', async () => {
  const [alice, bob] = await Promise.all([member('alice'), member('bob')]);
  const signer = createSigner(alice.identity.keyPem, [alice.entry, bob.entry]);

  it('are accepted from the party that the federation pins, for that text', () => {
    const signature = signer.sign('text');
    assert.ok(signer.accepts(0, 'text', signature));
    assert.ok(isSignedBy(alice.entry.fingerprint, 'text', signature));
  });

  it('are refused for another text, another party, or when they are no signature', () => {
    const signature = signer.sign('text');
    assert.ok(!signer.accepts(0, 'other', signature));
    assert.ok(!signer.accepts(1, 'text', signature));
    assert.ok(!signer.accepts(7, 'text', signature));
    for (const broken of ['', '.', 'AAAA.BBBB', signature.slice(0, -8), `${signature.split('.')[0]}.`]) {
      assert.ok(!signer.accepts(0, 'text', broken), broken);
    }
  });
});
