import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { before, describe, test } from 'node:test';
import 'reflect-metadata';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { UsageError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import { createIdentity, fingerprint, type Identity, isFingerprint } from './certificate.ts';
import { isPartyName } from './party-name.ts';
import { createRunIdentity } from './run-identity.ts';
import { checkOwnIdentity, claimedParty, describeProblem, identityError, verifyPeer } from './verify-peer.ts';

const DAY_MS = 86_400_000;
const clock = systemClock;
const shifted = (ms: number) => ({ ...systemClock, wallTime: () => Date.now() + ms });

describe('party identity', () => {
  let alice: Identity;
  let bob: Identity;
  before(async () => {
    [alice, bob] = await Promise.all([
      createIdentity({ party: 'alice', clock }),
      createIdentity({ party: 'bob', clock, days: 1 }),
    ]);
  });
  const check = (
    identity: Identity,
    party: string,
    pinned = fingerprint(identity.certPem),
    nowMs = Date.now(),
  ) =>
    verifyPeer({ certificate: new X509Certificate(identity.certPem), party, fingerprint: pinned, nowMs })
      ?.reason;

  test('a certificate names exactly its party, for a P-256 key', () => {
    const certificate = new X509Certificate(alice.certPem);
    assert.equal(certificate.subjectAltName, 'URI:privity://party/alice');
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.equal(claimedParty(certificate), 'alice');
    assert.ok(isFingerprint(fingerprint(alice.certPem)));
    assert.equal(check(alice, 'alice'), undefined);
  });

  test('a new certificate for the same key keeps the fingerprint; a new key does not', async () => {
    const renewed = await createIdentity({ party: 'alice', clock, keyPem: alice.keyPem });
    assert.notEqual(renewed.certPem, alice.certPem);
    assert.equal(fingerprint(renewed.certPem), fingerprint(alice.certPem));
    assert.notEqual(fingerprint(bob.certPem), fingerprint(alice.certPem));
    assert.equal(check(renewed, 'alice', fingerprint(alice.certPem)), undefined);
  });

  test("a key of a run is the party's where its peers have heard of it, and nowhere else", () => {
    const own = new X509Certificate(alice.certPem);
    const [one, another] = [createRunIdentity(alice), createRunIdentity(alice)];
    const certificate = new X509Certificate(one.certPem);
    assert.equal(check(one, 'alice', one.fingerprint), undefined);
    assert.equal(check(one, 'alice', fingerprint(alice.certPem)), 'unknown-key');
    assert.equal(check(alice, 'alice', one.fingerprint), 'unknown-key');
    assert.equal(check(another, 'alice', one.fingerprint), 'unknown-key');
    checkOwnIdentity(one, 'alice', one.fingerprint, Date.now());
    // A reader of the certificate can tell later whose it is, and it ends with the party's.
    assert.ok(certificate.verify(own.publicKey));
    assert.ok(!certificate.verify(new X509Certificate(bob.certPem).publicKey));
    assert.equal(certificate.validTo, own.validTo);
    assert.equal(certificate.subject, own.subject);
  });

  test('a key of a run fits certificates that were made elsewhere, of other kinds', async () => {
    const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
    for (const algorithm of [
      { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-256' },
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', ...rsa },
    ]) {
      const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
        'sign',
        'verify',
      ])) as webcrypto.CryptoKeyPair;
      const made = await X509CertificateGenerator.createSelfSigned({
        name: `CN=alice, O=${'a'.repeat(60)}`,
        notAfter: new Date(Date.now() + DAY_MS),
        signingAlgorithm: algorithm,
        keys,
        extensions: [new SubjectAlternativeNameExtension([{ type: 'url', value: 'privity://party/alice' }])],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
      const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`;
      const run = createRunIdentity({ certPem: made.toString('pem'), keyPem });
      assert.equal(check(run, 'alice', run.fingerprint), undefined, algorithm.name);
      const { publicKey } = new X509Certificate(made.toString('pem'));
      assert.ok(new X509Certificate(run.certPem).verify(publicKey), algorithm.name);
    }
  });

  test('every difference is refused with its reason', async () => {
    assert.equal(check(alice, 'alice', fingerprint(bob.certPem)), 'unknown-key');
    assert.equal(check(alice, 'bob'), 'wrong-party');
    assert.equal(check(bob, 'bob', undefined, Date.now() + 2 * DAY_MS), 'expired');
    assert.equal(check(bob, 'bob', undefined, Date.now() - DAY_MS), 'not-yet-valid');
    assert.equal(
      verifyPeer({ certificate: undefined, party: 'bob', fingerprint: '', nowMs: 0 })?.reason,
      'no-certificate',
    );
  });

  test('every reason has a code and words that say what to do, without anything private', () => {
    for (const problem of [
      { reason: 'no-certificate' },
      { reason: 'resumed' },
      { reason: 'unknown-key', expected: 'sha256:a', found: 'sha256:b' },
      { reason: 'wrong-party', expected: 'bob' },
      { reason: 'expired', since: '2020' },
      { reason: 'not-yet-valid', from: '2099' },
    ] as const) {
      const error = identityError(problem, 'bob');
      assert.equal(error.failure, 'AUTH_FAILED');
      assert.equal(error.party, 'bob');
      assert.match(error.message, /bob/);
      assert.equal(error.message, describeProblem(problem, 'bob'));
    }
  });

  test("a party's own identity is checked before a peer has to", async () => {
    const now = Date.now();
    checkOwnIdentity(alice, 'alice', fingerprint(alice.certPem), now);
    const refused = (code: string) => (error: unknown) => error instanceof UsageError && error.code === code;
    assert.throws(
      () => checkOwnIdentity(alice, 'alice', fingerprint(bob.certPem), now),
      refused('PRIVITY_IDENTITY_MISMATCH'),
    );
    assert.throws(() => checkOwnIdentity(alice, 'bob', undefined, now), refused('PRIVITY_IDENTITY_MISMATCH'));
    assert.throws(
      () => checkOwnIdentity({ certPem: alice.certPem, keyPem: bob.keyPem }, 'alice', undefined, now),
      refused('PRIVITY_IDENTITY_INVALID'),
    );
    assert.throws(
      () => checkOwnIdentity({ certPem: 'no', keyPem: 'no' }, 'alice', undefined, now),
      refused('PRIVITY_IDENTITY_INVALID'),
    );
    const old = await createIdentity({ party: 'alice', days: 1, clock: shifted(-3 * DAY_MS) });
    assert.throws(
      () => checkOwnIdentity(old, 'alice', undefined, now),
      refused('PRIVITY_IDENTITY_OUT_OF_DATE'),
    );
  });

  test('of its own identity a party is told one thing: what the message says is what the remedy mends', async () => {
    const now = Date.now();
    const told = (work: () => void): string => {
      try {
        work();
      } catch (error) {
        if (error instanceof UsageError) return `${error.message} / ${errorCatalogue[error.code].remedy}`;
      }
      return 'nothing';
    };
    const old = await createIdentity({ party: 'alice', days: 1, clock: shifted(-3 * DAY_MS) });
    const expired = told(() => checkOwnIdentity(old, 'alice', undefined, now));
    assert.match(expired, /expired at .*keygen --party NAME --renew/);
    assert.doesNotMatch(expired, /new pair|paths/);
    const early = told(() => checkOwnIdentity(alice, 'alice', undefined, now - DAY_MS));
    assert.match(early, /valid from .* by the clock of this machine \/ Look at the clock/);
    const other = told(() => checkOwnIdentity(alice, 'alice', fingerprint(bob.certPem), now));
    assert.ok(other.includes(fingerprint(alice.certPem)) && other.includes(fingerprint(bob.certPem)), other);
    assert.match(other, /put the fingerprint in the message into the federation file/);
    const foreign = told(() => checkOwnIdentity(bob, 'alice', undefined, now));
    assert.match(foreign, /does not name it .*point `key` and `certificate`/);
    const mixed = told(() =>
      checkOwnIdentity({ certPem: alice.certPem, keyPem: bob.keyPem }, 'alice', undefined, now),
    );
    assert.match(mixed, /do not belong together.*the pair that was made together/);
    for (const text of [expired, early, other, foreign, mixed])
      assert.doesNotMatch(text, /with that organisation|telephone/, text);
  });

  test('names that cannot be a server name, and keys of another kind, are refused', async () => {
    for (const name of ['', 'Alice', 'a.b', 'a b', '-a', 'a'.repeat(64), 'a/b', 'ä'])
      assert.ok(!isPartyName(name), name);
    for (const name of ['a', 'bank-1', 'north_east', '0', 'a'.repeat(63)]) assert.ok(isPartyName(name), name);
    await assert.rejects(createIdentity({ party: 'A', clock }), { code: 'PRIVITY_PARTY_NAME_INVALID' });
    await assert.rejects(createIdentity({ party: 'a', clock, keyPem: 'SECRET' }), (error: Error) => {
      assert.ok(!error.message.includes('SECRET'));
      return true;
    });
  });
});
