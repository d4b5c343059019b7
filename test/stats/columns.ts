import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Columns of a data set of these tests; null is a gap. */
export interface DataColumns {
  readonly numbers: (name: string) => (number | null)[];
  readonly words: (name: string) => (string | null)[];
}

/** Of test/stats/data. The compiled test runs from the output folder; data stay with the source. */
export function columnsOf(file: string): DataColumns {
  const path = fileURLToPath(new URL(`../../../test/stats/data/${file}`, import.meta.url));
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = head.split(',');
  const fields = (name: string): string[] => {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`${file} has no column ${name}`);
    return lines.map((line) => line.split(',')[at] ?? '');
  };
  return {
    numbers: (name) => fields(name).map((field) => (field === '' ? null : Number(field))),
    words: (name) => fields(name).map((field) => (field === '' ? null : field)),
  };
}
