/** Tables of a report, and how numbers are written in it. */
import { element, joined, type Markup, text } from './markup.ts';

/**
 * A value of a table; null is one that was not opened or does not exist. Numbers that are no counts are shown with four
 * digits, from a thousand on to the whole, above 10^9 and under 10^-4 by powers of ten.
 */
export type Cell = string | number | null;

/** A table of a report. The first column names the row. */
export interface ReportTable {
  /** What it shows. */
  readonly caption: string;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Cells of each row, one for each column. */
  readonly rows: readonly (readonly Cell[])[];
}

/** Digits of a number that is no count, if its whole part does not have more. */
const DIGITS = 4;

/**
 * A number for people: counts whole, others with four digits and never without some of their whole part, very small and
 * large ones by powers of ten.
 */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(DIGITS - 2);
  if (size >= 10 ** (DIGITS - 1)) return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return Number(value.toPrecision(DIGITS)).toLocaleString('en-US', { maximumSignificantDigits: DIGITS });
}

export const cellText = (cell: Cell): string =>
  cell === null ? '–' : typeof cell === 'number' ? numberText(cell) : cell;

export function tableMarkup({ caption, columns, rows }: ReportTable): Markup {
  const head = columns.map((name) => element('th', { scope: 'col' }, text(name)));
  const body = rows.map((cells) => element('tr', {}, ...cells.map(cellMarkup)));
  return element(
    'table',
    {},
    element('caption', {}, text(caption)),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, joined(body)),
  );
}

function cellMarkup(cell: Cell, at: number): Markup {
  if (at === 0) return element('th', { scope: 'row' }, text(cellText(cell)));
  return element('td', { class: typeof cell === 'string' ? undefined : 'number' }, text(cellText(cell)));
}
