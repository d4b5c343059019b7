/**
 * What two profiles of one key column say about why keys do not match, and the rules that would bring both sides
 * closer. It looks at what both parties have told each other alone, so that both are advised alike: a rule is good for
 * something only where both follow it. Pure.
 */
import type { NormaliseRule } from '../joins/normalise.ts';
import { PAD_MAX } from '../joins/normalise.ts';
import { areComparable } from '../key-types.ts';
import type { ColumnProfile, FormatCount, KeyTrait } from './profile.ts';

export interface Suggestion {
  /** Absent where no rule does it, or where it takes something that no profile tells. */
  readonly rule?: NormaliseRule;
  /** For people: what was seen, and without a rule what to do. */
  readonly why: string;
}

/** Percentage points by which shares of rows differ when people write keys in different ways, and not by chance. */
const DIFFERS_POINTS = 5;
/** Percent of the rows with a key that a kind of text has, for the column to be of this kind. */
const MOST_PERCENT = 50;
/** Percent of the numbers of one side that have one length, for that side to fill them up to it. */
const FIXED_PERCENT = 95;

type Sides = readonly [ColumnProfile, ColumnProfile];

/** In the order in which rules are to be followed. Exchanging the sides changes nothing. */
export function suggest(ours: ColumnProfile, theirs: ColumnProfile): readonly Suggestion[] {
  const sides: Sides = [ours, theirs];
  const types = areComparable(ours.type, theirs.type) ? [] : [TYPES];
  // Who has told nothing but a type can be advised of nothing else.
  if (sides.some((side) => withKey(side) === 0)) return types;
  const dates = dateSuggestions(sides);
  const phones = dates.length > 0 ? [] : phoneSuggestions(sides);
  const written = [...dates, ...phones];
  const numbers = written.length > 0 ? [] : zeroSuggestions(sides);
  const text = textSuggestions(sides);
  // These rules make text of a number and of a date.
  const isText = [...dates, ...numbers].some(({ rule }) => rule !== undefined);
  const formats = written.length + numbers.length + text.length > 0 ? [] : formatSuggestions(sides);
  return [...(isText ? [] : types), ...text, ...numbers, ...written, ...formats];
}

const TYPES: Suggestion = {
  why: "the types do not compare: read the column as text at both sides, with types: { 'the column': 'VARCHAR' } of readTable",
};

const withKey = ({ rows, traits }: ColumnProfile): number =>
  Math.max(0, rows - traits.missing - traits.unreadable);
const percent = (rows: number, of: ColumnProfile): number =>
  Math.round((100 * Math.min(rows, withKey(of))) / withKey(of));
/** Of each side the percent of rows with a trait, the larger first. */
const shares = (sides: Sides, trait: KeyTrait): readonly [number, number] => {
  const [a, b] = sides.map((side) => percent(side.traits[trait], side)) as [number, number];
  return a > b ? [a, b] : [b, a];
};
const sharesText = ([more, less]: readonly [number, number]): string =>
  `${more} % of the rows of one side, ${less} % of the other`;
const isTold = (sides: Sides, trait: KeyTrait): boolean => sides.some(({ traits }) => traits[trait] > 0);

function textSuggestions(sides: Sides): readonly Suggestion[] {
  const found: Suggestion[] = [];
  if (isTold(sides, 'spaceAround'))
    found.push({ rule: 'trim', why: `space around keys: ${sharesText(shares(sides, 'spaceAround'))}` });
  if (isTold(sides, 'compatible'))
    found.push({
      rule: 'nfkc',
      why: `full-width or other compatible characters: ${sharesText(shares(sides, 'compatible'))}`,
    });
  else if (isTold(sides, 'notNfc'))
    found.push({
      rule: 'nfc',
      why: `letters apart from their accents: ${sharesText(shares(sides, 'notNfc'))}`,
    });
  const [upper, lower] = [shares(sides, 'upperCase'), shares(sides, 'lowerCase')];
  if (differ(upper) || differ(lower))
    found.push({
      rule: 'lower',
      why: `capital letters: ${sharesText(upper)}; small letters: ${sharesText(lower)}`,
    });
  else if (hasTwins(sides)) found.push({ rule: 'lower', why: 'formats that differ by capital letters only' });
  return found;
}

const differ = ([more, less]: readonly [number, number]): boolean => more - less >= DIFFERS_POINTS;

function hasTwins(sides: Sides): boolean {
  const formats = new Set(
    sides.flatMap((side) => side.formats.map(({ signs, runs }) => runs + trimmed(signs))),
  );
  return new Set([...formats].map(lowered)).size < formats.size;
}

const trimmed = (signs: string): string => signs.replace(/^ +| +$/g, '');
const lowered = (signs: string): string => signs.replaceAll('A', 'a');
const exact = ({ formats }: ColumnProfile): readonly FormatCount[] =>
  formats
    .filter(({ runs }) => runs === 'exact')
    .map((format) => ({ ...format, signs: trimmed(format.signs) }));
const rowsOf = (formats: readonly FormatCount[]): number => formats.reduce((sum, { rows }) => sum + rows, 0);

/** Numbers without a sign: filled up with zeros at one side, or at both to different lengths. */
function zeroSuggestions(sides: Sides): readonly Suggestion[] {
  const numbers = sides.map((side) => exact(side).filter(({ signs }) => /^9+$/.test(signs)));
  const areNumbers = sides.every((side, at) => percent(rowsOf(numbers[at] ?? []), side) >= MOST_PERCENT);
  const zeros = shares(sides, 'leadingZeros');
  if (!areNumbers || zeros[0] < DIFFERS_POINTS) return [];
  const lengths = numbers.map((formats) => new Set(formats.map(({ signs }) => signs.length)));
  const [ours = new Set(), theirs = new Set()] = lengths;
  const sameLengths = [...ours].sort().join() === [...theirs].sort().join();
  if (!differ(zeros) && sameLengths) return [];
  const why = `leading zeros: ${sharesText(zeros)}`;
  const longest = Math.max(...ours, ...theirs);
  const isFilled = sides.every((side, at) => {
    if (percent(side.traits.leadingZeros, side) < DIFFERS_POINTS) return true;
    const all = numbers[at] ?? [];
    const length = Math.max(...all.map(({ signs }) => signs.length));
    const filled = rowsOf(all.filter(({ signs }) => signs.length === length));
    return 100 * filled >= FIXED_PERCENT * rowsOf(all);
  });
  const fits = sides.some(
    (side, at) =>
      percent(side.traits.leadingZeros, side) >= DIFFERS_POINTS && lengths[at]?.has(longest) === true,
  );
  return [{ rule: { zeros: isFilled && fits && longest <= PAD_MAX ? longest : 'strip' }, why }];
}

/** What `phone` takes for marks between digits. */
const withoutMarks = (signs: string): string => signs.replace(/[ \-./()]/g, '');

/** In which country a number without a code is, no profile tells. */
function phoneSuggestions(sides: Sides): readonly Suggestion[] {
  const phones = sides.map((side) =>
    exact(side).filter(
      ({ signs }) => /^\+?9{7,15}$/.test(withoutMarks(signs)) && dateStyle(signs) === undefined,
    ),
  );
  const arePhones = sides.every((side, at) => percent(rowsOf(phones[at] ?? []), side) >= MOST_PERCENT);
  const signs = phones.flat().map((format) => format.signs);
  const isOneForm = new Set(signs.map((text) => text.replace(/9+/g, '9'))).size === 1;
  if (!arePhones || isOneForm || !signs.some((text) => text.startsWith('+'))) return [];
  return [
    {
      why: "phone numbers in several forms: { phone: '+49' } brings them to one, with the calling code of the country whose numbers have none",
    },
  ];
}

interface DateStyle {
  /** As formats for `date`: several where the signs do not tell day from month. */
  readonly formats: readonly string[];
  readonly isIso: boolean;
}

function dateStyle(
  signs: string,
): (DateStyle & { readonly loose: boolean; readonly mark: string }) | undefined {
  const last = /^(9{1,2})([./-])(9{1,2})\2(9{4})$/.exec(signs);
  const mark = last?.[2] ?? '';
  if (last) return { formats: [], isIso: false, loose: signs.length < 10, mark };
  const [, first = ''] = /^9{4}([./-])99\1(?:99)$/.exec(signs) ?? [];
  if (first === '') return undefined;
  return { formats: [`YYYY${first}MM${first}DD`], isIso: first === '-', loose: false, mark: first };
}

/** How most dates of a side are written. */
function datesOf(side: ColumnProfile): DateStyle | undefined {
  if (side.type.class === 'date') return { formats: ['YYYY-MM-DD'], isIso: true };
  const styles = new Map<string, { rows: number; loose: boolean; mark: string; first?: DateStyle }>();
  for (const { signs, rows } of exact(side)) {
    const style = dateStyle(signs);
    if (style === undefined) continue;
    const name = `${style.mark} ${style.formats.join()}`;
    const known = styles.get(name);
    styles.set(name, {
      rows: rows + (known?.rows ?? 0),
      loose: style.loose || known?.loose === true,
      mark: style.mark,
      ...(style.formats.length > 0 ? { first: style } : {}),
    });
  }
  const most = [...styles.values()].find(({ rows }) => percent(rows, side) >= MOST_PERCENT);
  if (most === undefined || most.first) return most?.first;
  const [day, month] = most.loose ? ['D', 'M'] : ['DD', 'MM'];
  const { mark } = most;
  const formats = [[day, month, 'YYYY'].join(mark), [month, day, 'YYYY'].join(mark)];
  // Nobody writes the month first with dots.
  return { formats: mark === '.' ? formats.slice(0, 1) : formats, isIso: false };
}

function dateSuggestions(sides: Sides): readonly Suggestion[] {
  const [ours, theirs] = sides.map(datesOf);
  if (ours === undefined || theirs === undefined) return [];
  if (ours.formats.join() === theirs.formats.join()) return [];
  const written = [ours, theirs].map(({ formats }) => formats.join(' or ')).sort();
  const why = `dates as ${written.join(' and ')}`;
  const other = ours.isIso ? theirs : theirs.isIso ? ours : undefined;
  if (other === undefined)
    return [{ why: `${why}: make a DATE of one of them in a query, and the rule date reads the other` }];
  const isRead = sides.some(({ type }) => type.class === 'date');
  const first = isRead ? '' : "; first read YYYY-MM-DD as types: { 'the column': 'DATE' }";
  const choice = other.formats.length > 1 ? '; the one that reads all rows is right' : '';
  return other.formats.map((date) => ({ rule: { date }, why: `${why}${first}${choice}` }));
}

/** Formats of which one side has nothing: what no rule here makes alike. */
function formatSuggestions(sides: Sides): readonly Suggestion[] {
  const [ours, theirs] = sides.map((side) =>
    side.formats.map(({ signs, runs }) => runs + lowered(trimmed(signs))),
  );
  if (!ours?.length || !theirs?.length || ours.some((format) => theirs.includes(format))) return [];
  const [bare, other] = sides.map((side) =>
    side.formats
      .filter(({ runs }) => runs !== 'any')
      .map(({ signs }) => lowered(signs).replace(/[^9axU]/g, '')),
  );
  if (bare?.some((format) => other?.includes(format)))
    return [
      {
        why: 'formats that differ by signs between letters and digits: no rule takes these away, a query does',
      },
    ];
  return [{ why: 'no format is at both sides: these may be different kinds of key' }];
}
