/**
 * Types of key columns. Keys compare as texts, so two columns can only be compared if equal values have equal texts at
 * both parties. Both parties tell each other the types before anything else, and both refuse a pair that does not fit.
 */
import { DataError, invariant } from '../base/errors.ts';
import { type ColumnType, isInteger } from '../data/column-type.ts';
import { violation } from './messages.ts';

/** Columns of a key. Real compound keys have a handful; the limit keeps messages about them readable. */
export const KEY_COLUMNS_MAX = 16;

const classes = ['text', 'whole number', 'date', 'timestamp', 'boolean'] as const;

export type KeyClass = (typeof classes)[number];

export interface KeyType {
  readonly class: KeyClass;
  /** It was inferred from texts that it gives back: as text it is what the party's file has. */
  readonly fromText: boolean;
}

/** On the wire: a byte a column, 0 where there is none; the class from 1, and this bit for what comes from text. */
const FROM_TEXT = 0x80;

/** What kind of key a column is; undefined: none, since equal values may have different texts. */
export function keyClass(type: ColumnType): KeyClass | undefined {
  if (isInteger(type)) return 'whole number';
  switch (type) {
    case 'VARCHAR':
      return 'text';
    case 'DATE':
      return 'date';
    case 'TIMESTAMP':
      return 'timestamp';
    case 'BOOLEAN':
      return 'boolean';
    default:
      return undefined;
  }
}

export function encodeKeyTypes(keys: readonly KeyType[]): Uint8Array {
  invariant(keys.length <= KEY_COLUMNS_MAX, 'a key has more columns than were checked');
  const bytes = new Uint8Array(KEY_COLUMNS_MAX);
  for (const [index, key] of keys.entries())
    bytes[index] = (classes.indexOf(key.class) + 1) | (key.fromText ? FROM_TEXT : 0);
  return bytes;
}

/** @throws {PeerError} PRIVITY_PSI_PROTOCOL */
export function decodeKeyTypes(bytes: Uint8Array, columns: number): readonly KeyType[] {
  const keys = [...bytes.subarray(0, columns)].map((byte): KeyType => {
    const known = classes[(byte & ~FROM_TEXT) - 1];
    if (known === undefined) throw violation('a key column of an unknown type');
    return { class: known, fromText: (byte & FROM_TEXT) !== 0 };
  });
  if (bytes.subarray(columns).some((byte) => byte !== 0))
    throw violation('more key columns than were agreed');
  return keys;
}

/**
 * Whether equal values have equal texts. Columns of one class do. Text and another class do if the other was inferred
 * from texts that it gives back: 17 from the text 17, but not the 17 of a column that was declared a number, which may
 * have been 017.
 */
export function areComparable(mine: KeyType, theirs: KeyType): boolean {
  if (mine.class === theirs.class) return true;
  const isText = (key: KeyType) => key.class === 'text' || key.fromText;
  const times = new Set([mine.class, theirs.class]);
  // A date and a timestamp never have one text, though midnight is a timestamp.
  if (times.has('date') && times.has('timestamp')) return false;
  return isText(mine) && isText(theirs);
}

/** @throws {DataError} PRIVITY_KEY_TYPE_MISMATCH, at both parties alike */
export function checkComparable(
  names: readonly string[],
  mine: readonly KeyType[],
  theirs: readonly KeyType[],
): void {
  for (const [index, name] of names.entries()) {
    const [own, peer] = [mine[index], theirs[index]];
    if (own === undefined || peer === undefined || areComparable(own, peer)) continue;
    throw new DataError(
      'PRIVITY_KEY_TYPE_MISMATCH',
      `key column '${name}' is ${shown(own)} here and ${shown(peer)} at the peer, where equal values can have different texts; read both alike, as in readTable(path, { types: { '${name}': 'VARCHAR' } }), and bring them to one form`,
    );
  }
}

function shown({ class: known, fromText }: KeyType): string {
  const article = /^[aeiou]/.test(known) ? 'an' : 'a';
  const inferred = fromText ? ' (inferred)' : '';
  return known === 'text' ? 'text' : `${article} ${known}${inferred}`;
}
