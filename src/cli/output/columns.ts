import { stripVTControlCharacters } from 'node:util';

/** Width on a terminal, without colour codes. Counts characters; wide scripts come out a little off. */
export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}

/** Rows as aligned columns, two blanks apart. `right` lists the columns that hold numbers. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  options: { readonly indent?: string; readonly right?: readonly number[] } = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      options.right?.includes(index) ? padStart(cell, widths[index] ?? 0) : padEnd(cell, widths[index] ?? 0),
    );
    return `${options.indent ?? ''}${cells.join('  ')}`.trimEnd();
  });
}

/** Breaks text into lines of at most `columns` characters, between words. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && width(line) + 1 + width(word) > columns) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}
