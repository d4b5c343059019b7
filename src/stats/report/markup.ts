/** Elements of SVG and HTML as text. What comes from data is escaped, as text or attribute; children are markup. */

/** Markup that this room has made: of elements, with all text escaped. */
export type Markup = string & { readonly markup: true };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** What XML cannot hold in any form: control characters, halves of a pair, and the two that are no characters. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;

/** Text, as markup that shows it. */
export const text = (words: string): Markup =>
  words.replace(UNWRITABLE, ' ').replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '') as Markup;

/** Pieces after each other. */
export const joined = (pieces: readonly Markup[]): Markup => pieces.join('') as Markup;

/** One element; an attribute that is undefined is left out. Names of elements and attributes are never data. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly Markup[]
): Markup {
  const set = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${text(typeof value === 'number' ? short(value) : `${value}`)}"`)
    .join('');
  return `<${name}${set}>${joined(children)}</${name}>` as Markup;
}

/** Hundredths of a pixel are more than anybody sees. */
const short = (value: number): string => String(Math.round(value * 100) / 100);
