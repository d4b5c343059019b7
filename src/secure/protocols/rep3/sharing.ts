/** Into and out of shares. */
import { createHash } from 'node:crypto';
import { PeerError } from '../../../base/errors.ts';
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import type { Words } from '../../sharing/shares.ts';
import { round } from './messages.ts';
import type { Rep3State } from './state.ts';

/** How shares are put together: by addition or by exclusive or. */
export type Group = 'sum' | 'xor';

/**
 * The owner o draws share o with its predecessor, and sends the difference, share o+1, to its successor. Share o+2 is
 * zero. The successor sees a value masked with share o, the predecessor sees share o alone.
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

/** Of a share, from who holds it, too. */
export const CHECK_BYTES = 32;

/**
 * Each member lacks the share of its predecessor, who holds it as its first part and sends it. The successor holds it
 * as its second part and sends a hash of it: so of a share that is not the same at its two holders, because one of
 * them, or the owner of the secret, has deviated or erred, nothing is taken for a value. It does not say which of them.
 * @throws {PeerError} PRIVITY_SECURE_CHECK
 */
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
  const gets = (receiver: number): boolean => to === undefined || to === receiver;
  const received = await round(
    fiber,
    label,
    [
      ...(gets(successor) ? [{ rank: successor, words: own }] : []),
      ...(gets(predecessor) ? [{ rank: predecessor, words: checkOf(next) }] : []),
    ],
    gets(rank)
      ? [
          { rank: predecessor, count: own.length },
          { rank: successor, count: CHECK_BYTES / 8 },
        ]
      : [],
  );
  if (!gets(rank)) return undefined;
  const check = checkOf(received[predecessor] as Words);
  if (check.some((word, at) => word !== received[successor]?.[at])) {
    throw new PeerError(
      'PRIVITY_SECURE_CHECK',
      'the two other members of the secure device do not hold the same share of what is opened',
    );
  }
  const out = new BigUint64Array(own.length);
  const put = group === 'sum' ? 'add' : 'xor';
  kernels[put](out, own, next);
  kernels[put](out, out, received[predecessor] as Words);
  release(received[predecessor] as Words);
  return out;
}

function checkOf(share: Words): Words {
  const digest = createHash('sha256').update('privity rep3 opening').update(share).digest();
  return new BigUint64Array(new Uint8Array(digest).buffer);
}
