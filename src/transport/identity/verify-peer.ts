import { createPrivateKey, type X509Certificate } from 'node:crypto';
import type { ErrorCode } from '../../base/error-catalogue.ts';
import { PeerError, UsageError } from '../../base/errors.ts';
import { fingerprint, type Identity, readCertificate } from './certificate.ts';
import { partyUri } from './party-name.ts';

export type IdentityProblem =
  | { readonly reason: 'no-certificate' }
  | { readonly reason: 'resumed' }
  | { readonly reason: 'unknown-key'; readonly expected: string; readonly found: string }
  | { readonly reason: 'wrong-party'; readonly expected: string }
  | { readonly reason: 'expired'; readonly since: string }
  | { readonly reason: 'not-yet-valid'; readonly from: string };

export interface PeerCheck {
  readonly certificate: X509Certificate | undefined;
  /** The TLS session is one of before, so the key was not proved in it. */
  readonly isResumed?: boolean;
  readonly party: string;
  /** The fingerprint that the federation lists for that party. */
  readonly fingerprint: string;
  /** Milliseconds since the Unix epoch: certificates are dated by the calendar. */
  readonly nowMs: number;
}

/**
 * Whether a certificate is the pinned one of a party. TLS has proved already that the other end holds its key; this
 * compares the key, never a host name, then the name and the dates. Pure.
 * @returns undefined when all is well
 */
export function verifyPeer(check: PeerCheck): IdentityProblem | undefined {
  const { certificate } = check;
  if (check.isResumed) return { reason: 'resumed' };
  if (certificate === undefined) return { reason: 'no-certificate' };
  const found = keyOf(certificate);
  if (found === undefined) return { reason: 'no-certificate' };
  if (found !== check.fingerprint) return { reason: 'unknown-key', expected: check.fingerprint, found };
  // The whole extension is compared, so a second name, of any type, is a difference too.
  if (certificate.subjectAltName !== `URI:${partyUri(check.party)}`) {
    return { reason: 'wrong-party', expected: check.party };
  }
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  if (!(check.nowMs >= from)) return { reason: 'not-yet-valid', from: isoOf(from) };
  if (!(check.nowMs <= to)) return { reason: 'expired', since: isoOf(to) };
  return undefined;
}

/** The party that a certificate claims to be, or undefined if it names none. Says nothing about whether it is. */
export function claimedParty(certificate: X509Certificate): string | undefined {
  return /^URI:privity:\/\/party\/([a-z0-9][a-z0-9_-]{0,62})$/.exec(certificate.subjectAltName ?? '')?.[1];
}

const problemCodes = {
  'no-certificate': 'PRIVITY_PEER_CERTIFICATE_MISSING',
  resumed: 'PRIVITY_PEER_SESSION_RESUMED',
  'unknown-key': 'PRIVITY_PEER_KEY_UNKNOWN',
  'wrong-party': 'PRIVITY_PEER_NAME_WRONG',
  expired: 'PRIVITY_PEER_CERTIFICATE_EXPIRED',
  'not-yet-valid': 'PRIVITY_PEER_CERTIFICATE_NOT_YET_VALID',
} as const satisfies Record<IdentityProblem['reason'], ErrorCode>;

/**
 * What is wrong and how to mend it, in words that may be told to both ends: names, fingerprints and dates are public.
 */
export function describeProblem(problem: IdentityProblem, party: string): string {
  switch (problem.reason) {
    case 'no-certificate':
      return `${party} presented no readable certificate; a proxy that ends TLS may be in between, let TLS pass through it`;
    case 'resumed':
      return `${party} resumed an earlier TLS session instead of proving that it has its key`;
    case 'unknown-key':
      return (
        `the key presented for ${party} is ${problem.found}, but the federation lists ${problem.expected}; ` +
        `if ${party} has a new key, compare fingerprints with that organisation and correct the federation file`
      );
    case 'wrong-party':
      return `the certificate of ${party} does not name it as its only subject (${partyUri(problem.expected)}); ${party} makes a new certificate with that name and the same key`;
    case 'expired':
      return `the certificate of ${party} expired at ${problem.since}; ${party} renews it with the same key, or a clock is wrong`;
    case 'not-yet-valid':
      return `the certificate of ${party} is valid from ${problem.from} only; a clock is wrong at one of the two machines`;
  }
}

export function identityError(problem: IdentityProblem, party: string): PeerError {
  return new PeerError(problemCodes[problem.reason], describeProblem(problem, party), { party });
}

/** With a certificate that is there, and no session. */
type OwnProblem = Exclude<IdentityProblem, { readonly reason: 'resumed' }>;

/** A problem of this party's own certificate, in words for its operator, who has nobody else to ask. */
function describeOwnProblem(problem: OwnProblem, party: string): string {
  switch (problem.reason) {
    case 'no-certificate':
      return `the public key in the certificate of this party, ${party}, cannot be read`;
    case 'unknown-key':
      return `the certificate of this party, ${party}, has the fingerprint ${problem.found}, but its federation file lists ${problem.expected}`;
    case 'wrong-party':
      return `the certificate of this party, ${party}, does not name it as its only subject (${partyUri(problem.expected)})`;
    case 'expired':
      return `the certificate of this party, ${party}, expired at ${problem.since} by the clock of this machine`;
    case 'not-yet-valid':
      return `the certificate of this party, ${party}, is valid from ${problem.from} only, by the clock of this machine`;
  }
}

const ownProblemCodes = {
  'no-certificate': 'PRIVITY_IDENTITY_INVALID',
  'unknown-key': 'PRIVITY_IDENTITY_MISMATCH',
  'wrong-party': 'PRIVITY_IDENTITY_MISMATCH',
  expired: 'PRIVITY_IDENTITY_OUT_OF_DATE',
  'not-yet-valid': 'PRIVITY_IDENTITY_OUT_OF_DATE',
} as const satisfies Record<OwnProblem['reason'], ErrorCode>;

/**
 * Checks this party's own identity before a peer has to: key and certificate belong together, are in date, and are what
 * the federation lists.
 * @throws {UsageError} PRIVITY_IDENTITY_INVALID, PRIVITY_IDENTITY_OUT_OF_DATE, PRIVITY_IDENTITY_MISMATCH
 */
export function checkOwnIdentity(
  identity: Identity,
  party: string,
  pinned: string | undefined,
  nowMs: number,
): void {
  const certificate = readCertificate(identity.certPem);
  if (!belongTogether(certificate, identity.keyPem)) {
    throw new UsageError(
      'PRIVITY_IDENTITY_INVALID',
      `the private key and the certificate of ${party} do not belong together, or the key is not readable`,
      { party },
    );
  }
  const problem = verifyPeer({ certificate, party, fingerprint: pinned ?? fingerprint(certificate), nowMs });
  if (problem === undefined || problem.reason === 'resumed') return;
  throw new UsageError(ownProblemCodes[problem.reason], describeOwnProblem(problem, party), { party });
}

function belongTogether(certificate: X509Certificate, keyPem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function keyOf(certificate: X509Certificate): string | undefined {
  try {
    return fingerprint(certificate);
  } catch {
    return undefined;
  }
}

const isoOf = (ms: number): string => (Number.isNaN(ms) ? 'an unreadable date' : new Date(ms).toISOString());
