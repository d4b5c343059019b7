import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

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

/** Breaks text into lines of at most `columns` on a terminal, between words; a longer word stays whole. */
export function wrapText(text: string, columns: number): string[] {
  return wrapAnsi(text, columns).split('\n');
}
