/** The one form of message of semi2k: everybody tells everybody, or one, its summand. */
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import type { Words } from '../../sharing/shares.ts';
import type { Semi2kState } from './state.ts';

/** How shares are put together: by addition or by exclusive or. */
export type Group = 'sum' | 'xor';

/** One round: the sum of what all members have, for all, or for member `to` alone. Changes nothing of `own`. */
export async function combine(
  { rank, size, kernels }: Semi2kState,
  fiber: Fiber,
  label: string,
  group: Group,
  own: readonly Words[],
  to?: number,
): Promise<readonly Words[] | undefined> {
  const bytes = own.reduce((sum, words) => sum + words.byteLength, 0);
  const receives = to === undefined || to === rank;
  const received = await fiber.exchange({
    label,
    outgoing: Array.from({ length: size }, (_, other) =>
      other !== rank && (to === undefined || to === other) ? own : undefined,
    ),
    incoming: Array.from({ length: size }, (_, other) => (receives && other !== rank ? bytes : 0)),
  });
  if (!receives) return undefined;
  const put = group === 'sum' ? kernels.add.bind(kernels) : kernels.xor.bind(kernels);
  const totals = own.map((words) => words.slice());
  for (const [other, message] of received.entries()) {
    if (other === rank) continue;
    let at = message.byteOffset;
    for (const total of totals) {
      put(total, total, new BigUint64Array(message.buffer, at, total.length));
      at += total.byteLength;
    }
    release(message);
  }
  return totals;
}

/** The same for all members. */
export async function combineForAll(
  state: Semi2kState,
  fiber: Fiber,
  label: string,
  group: Group,
  own: readonly Words[],
): Promise<readonly Words[]> {
  return (await combine(state, fiber, label, group, own)) ?? [];
}
