/** What messages are put together from: words and sets of parties, in range or refused. */
import { PeerError } from '../base/errors.ts';
import { ID_CHARS_MAX, PATH_CHARS_MAX } from './limits.ts';

/** The same record, if every word in it has a permitted length. */
export function words<T extends Record<string, string>>(record: T, charsMax = 256): T {
  for (const word of Object.values(record)) if (word.length > charsMax) refuse('a name in it is too long');
  return record;
}

export const ids = <T extends Record<string, string>>(record: T): T => words(record, ID_CHARS_MAX);
export const paths = <T extends Record<string, string>>(record: T): T => words(record, PATH_CHARS_MAX);

export function index(party: number, size: number): number {
  return Number.isInteger(party) && party >= 0 && party < size
    ? party
    : refuse('it names a party outside the federation');
}

/** A bit for each party, the first one lowest. */
export function toBits(parties: readonly number[], size: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8));
  for (const party of parties) bits[party >> 3] = (bits[party >> 3] ?? 0) | (1 << (party & 7));
  return bits;
}

/** The parties of a set, ascending. */
export function fromBits(bits: Uint8Array, size: number): readonly number[] {
  if (bits.length > Math.ceil(size / 8)) refuse('it names a party outside the federation');
  const parties: number[] = [];
  for (let party = 0; party < 8 * bits.length; party++)
    if (((bits[party >> 3] ?? 0) >> (party & 7)) & 1) parties.push(index(party, size));
  return parties;
}

export function refuse(why: string): never {
  throw new PeerError('PRIVITY_CONTROL_MESSAGE_INVALID', `A control message cannot be accepted: ${why}.`);
}
