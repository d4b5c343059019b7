import { createHash, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import type { DecodeBound } from '../../base/decode-bound.ts';
import { PrivityError, UsageError } from '../../base/errors.ts';
import { loadCommonJs } from '../../base/load-commonjs.ts';
import type { Clock } from '../../contracts/index.ts';
import { checkPartyName, partyUri } from './party-name.ts';

/** What a party proves its identity with. The key is the identity; the certificate is a dated wrapping of it. */
export interface Identity {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate is valid from this long before it is made, so that a peer whose clock is behind accepts it. */
export const CLOCK_SKEW_MS = 10 * 60_000;
/** More than browsers allow for servers; long enough that a federation is not renewed in the middle of a project. */
export const CERTIFICATE_DAYS = 825;
const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface IdentityOptions {
  readonly party: string;
  /** Days until the certificate expires. Default CERTIFICATE_DAYS. */
  readonly days?: number | undefined;
  readonly clock: Clock;
  /** An existing private key (PKCS #8 PEM) to wrap anew: the fingerprint stays. Default: a new key. */
  readonly keyPem?: string | undefined;
}

/**
 * Makes a P-256 key (or takes the given one) and wraps it in a self-signed certificate that names the party.
 *
 * Cost: some milliseconds, and 80 ms the first time for loading the X.509 library.
 * @throws {UsageError} PRIVITY_PARTY_NAME_INVALID, PRIVITY_IDENTITY_INVALID (the given key is not P-256 in PKCS #8)
 */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  checkPartyName(options.party);
  // Loaded here only: processes that merely use certificates do not pay for it.
  await import('reflect-metadata');
  const x509 = loadCommonJs('@peculiar/x509') as typeof import('@peculiar/x509');
  const keys = await keyPair(options.keyPem);
  const now = options.clock.wallTime();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // A leading 1 keeps the serial number positive and of constant length.
    serialNumber: `1${Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)))
      .toString('hex')
      .slice(1)}`,
    name: `CN=${options.party}`,
    notBefore: new Date(now - CLOCK_SKEW_MS),
    notAfter: new Date(now + (options.days ?? CERTIFICATE_DAYS) * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: partyUri(options.party) }]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

async function keyPair(keyPem: string | undefined): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  if (keyPem === undefined) return subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  try {
    const jwk = createPrivateKey(keyPem).export({ format: 'jwk' }) as webcrypto.JsonWebKey;
    const { d: _, key_ops: __, ...publicJwk } = jwk;
    return {
      privateKey: await subtle.importKey('jwk', jwk, ALGORITHM, true, ['sign']),
      publicKey: await subtle.importKey('jwk', publicJwk, ALGORITHM, true, ['verify']),
    };
  } catch {
    // The cause is left out: errors about keys have been known to quote them.
    throw new UsageError(
      'PRIVITY_IDENTITY_INVALID',
      'the private key is not a P-256 key in PKCS #8 PEM form',
    );
  }
}

/**
 * The fingerprint by which a federation file pins a party: `sha256:` and the base64url SHA-256 of the public key
 * (SubjectPublicKeyInfo, DER). Wrapping the same key in another certificate does not change it.
 * @throws {UsageError} PRIVITY_IDENTITY_INVALID
 */
export function fingerprint(certificate: string | X509Certificate): string {
  const { publicKey } = readCertificate(certificate);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(spki).digest('base64url')}`;
}

/** OpenSSL reads it before anybody here does; names are compared as text, with what is odd in them escaped. */
export const CERTIFICATE_BOUND: DecodeBound = {
  bytesMax: 100 * 1024,
  memory: { perByte: 64, once: 512 * 1024 },
  steps: { perByte: 16, once: 5_000 },
};

const FINGERPRINT = /^sha256:[A-Za-z0-9_-]{43}$/;

export function isFingerprint(text: string): boolean {
  return FINGERPRINT.test(text);
}

/** @throws {UsageError} PRIVITY_IDENTITY_INVALID */
export function readCertificate(certificate: string | X509Certificate): X509Certificate {
  if (typeof certificate !== 'string') return certificate;
  try {
    return new X509Certificate(certificate);
  } catch (error) {
    if (error instanceof PrivityError) throw error;
    throw new UsageError(
      'PRIVITY_IDENTITY_INVALID',
      'the certificate is not an X.509 certificate in PEM form',
    );
  }
}
