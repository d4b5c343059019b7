/** What a party gets of a comparison of keys: both profiles side by side, advice, and all of it as text. Pure. */
import type { NormaliseRule } from '../joins/normalise.ts';
import type { KeyType } from '../key-types.ts';
import { formatText } from './classes.ts';
import type { Effect, KeyExample } from './effects.ts';
import { type ColumnProfile, type KeyTrait, LENGTH_MAX, TRAITS } from './profile.ts';
import type { Suggestion } from './suggest.ts';

/** What one party has told of a key column: numbers of rows, rounded down to multiples of the minimum count. */
export interface KeyProfile {
  /** Its name at the party that told. */
  readonly column: string;
  /** Of its values as keys: `text`, `whole number (inferred)`, … */
  readonly type: string;
  /** Of the table. */
  readonly rows: number;
  /** Rows whose key has a trait, such as `leadingZeros`; those that none was told to have are left out. */
  readonly traits: { readonly [K in KeyTrait]?: number };
  /** Rows by length in characters; `65+`: that or more. */
  readonly lengths: Readonly<Record<string, number>>;
  /**
   * Rows by format: `A{2}9{8}` is two capital letters and eight digits, `a{*}@a{*}.a{*}` has runs of any length; `x` is
   * a letter or digit, `_` space, `P` another sign, `U` another character.
   */
  readonly formats: Readonly<Record<string, number>>;
}

/** Something that would bring the keys of both sides closer. Both parties are advised alike. */
export interface KeySuggestion {
  /** The key column, by its name in the left table. */
  readonly column: string;
  /** For `normalise`; absent where no rule does it, or where it takes what no profile tells. */
  readonly rule?: NormaliseRule;
  /** What was seen; without a rule also what to do. */
  readonly why: string;
  /** Of this party's own rows: how many keys the rule would change. Told to nobody. */
  readonly changedRows: number;
  /** Of this party's own rows: how many keys the rule could not read. */
  readonly unreadableRows: number;
  /** A few keys of this party's own, before and after. A function, so that they are sent nowhere with the rest. */
  readonly examples: () => readonly KeyExample[];
}

/** What `profileKeys` gives to each party. */
export interface KeyComparison {
  /** Numbers of rows that were told are multiples of it. */
  readonly minimumCount: number;
  /** What this party has told, by key column. */
  readonly own: readonly KeyProfile[];
  /** What the other one has told. */
  readonly peer: readonly KeyProfile[];
  /** In the order in which rules are to be followed; none, where both sides write keys alike. */
  readonly suggestions: readonly KeySuggestion[];
  /** All of it for people, without a key: the lines that this party's log has, too. */
  readonly text: string;
}

export function keyProfile(column: string, profile: ColumnProfile): KeyProfile {
  const { type, rows, traits, lengths, formats } = profile;
  const told = TRAITS.filter((trait) => traits[trait] > 0);
  const byLength = lengths.flatMap((count, length): (readonly [string, number])[] =>
    count === 0 ? [] : [[length === LENGTH_MAX ? `${length}+` : String(length), count]],
  );
  return {
    column,
    type: typeText(type),
    rows,
    traits: Object.fromEntries(told.map((trait) => [trait, traits[trait]])),
    lengths: Object.fromEntries(byLength),
    formats: Object.fromEntries(formats.map(({ signs, runs, rows }) => [formatText(signs, runs), rows])),
  };
}

const typeText = ({ class: known, fromText }: KeyType): string =>
  fromText && known !== 'text' ? `${known} (inferred)` : known;

export function keySuggestion(column: string, { rule, why }: Suggestion, effect?: Effect): KeySuggestion {
  const { changedRows = 0, unreadableRows = 0, examples = [] } = effect ?? {};
  const beside = { changedRows, unreadableRows, examples: () => examples };
  return rule === undefined ? { column, why, ...beside } : { column, rule, why, ...beside };
}

/** Formats of one column in a line. */
const FORMATS_SHOWN = 6;

const TRAIT_WORDS: Readonly<Record<KeyTrait, string>> = {
  missing: 'without a key',
  unreadable: 'unreadable',
  digits: 'with digits',
  lowerCase: 'with small letters',
  upperCase: 'with capital letters',
  otherCharacters: 'with other characters',
  leadingZeros: 'with leading zeros',
  spaceAround: 'with space around',
  notNfc: 'not in NFC',
  compatible: 'with compatible characters',
};

export function comparisonText({
  minimumCount,
  own,
  peer,
  suggestions,
}: Omit<KeyComparison, 'text'>): string {
  const head = `profile of keys: numbers of rows, rounded down to multiples of ${minimumCount}`;
  const columns = own.flatMap((profile, index) => [
    `${profile.column} here: ${profileText(profile)}`,
    ...peer.slice(index, index + 1).map((theirs) => `${theirs.column} at the peer: ${profileText(theirs)}`),
  ]);
  const advice = suggestions.map(suggestionText);
  const last = advice.length === 0 ? ['no rule is suggested'] : advice;
  return [head, ...columns, ...last].join('\n');
}

function profileText({ type, rows, traits, lengths, formats }: KeyProfile): string {
  const listed = (counts: Readonly<Record<string, number>>): readonly string[] =>
    Object.entries(counts).map(([name, count]) => `${name} (${count})`);
  const all = listed(formats);
  const shown = all.slice(0, FORMATS_SHOWN).join(', ');
  const more = all.length > FORMATS_SHOWN ? ` and ${all.length - FORMATS_SHOWN} more` : '';
  const numbers = Object.keys(lengths);
  const [first, last] = [numbers[0], numbers.at(-1)];
  return [
    `${type}, ${rows} rows`,
    ...(first === undefined ? [] : [`lengths ${first === last ? first : `${first} to ${last}`}`]),
    ...(all.length === 0 ? [] : [`formats ${shown}${more}`]),
    ...Object.entries(traits).map(([trait, count]) => `${count} ${TRAIT_WORDS[trait as KeyTrait]}`),
  ].join('; ');
}

function suggestionText({ column, rule, why, changedRows, unreadableRows }: KeySuggestion): string {
  if (rule === undefined) return `${column}: ${why}`;
  const unread = unreadableRows === 0 ? '' : `, and could not read ${unreadableRows}`;
  return `${column}: ${ruleText(rule)} is suggested (${why}); here it would change ${changedRows} rows${unread}`;
}

/** As a job writes it. */
function ruleText(rule: NormaliseRule): string {
  if (typeof rule === 'string') return `'${rule}'`;
  const parts = Object.entries(rule).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : value}`,
  );
  return `{ ${parts.join(', ')} }`;
}
