import { createPrivateKey, X509Certificate } from 'node:crypto';
import { UsageError } from '../base/errors.ts';
import { fingerprint } from '../transport/identity/certificate.ts';
import { claimedParty } from '../transport/identity/verify-peer.ts';
import type { PartyConfig } from './party-file.ts';
import { readTextFile } from './yaml-file.ts';

/** A party's own certificate and key, seen to belong together and to be the ones that the federation lists. */
export interface IdentityFiles {
  readonly certPem: string;
  readonly keyPem: string;
  readonly fingerprint: string;
}

/**
 * @throws {UsageError} PRIVITY_CONFIG_FILE_MISSING, PRIVITY_CONFIG_FILE_UNREADABLE, PRIVITY_CONFIG_CERTIFICATE,
 *   PRIVITY_CONFIG_KEY_MISMATCH, PRIVITY_CONFIG_FINGERPRINT_MISMATCH
 */
export async function readIdentityFiles(config: PartyConfig): Promise<IdentityFiles> {
  const certPem = await readTextFile(config.certificateFile, 'certificate');
  const keyPem = await readTextFile(config.keyFile, 'private key');
  const certificate = parseCertificate(config.certificateFile, certPem);
  const named = claimedParty(certificate);
  if (named !== config.party) {
    throw new UsageError(
      'PRIVITY_CONFIG_CERTIFICATE',
      `${config.certificateFile}: the certificate names ${named === undefined ? 'no party' : `the party "${named}"`}, not "${config.party}"`,
    );
  }
  if (!certificate.checkPrivateKey(parsePrivateKey(config.keyFile, keyPem))) {
    throw new UsageError(
      'PRIVITY_CONFIG_KEY_MISMATCH',
      `${config.keyFile}: this is not the private key of ${config.certificateFile}`,
    );
  }
  const own = fingerprint(certPem);
  if (own !== config.member.fingerprint) {
    throw new UsageError(
      'PRIVITY_CONFIG_FINGERPRINT_MISMATCH',
      `${config.federationFile}: lists ${config.member.fingerprint} for ${config.party}, but the fingerprint of ${config.certificateFile} is ${own}`,
    );
  }
  return { certPem, keyPem, fingerprint: own };
}

/** @throws {UsageError} PRIVITY_CONFIG_CERTIFICATE */
export function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    // No cause: OpenSSL's message may quote the file, which may be the key in the wrong place.
    throw new UsageError('PRIVITY_CONFIG_CERTIFICATE', `${path}: not a certificate in PEM form`);
  }
}

function parsePrivateKey(path: string, pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new UsageError(
      'PRIVITY_CONFIG_CERTIFICATE',
      `${path}: not a private key in PEM form without a passphrase`,
    );
  }
}
