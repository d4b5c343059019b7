/** Who sends what to whom, in the forms that rep3 needs. */
import type { Fiber } from '../../fiber.ts';
import type { Words } from '../../sharing/shares.ts';

/** One message of a round: words for a member, or words expected of one. */
export interface Leg {
  readonly rank: number;
  readonly words: Words;
}

export interface Expected {
  readonly rank: number;
  readonly count: number;
}

/** One round: sends the legs, gives what is expected, by rank. */
export async function round(
  fiber: Fiber,
  label: string,
  legs: readonly Leg[],
  expected: readonly Expected[],
): Promise<readonly Words[]> {
  const outgoing = new Array<Words[] | undefined>(fiber.size).fill(undefined);
  for (const { rank, words } of legs) {
    const list = outgoing[rank];
    if (list === undefined) outgoing[rank] = [words];
    else list.push(words);
  }
  const incoming = new Array<number>(fiber.size).fill(0);
  for (const { rank, count } of expected) incoming[rank] = (incoming[rank] ?? 0) + 8 * count;
  const received = await fiber.exchange({ label, outgoing, incoming });
  return received.map((bytes) => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8));
}

/** Every member sends to the one before it and hears from the one after it. */
export async function passBack(fiber: Fiber, label: string, words: Words): Promise<Words> {
  const next = (fiber.rank + 1) % 3;
  const received = await round(
    fiber,
    label,
    [{ rank: (fiber.rank + 2) % 3, words }],
    [{ rank: next, count: words.length }],
  );
  return received[next] as Words;
}
