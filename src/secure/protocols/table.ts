/**
 * The protocols of the secure device: the one list of them. A new one is a folder here with an entry, and its lines in
 * this file.
 */
import { UsageError } from '../../base/errors.ts';
import type { ProtocolEntry } from './entry.ts';
import { ref } from './ref/entry.ts';
import { rep3 } from './rep3/entry.ts';
import { semi2k } from './semi2k/entry.ts';

/** What a job can name. */
export type SecureProtocol = 'rep3' | 'semi2k';

/** With the twin that hides nothing, which is for tests and for trying a job on one machine. */
export type ProtocolName = SecureProtocol | 'ref';

/** Lists of members, as far as types can tell their length: a call with another number does not compile. */
export interface MemberLists<T> {
  /** Of the twin for tests: two or more. */
  readonly ref: readonly [T, T, ...T[]];
  /** Three. */
  readonly rep3: readonly [T, T, T];
  /** Two or more. */
  readonly semi2k: readonly [T, T, ...T[]];
}

type Length<P extends ProtocolName> = MemberLists<unknown>[P]['length'];

/** An entry under its name, with the number of members that its list has, where that is one number. */
type EntryOf<P extends ProtocolName> = ProtocolEntry & {
  readonly name: P;
  readonly members: number extends Length<P> ? unknown : readonly [Length<P>, Length<P>];
};

export const protocols: { readonly [P in ProtocolName]: EntryOf<P> } = { ref, rep3, semi2k };

const names = Object.keys(protocols) as readonly ProtocolName[];

/** What a job can name. */
export const secureProtocols = names.filter((name) => name !== 'ref') as readonly SecureProtocol[];

export function isSecureProtocol(name: unknown): name is SecureProtocol {
  return secureProtocols.some((known) => known === name);
}

/** @throws {UsageError} PRIVITY_SECURE_OPTIONS */
function entryOf(name: ProtocolName): ProtocolEntry {
  if (Object.hasOwn(protocols, name)) return protocols[name];
  throw new UsageError(
    'PRIVITY_SECURE_OPTIONS',
    `There is no protocol of this name; there are ${names.join(', ')}.`,
  );
}

/** @throws {UsageError} PRIVITY_SECURE_PARTIES, PRIVITY_SECURE_OPTIONS */
export function checkMembers(name: ProtocolName, count: number): void {
  const [min, max] = entryOf(name).members;
  if (count >= min && count <= max) return;
  const range = min === max ? `exactly ${min}` : `${min} to ${max}`;
  throw new UsageError('PRIVITY_SECURE_PARTIES', `${name} takes ${range} members, not ${count}.`);
}

/**
 * Throws unless this dealer fits these members, which compute and may hold data.
 * @param dealer the party that deals, or undefined
 * @throws {UsageError} PRIVITY_SECURE_DEALER: it is a member, the protocol takes none, or needs one;
 *   PRIVITY_SECURE_OPTIONS
 */
export function checkDealer(
  name: ProtocolName,
  members: readonly string[],
  dealer: string | undefined,
): void {
  const { dealerFrom } = entryOf(name);
  if (dealer === undefined) {
    if (dealerFrom === undefined || members.length < dealerFrom) return;
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      `${name} with ${members.length} members needs a dealer, a further party that holds no data; without one it takes at most ${dealerFrom - 1}.`,
    );
  }
  if (dealerFrom === undefined) {
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      `${name} works without a dealer; only ${dealt.join(' and ')} takes one.`,
    );
  }
  if (members.includes(dealer)) {
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      `'${dealer}' is named as the dealer and is one of the parties that hold data: together with one share it would know every input. Name a party that only deals.`,
    );
  }
}

/** Those that a dealer can serve. */
export const dealt = names.filter((name) => 'dealerFrom' in protocols[name]);
