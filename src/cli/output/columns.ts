import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns that the widest of these texts takes on a terminal. */
export function widest(texts: readonly string[]): number {
  return texts.reduce((columns, text) => Math.max(columns, stringWidth(text)), 0);
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - stringWidth(text))) + text;
}

/** Rows as aligned columns, two blanks apart. `right` lists the columns that hold numbers. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  options: { readonly indent?: string; readonly right?: readonly number[] } = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      options.right?.includes(index) ? padStart(cell, widths[index] ?? 0) : padEnd(cell, widths[index] ?? 0),
    );
    return `${options.indent ?? ''}${cells.join('  ')}`.trimEnd();
  });
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts text that takes more columns, between characters as people see them, and says so by an ellipsis. */
export function shorten(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let left = columns - 1;
  for (const { segment } of characters.segment(text)) {
    left -= stringWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Breaks text into lines of at most `columns` on a terminal, between words; a longer word stays whole. */
export function wrapText(text: string, columns: number): string[] {
  return wrapAnsi(text, columns).split('\n');
}
