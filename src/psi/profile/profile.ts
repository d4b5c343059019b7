/**
 * What a party tells of a key column so that both find out why keys do not match: how many rows have which length,
 * format and trait. Counts of rows, never a value. Here is what a profile is, and what of the counts is told. Pure.
 */
import type { KeyType } from '../key-types.ts';
import type { Runs } from './classes.ts';

/** Goes into what both parties agree on: raised whenever a profile of some column is another one. */
export const PROFILE_VERSION = 1;

/**
 * Rows that a class has at least for it to be told. The floor is that of health statistics in the United States, which
 * show no cell of 10 or fewer (CMS cell size suppression policy); the default is a round number above.
 */
export const MINIMUM_COUNT_FLOOR = 11;
export const MINIMUM_COUNT = 20;
/** A table of fewer rows would tell nothing. */
export const MINIMUM_COUNT_MAX = 1_000_000;

/** Lengths in characters from 0; this one stands for all that are as long or longer. */
export const LENGTH_MAX = 65;
/**
 * Formats that are told of a column, those of most rows. Ids have one to three, phone numbers twenty. Random ones have
 * hardly any but by letters and digits together, and names hardly any but by runs of any length.
 */
export const FORMATS_MAX: Readonly<Record<Runs, number>> = { exact: 24, mixed: 4, any: 8 };
/** Of the rows, that a format has at least for it to be told: what fewer have explains no small intersection. */
export const FORMAT_PERCENT_MIN = 1;

/** What a row's key can have; each is counted by itself. */
export type KeyTrait =
  /** No value; or one that the declared rules cannot read. */
  | 'missing'
  | 'unreadable'
  | 'digits'
  /** Letters that `upper`, or `lower`, would change. */
  | 'lowerCase'
  | 'upperCase'
  /** Characters beside printable ASCII and space. */
  | 'otherCharacters'
  /** A zero with a letter or digit behind it, at the beginning or behind space. */
  | 'leadingZeros'
  | 'spaceAround'
  /** Texts that the rule `nfc` would change, or beside it `nfkc`. */
  | 'notNfc'
  | 'compatible';

/** In the order in which they cross: another one raises the version. */
export const TRAITS: readonly KeyTrait[] = [
  ...(['missing', 'unreadable', 'digits', 'lowerCase', 'upperCase', 'otherCharacters'] as const),
  ...(['leadingZeros', 'spaceAround', 'notNfc', 'compatible'] as const),
];

export interface FormatCount {
  /** As classes.ts has them. */
  readonly signs: string;
  readonly runs: Runs;
  readonly rows: number;
}

/** Numbers of rows of one key column: exact where they were counted, rounded where they are told. */
export interface ColumnCounts {
  readonly rows: number;
  readonly traits: Readonly<Record<KeyTrait, number>>;
  /** By length, from 0 to {@link LENGTH_MAX}. */
  readonly lengths: readonly number[];
  /** Those of most rows first. */
  readonly formats: readonly FormatCount[];
}

/** What one party has told of one key column. */
export interface ColumnProfile extends ColumnCounts {
  readonly type: KeyType;
}

/**
 * The counts that are told: rounded down to a multiple of the minimum, and so 0 for a class of fewer rows, or for one
 * below what this party itself asks for.
 */
export function toldCounts(counts: ColumnCounts, minimum: number, ownMinimum = 0): ColumnCounts {
  const told = (rows: number): number => (rows < ownMinimum ? 0 : rows - (rows % minimum));
  const traits = TRAITS.map((trait) => [trait, told(counts.traits[trait])] as const);
  const formats = counts.formats.map((format) => ({ ...format, rows: told(format.rows) }));
  return {
    rows: told(counts.rows),
    traits: Object.fromEntries(traits) as Record<KeyTrait, number>,
    lengths: counts.lengths.map(told),
    formats: sortedFormats(formats.filter(({ rows }) => rows > 0)),
  };
}

/** By how they stand for texts, then by rows, then by signs: an order that tells nothing beside the counts. */
function sortedFormats(formats: readonly FormatCount[]): readonly FormatCount[] {
  const kinds = Object.keys(FORMATS_MAX);
  return [...formats].sort(
    (a, b) =>
      kinds.indexOf(a.runs) - kinds.indexOf(b.runs) || b.rows - a.rows || (a.signs < b.signs ? -1 : 1),
  );
}
