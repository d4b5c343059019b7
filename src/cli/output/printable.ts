/**
 * Text that another party, or a job, had a hand in must not steer the reader's terminal: control characters and the
 * characters that reorder text are shown as what they are.
 */
import { STEERING } from '../../base/steering.ts';

const shown = (char: string): string => {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
};

/** For text that may have several lines: newlines and tabs stay. */
export function printableText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(STEERING, (char) => (char === '\n' || char === '\t' ? char : shown(char)));
}

/** For text that belongs on one line. */
export function printable(text: string): string {
  return printableText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** Plain data with every text in it, keys too, fit for one line: for what is laid out in many places. */
export function printableData<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T;
  if (Array.isArray(value)) return value.map(printableData) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [printable(key), printableData<unknown>(inner)]),
  ) as T;
}

/** What Privity itself writes to steer a terminal: colours, and the line of progress that is written over. */
const ESC = String.fromCharCode(0x1b);
const OWN = new RegExp(`${ESC}\\[[0-9;]*m|\\r${ESC}\\[2K`, 'g');

/**
 * The last guard before a stream: whatever writer forgot to escape. A stream without colours gets nothing that steers;
 * one with colours keeps those, so text of others has to be escaped before it is painted.
 */
export function guarded(text: string, keepsOwn: boolean): string {
  if (!keepsOwn) return printableText(text);
  let from = 0;
  let out = '';
  for (const { 0: own, index } of text.matchAll(OWN)) {
    out += printableText(text.slice(from, index)) + own;
    from = index + own.length;
  }
  return out + printableText(text.slice(from));
}
