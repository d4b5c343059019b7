/** Into and out of shares. */
import type { Fiber } from '../../fiber.ts';
import type { Words } from '../../sharing/shares.ts';
import { combine, type Group } from './messages.ts';
import type { Semi2kState } from './state.ts';

/** The owner draws every other member's share from the stream that both have, and keeps the rest: no message. */
export function shareFrom(
  { rank, size, kernels, seeds }: Semi2kState,
  fiber: Fiber,
  group: Group,
  owner: number,
  count: number,
  words: Words | undefined,
): Words {
  if (rank !== owner) return seeds.with(owner, fiber).words(count);
  const rest = (words as Words).slice();
  for (let other = 0; other < size; other++) {
    if (other === owner) continue;
    if (group === 'sum') kernels.subRandom(rest, seeds.with(other, fiber));
    else kernels.xorRandom(rest, seeds.with(other, fiber));
  }
  return rest;
}

/**
 * Every member tells its share, plus a share of zero if there are more than two: then what the others see is uniform
 * given the value, wherever the share came from. Of two, each knows the other's share from the value anyway.
 */
export async function openShare(
  state: Semi2kState,
  fiber: Fiber,
  label: string,
  group: Group,
  share: Words,
  to: number | undefined,
): Promise<Words | undefined> {
  const masked = state.size === 2 ? share : withZero(state, fiber, group, share);
  return (await combine(state, fiber, label, group, [masked], to))?.[0];
}

/** Of each two members the one of lower rank adds, the other subtracts, what both draw. */
function withZero(
  { rank, size, kernels, seeds }: Semi2kState,
  fiber: Fiber,
  group: Group,
  share: Words,
): Words {
  const out = share.slice();
  for (let other = 0; other < size; other++) {
    if (other === rank) continue;
    const stream = seeds.with(other, fiber);
    if (group === 'xor') kernels.xorRandom(out, stream);
    else if (rank < other) kernels.addRandom(out, stream);
    else kernels.subRandom(out, stream);
  }
  return out;
}
