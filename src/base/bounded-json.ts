/**
 * JSON that somebody else has written: text costs up to thirty times its length as objects, so these are counted before
 * they are made.
 */

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [...'"\\,[{'].map((character) => character.charCodeAt(0));

/**
 * @throws {RangeError} more values than that
 * @throws {SyntaxError} no JSON
 */
export function parseJson(text: string, valuesMax: number): unknown {
  if (jsonValues(text) > valuesMax) throw new RangeError(`more than ${valuesMax} values`);
  return JSON.parse(text);
}

/** How many values a JSON text has at most: each but the first stands behind a comma or an opening bracket. */
function jsonValues(text: string): number {
  let values = 1;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted) at += code === BACKSLASH ? 1 : 0;
    else if (code === COMMA || code === BRACKET || code === BRACE) values++;
  }
  return values;
}
