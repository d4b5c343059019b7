/** What a party says of a peer that it never had a connection with. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/parts/program-world.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import { Contacts } from './contacts.ts';

describe('a peer that did not join', () => {
  it('is told with what was turned away under its name, and only then', () => {
    const federation = ['alice', 'bob'].map((name) => ({ name, host: name, port: 1, fingerprint: '' }));
    const listen = { host: 'bob', port: 1 };
    const contacts = new Contacts(
      { party: 'bob', federation, listen, jobFile: '/x/job.ts' },
      new ManualClock(),
    );
    const missing = (code: FailureCode, origin = 'alice') =>
      contacts.turnedAwayFor({ code, origin, reporter: 'bob', incident: 'i' });
    assert.equal(missing('JOIN_TIMEOUT'), undefined);
    contacts.turnedAway('mallory', 'a key of nobody');
    contacts.turnedAway('alice', 'the key presented for alice is another');
    assert.equal(missing('JOIN_TIMEOUT'), 'the key presented for alice is another');
    assert.equal(missing('PEER_UNREACHABLE'), undefined);
    assert.equal(missing('JOIN_TIMEOUT', 'bob'), undefined);
    assert.equal(missing('JOIN_TIMEOUT', 'mallory'), undefined);
  });
});
