import { UsageError } from '../../base/errors.ts';

/** A party name is one label of a server name (TLS) and one segment of a URI. */
const PARTY_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export function isPartyName(name: string): boolean {
  return PARTY_NAME.test(name);
}

/** @throws {UsageError} PRIVITY_PARTY_NAME_INVALID */
export function checkPartyName(name: string): void {
  if (!isPartyName(name)) {
    throw new UsageError(
      'PRIVITY_PARTY_NAME_INVALID',
      `${JSON.stringify(name.slice(0, 80))} is not a party name: use lower case letters, digits, - and _ (at most 63)`,
    );
  }
}

/** The URI that a party's certificate carries as its only subject alternative name. */
export const partyUri = (party: string): string => `privity://party/${party}`;
