import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiled test runs from the output folder; what Python made stays with the source. */
const here = fileURLToPath(new URL('../../../test/stats/', import.meta.url));

/** What `expected/make.py` wrote: numbers of scipy, scikit-learn, statsmodels and lifelines, as what is asked for. */
export function readExpected<T>(
  name: 'distributions' | 'tables' | 'survival' | 'scores' | 'encodings' | 'loans' | 'cats',
): T {
  return JSON.parse(readFileSync(`${here}expected/${name}.json`, 'utf8')) as T;
}
