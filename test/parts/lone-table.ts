/** Tables that nobody holds. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Table, tableOf } from '../../src/data/index.ts';

export const LONE_ROWS = 5_000;

setFlagsFromString('--expose-gc');
/** All that nobody holds. */
export const collect = runInNewContext('gc') as () => void;

/** What is asked of a table that nobody holds, while everything that nobody holds is collected. */
export async function alone<T>(ask: (table: Table) => Promise<T>): Promise<T> {
  let isOver = false;
  const answer = tableOf({
    id: Array.from({ length: LONE_ROWS }, (_, row) => `id-${row}`),
    x: Float64Array.from({ length: LONE_ROWS }, (_, row) => row),
  })
    .then((table) => ask(table))
    .finally(() => {
      isOver = true;
    });
  answer.catch(() => undefined);
  while (!isOver) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answer;
}
