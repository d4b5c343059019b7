/**
 * Text that another party, or a job, had a hand in must not steer the reader's terminal: control characters and the
 * characters that reorder text are shown as what they are.
 */
const steering = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const shown = (char: string): string => {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** For text that may have several lines: newlines and tabs stay. */
export function printableText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(steering, shown);
}

/** For text that belongs on one line. */
export function printable(text: string): string {
  return printableText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** Cuts text that is too long for a line, and says so by an ellipsis. */
export function shorten(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, Math.max(0, charsMax - 1))}…`;
}
