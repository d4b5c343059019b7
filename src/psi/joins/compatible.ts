/**
 * Compatible characters of Unicode (full-width letters, ligatures, superscripts) and what they stand for. With all of
 * them replaced, the form NFC of a text is its form NFKC. Pure.
 */
import { literal } from '../../data/sql.ts';

/**
 * Code points that got a compatible form in Unicode 16 and 17. Node.js 20 does not know them: they stay as they are, so
 * that two versions agree. No other mapping ever changes, as Unicode promises.
 */
const TOO_NEW: readonly (readonly [number, number])[] = [
  [0xa7f1, 0xa7f1],
  [0x1ccd6, 0x1ccf9],
];

/** Replacements in one SELECT: deeper nesting makes the database slow. */
const REPLACED_AT_ONCE = 64;

let known: ReadonlyMap<string, string> | undefined;

/** What each compatible character stands for. Takes a quarter of a second, once. */
export function compatibleForms(): ReadonlyMap<string, string> {
  if (known !== undefined) return known;
  const forms = new Map<string, string>();
  for (let code = 0x80; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    if (TOO_NEW.some(([first, last]) => code >= first && code <= last)) continue;
    const character = String.fromCodePoint(code);
    const form = character.normalize('NFKD');
    if (form !== character && form !== character.normalize('NFD')) forms.set(character, form);
  }
  known = forms;
  return forms;
}

/** For RE2: any of these characters. */
export function compatibleClass(): string {
  const codes = [...compatibleForms().keys()].map((character) => character.codePointAt(0) ?? 0);
  const ranges: (readonly [number, number])[] = [];
  for (const code of codes) {
    const last = ranges.at(-1);
    if (last?.[1] === code - 1) ranges[ranges.length - 1] = [last[0], code];
    else ranges.push([code, code]);
  }
  const hex = (code: number): string => `\\x{${code.toString(16)}}`;
  return `[${ranges.map(([first, last]) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`)).join('')}]`;
}

/** SQL in layers, each over a name for the text, that replaces these characters. */
export function replacements(characters: readonly string[], text: string): readonly string[] {
  const forms = compatibleForms();
  const layers: string[] = [];
  for (let at = 0; at < characters.length; at += REPLACED_AT_ONCE) {
    const some = characters.slice(at, at + REPLACED_AT_ONCE);
    layers.push(
      some.reduce(
        (sql, character) =>
          `replace(${sql}, ${literal(character)}, ${literal(forms.get(character) ?? character)})`,
        text,
      ),
    );
  }
  return layers;
}
