/** Into and out of shares. */
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import type { Words } from '../../sharing/shares.ts';
import { round } from './messages.ts';
import type { Rep3State } from './state.ts';

/** How shares are put together: by addition or by exclusive or. */
export type Group = 'sum' | 'xor';

/**
 * The owner o draws share o with its predecessor, and sends the difference, share o+1, to its successor. Share o+2 is zero.
 * The successor sees a value masked with share o, the predecessor sees share o alone.
 */
export async function shareFrom(
  { rank, kernels, seeds }: Rep3State,
  fiber: Fiber,
  label: string,
  group: Group,
  owner: number,
  count: number,
  words: Words | undefined,
): Promise<readonly Words[]> {
  const zero = (): Words => new BigUint64Array(count);
  const successor = (owner + 1) % 3;
  if (rank === owner) {
    const mask = seeds.own(fiber).words(count);
    const rest = zero();
    if (group === 'sum') kernels.sub(rest, words as Words, mask);
    else kernels.xor(rest, words as Words, mask);
    await round(fiber, label, [{ rank: successor, words: rest }], []);
    return [mask, rest];
  }
  if (rank === successor) {
    const received = await round(fiber, label, [], [{ rank: owner, count }]);
    return [received[owner] as Words, zero()];
  }
  const mask = seeds.next(fiber).words(count);
  await round(fiber, label, [], []);
  return [zero(), mask];
}

/** Each member lacks the share of its predecessor, who holds it as its first part. */
export async function openParts(
  { rank, kernels }: Rep3State,
  fiber: Fiber,
  label: string,
  group: Group,
  parts: readonly [Words, Words],
  to: number | undefined,
): Promise<Words | undefined> {
  const [own, next] = parts;
  const successor = (rank + 1) % 3;
  const predecessor = (rank + 2) % 3;
  const receives = to === undefined || to === rank;
  const received = await round(
    fiber,
    label,
    to === undefined || to === successor ? [{ rank: successor, words: own }] : [],
    receives ? [{ rank: predecessor, count: own.length }] : [],
  );
  if (!receives) return undefined;
  const out = new BigUint64Array(own.length);
  const put = group === 'sum' ? 'add' : 'xor';
  kernels[put](out, own, next);
  kernels[put](out, out, received[predecessor] as Words);
  release(received[predecessor] as Words);
  return out;
}
