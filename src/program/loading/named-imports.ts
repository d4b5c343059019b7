/**
 * The names that a source imports, found without running or compiling it. A stranger may have written the source: it is
 * gone through once, whatever it is. Names that are made while the code runs are not found; what is loaded by them is
 * seen when the job is loaded.
 */

interface Piece {
  /** A word, a sign, or what stands between two quotes. */
  readonly words: string;
  readonly isText: boolean;
}

const WORD = /[\p{L}\p{N}_$]+/uy;
/** Behind these a slash begins a regular expression. */
const BEFORE_PATTERN = /^(?:[(,=:[!&|?{};~+*%<>^-]|return|typeof|case|in|of|do|else|)$/;
/** On its line, with classes in which a slash is no end; bounded, since each slash may be asked about. */
const PATTERN = /\/(?:[^\\/[\r\n]|\\.|\[(?:[^\\\]\r\n]|\\.){0,500}\]){1,2000}\//y;
const LOADS: ReadonlySet<string> = new Set(['import', 'require']);

/** What stands between quotes behind `from`, `import`, `import(` and `require(`. */
export function namedImports(source: string): readonly string[] {
  const names = new Set<string>();
  let [one, two, three] = ['', '', ''];
  for (const { words, isText } of pieces(source)) {
    const isBehind =
      one === '(' ? LOADS.has(two) && three !== '.' : two !== '.' && (one === 'from' || one === 'import');
    if (isText && isBehind) names.add(words);
    [one, two, three] = [isText ? '' : words, one, two];
  }
  return [...names];
}

/** Without blanks and comments. */
function* pieces(source: string): Generator<Piece> {
  /** Of each template around here: the braces that are open in its `${`. */
  const templates: number[] = [];
  let before = '';
  for (let at = 0; at < source.length; ) {
    const sign = source[at] ?? '';
    if (/\s/.test(sign)) at += 1;
    else if (source.startsWith('//', at)) at = endOf(source, '\n', at);
    else if (source.startsWith('/*', at)) at = endOf(source, '*/', at + 2);
    else if (`"'`.includes(sign)) {
      const end = endOfText(source, at, sign);
      yield { words: source.slice(at + 1, end - 1), isText: true };
      [at, before] = [end, sign];
    } else if (sign === '`' || (sign === '}' && templates.at(-1) === 0)) {
      const { end, isOpen } = endOfTemplate(source, at + 1);
      if (sign === '}') templates.pop();
      if (isOpen) templates.push(0);
      yield { words: source.slice(at + 1, end - 1), isText: sign === '`' && !isOpen };
      [at, before] = [end, isOpen ? '{' : sign];
    } else {
      const words = matchAt(WORD, source, at) ?? (sign === '/' ? slash(source, at, before) : sign);
      const open = templates.pop();
      if (open !== undefined) templates.push(open + (sign === '{' ? 1 : sign === '}' ? -1 : 0));
      yield { words, isText: false };
      [at, before] = [at + words.length, words];
    }
  }
}

const slash = (source: string, at: number, before: string): string =>
  (BEFORE_PATTERN.test(before) ? matchAt(PATTERN, source, at) : undefined) ?? '/';

function matchAt(sticky: RegExp, source: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(source)?.[0];
}

function endOf(source: string, end: string, from: number): number {
  const found = source.indexOf(end, from);
  return found === -1 ? source.length : found + end.length;
}

/** Behind the closing quote; a text ends with its line, too. */
function endOfText(source: string, from: number, quote: string): number {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === quote || source[at] === '\n') return at + 1;
  }
  return source.length;
}

/** Behind the closing backtick, or behind `${`. */
function endOfTemplate(source: string, from: number): { readonly end: number; readonly isOpen: boolean } {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '`') return { end: at + 1, isOpen: false };
    else if (source.startsWith('${', at)) return { end: at + 2, isOpen: true };
  }
  return { end: source.length, isOpen: false };
}
