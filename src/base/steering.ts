/**
 * Characters that steer a terminal, or reorder the text on it: C0 and C1 control characters, formatting characters
 * (bidirectional controls, zero-width ones, tags) and the separators of lines and paragraphs. Whatever another party or
 * a job had a hand in may hold them.
 */
export const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const unit = (char: string, index: number): string =>
  `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`;

/**
 * JSON as it may reach a terminal: JSON.stringify escapes C0 only. The escapes parse back to the same value. For JSON
 * of one line, or
 * indented: newlines are outside of strings and stay.
 */
export function steeringEscaped(json: string): string {
  return json.replaceAll(STEERING, (char) => {
    if (char === '\n') return char;
    return Array.from({ length: char.length }, (_, index) => unit(char, index)).join('');
  });
}

/** One value as one line of JSON. */
export const jsonLine = (value: unknown, replacer?: Replacer): string =>
  `${steeringEscaped(JSON.stringify(value, replacer))}\n`;

type Replacer = (this: Readonly<Record<string, unknown>>, key: string, value: unknown) => unknown;
