// Writes the tables of figures in README and docs from bench/results/, between `<!-- figures of NAME -->` and
// `<!-- end of figures of NAME -->`. A figure in a sentence is followed by `<!-- figure: NAME / row / column -->`, and
// keeps as many digits as it shows. What renders and compares is pure: test/tidy/figures.test.ts calls it, too.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure-installed.mjs';
import { savedResults } from './results.mjs';

const shown = (value) =>
  typeof value === 'number'
    ? value.toLocaleString('en', { maximumSignificantDigits: 3 })
    : String(value ?? '');
const withUnit = (value, unit) => `${shown(value)}${unit === '' ? '' : ` ${unit}`}`;

/**
 * @param {object} result a results file
 * @returns {{ columns: string[], keys: number, rows: (string | number | null)[][], cells: string[][] }} `rows` are the
 * values, `cells` how a table shows them; the first `keys` columns name a row
 */
export function tableOf({ figures, columns, keys, rows: given }) {
  if (given !== undefined) return { columns, keys, rows: given, cells: given.map((row) => row.map(shown)) };
  const rows = figures.map(({ name, measured, peer, ratio, limit }) => [
    name,
    measured,
    peer?.measured ?? null,
    ratio ?? null,
    limit?.limit ?? null,
  ]);
  const cells = figures.map(({ name, measured, unit, peer, ratio, limit }) => [
    name,
    measured === null ? '' : withUnit(measured, unit),
    peer === undefined ? '' : besideText(peer, unit),
    ratio === undefined ? '' : `×${shown(ratio)}`,
    limit === undefined ? '' : limitText(limit, ratio, measured, unit),
  ]);
  return { columns: ['figure', 'measured', 'beside', 'ratio', 'limit'], keys: 1, rows, cells };
}

const besideText = ({ name, measured }, unit) =>
  measured === null ? name : `${name}: ${withUnit(measured, unit)}`;

function limitText({ is, limit }, ratio, measured, unit) {
  const value = ratio ?? measured;
  const isMet = is === 'at most' ? value <= limit : value >= limit;
  const text = ratio === undefined ? withUnit(limit, unit) : `×${shown(limit)}`;
  return `${is} ${text}: ${isMet ? 'met' : '**missed**'}`;
}

/** @returns {string} a Markdown table or what was printed, and below it when, where and by what it was measured */
export function render(result) {
  if (result.lines !== undefined)
    return ['```text', ...result.lines, '```', '', `<sub>${origin(result)}</sub>`].join('\n');
  const { columns, cells } = tableOf(result);
  const line = (row) => `| ${row.join(' | ')} |`;
  const isNumbers = (i) =>
    cells.every((row) => /^(×?\d[\d,.e+-]*( [\w/%]+)?|–|)$/.test(row[i])) &&
    cells.some((row) => row[i] !== '');
  const rule = columns.map((_, i) => (isNumbers(i) ? '---:' : '---'));
  return [line(columns), line(rule), ...cells.map(line), '', `<sub>${origin(result)}</sub>`].join('\n');
}

function origin({ source, command, date, commit, node, machine, load, note }) {
  const where = [machine, node && `Node.js ${node}`, commit && `commit ${commit}`].filter(Boolean).join(', ');
  const when = source === 'measured' ? `Measured on ${date}` : `${source[0].toUpperCase()}${source.slice(1)}`;
  const busy = load === null ? '' : `; load before ${load}`;
  return `\`${command}\`. ${when}${where === '' ? '' : `: ${where}`}${busy}.${note ? ` ${note}` : ''}`;
}

const region = (name) => [`<!-- figures of ${name} -->`, `<!-- end of figures of ${name} -->`];

/** @returns {string} the page with the tables of all results that it has a place for */
export function withFigures(page, results) {
  let text = page;
  for (const [, name] of page.matchAll(/<!-- figures of (\S+) -->/g)) {
    const [begin, end] = region(name);
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (to < from) throw new Error(`the figures of ${name} have no end`);
    if (results[name] === undefined) continue;
    text = `${text.slice(0, from + begin.length)}\n\n${render(results[name])}\n\n${text.slice(to)}`;
  }
  return text;
}

const FACTORS = { k: 1e3, M: 1e6, G: 1e9 };
const number = String.raw`(\d[\d,]*(?:\.\d+)?)( ?[kMG]\b)?`;
const marked = new RegExp(`${number}([^\\d<|\\n]{0,24})<!-- figure: ([^>]+?) -->`, 'g');
const factorOf = (letter) => FACTORS[letter?.trim()] ?? 1;

/** The figure that a mark names: a number, or the first one of a text. */
function lookUp(of, results) {
  const [name, ...rest] = of.split(' / ');
  const result = results[name];
  if (result === undefined) return undefined;
  const { columns, keys, rows } = tableOf(result);
  const column = columns.indexOf(rest.at(-1));
  const row = rows.find((cells) => cells.slice(0, keys).join(' / ') === rest.slice(0, -1).join(' / '));
  const value = row?.[column];
  if (typeof value !== 'string') return value ?? undefined;
  const [, digits, letter] = new RegExp(number).exec(value) ?? [];
  return digits === undefined ? undefined : Number(digits.replaceAll(',', '')) * factorOf(letter);
}

/** A value with as many digits as a text shows: 1,000 shows one, and so does 0.4. */
function likewise(text, letter, value) {
  const shownDigits = text.replaceAll(/[,.]/g, '').replace(/^0+/, '');
  const count = text.includes('.') ? shownDigits.length : shownDigits.replace(/0+$/, '').length;
  return (value / factorOf(letter)).toLocaleString('en', {
    minimumSignificantDigits: text.includes('.') ? Math.max(count, 1) : 1,
    maximumSignificantDigits: Math.max(count, 1),
  });
}

/** @returns {string} the page with the figures in its sentences as results have them; those that no result has stay */
export function withMarked(page, results) {
  return page.replace(marked, (all, digits, letter = '', between, of) => {
    const value = lookUp(of, results);
    if (typeof value !== 'number') return all;
    return `${likewise(digits, letter, value)}${letter}${between}<!-- figure: ${of} -->`;
  });
}

/** @returns {string[]} what is wrong with the figures that stand in sentences of a page */
export function wrongFigures(page, results) {
  const found = [...page.matchAll(marked)];
  const wrong = found.flatMap(([, digits, letter = '', , of]) => {
    const value = lookUp(of, results);
    if (typeof value !== 'number') return [`there is no figure '${of}'`];
    const right = likewise(digits, letter, value);
    return right === digits ? [] : [`${digits}${letter} should be ${right}${letter} (${of})`];
  });
  const lost = [...page.matchAll(/<!-- figure: /g)].length - found.length;
  if (lost > 0) wrong.push(`${lost} figures have no number before their mark`);
  for (const [, name] of page.matchAll(/<!-- figures of (\S+) -->/g))
    if (results[name] === undefined) wrong.push(`bench/results/${name}.json is missing`);
  return wrong;
}

/** What says how fast or how many times: such a figure is measured, unless the line says that it is a limit. */
const measuredWords = /×\d|\d(?: ?[kMG])?(?: [\w-]+){0,2} a second\b|\d ?(?:[kMG]B|MACs?)\/s\b/;

/** @returns {string[]} lines with a measured figure that no results file holds */
export function unmarkedFigures(page, isLimit = () => false) {
  const text = page
    .replace(/<!-- figures of (\S+) -->[\s\S]*?<!-- end of figures of \1 -->/g, '')
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/(×?\d[\d,.]*( ?[kMG]\b)?[^\d<|\n]{0,24})<!-- figure: [^>]+? -->( a second)?/g, '');
  return text.split('\n').filter((line) => measuredWords.test(line) && !isLimit(line));
}

/** Pages whose figures are of now. Decisions and the changelog say what was so when they were written. */
export const pagesOfNow = () => [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

export function generate() {
  const results = savedResults();
  for (const path of pagesOfNow()) {
    const before = readFileSync(join(root, path), 'utf8');
    const after = withMarked(withFigures(before, results), results);
    if (after !== before) writeFileSync(join(root, path), after);
    for (const says of wrongFigures(after, results)) console.error(`${path}: ${says}`);
  }
}

if (process.argv[1] === join(root, 'scripts/gen-figures.mjs')) generate();
