/**
 * Signatures over what parties seal at the end of a run: ECDSA over P-256 with SHA-256, by the key that the federation
 * pins for TLS. A signature carries its public key, so that the federation file is enough to check it, also later and
 * also of a party that was never connected.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { Signer } from '../../coordination/types.ts';
import type { FederationMember } from '../seam/options.ts';

/** @param expected texts that are likely to be signed when time matters: their signatures are made now, and kept */
export function createSigner(
  keyPem: string,
  federation: readonly FederationMember[],
  expected: readonly string[] = [],
): Signer {
  const key = createPrivateKey(keyPem);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const signed = (text: string): string =>
    `${publicKey.toString('base64url')}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  const ready = new Map(expected.map((text) => [text, signed(text)]));
  return {
    sign: (text) => ready.get(text) ?? signed(text),
    accepts: (party, text, signature) => {
      const member = federation[party];
      return member !== undefined && isSignedBy(member.fingerprint, text, signature);
    },
  };
}

/** The same by any key that a party has or had: for what may have been signed before its key was replaced. */
export const isSignedByMember = (
  { fingerprint, former = [] }: Pick<FederationMember, 'fingerprint' | 'former'>,
  text: string,
  signature: string,
): boolean => [fingerprint, ...former].some((key) => isSignedBy(key, text, signature));

/** Whether the holder of the key with this fingerprint has signed the text. Total: anything malformed is false. */
export function isSignedBy(fingerprint: string, text: string, signature: string): boolean {
  const [key = '', value = ''] = signature.split('.');
  const der = Buffer.from(key, 'base64url');
  if (`sha256:${createHash('sha256').update(der).digest('base64url')}` !== fingerprint) return false;
  try {
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify('sha256', Buffer.from(text), publicKey, Buffer.from(value, 'base64url'));
  } catch {
    return false;
  }
}
