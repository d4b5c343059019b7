/**
 * Oblivious shuffle: three permutations one after the other, each known to two members and hidden from the third, so
 * that nobody knows all (Laur, Willemson, Zhang 2011; Araki et al. 2021, "Secure graph analysis at scale", section 4).
 * In pass p members p and p+1 know the
 * permutation: they hold the vector as two summands, permute, mask, and exchange; member p+2 only draws its new shares.
 * Cost: 16 bytes a member, column and element, 3 rounds, and 3 passes of random access to memory.
 */
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import { type Arith, arith, type Words } from '../../sharing/shares.ts';
import { permutationFrom } from '../permutation.ts';
import { round } from './messages.ts';
import { partsOf, type Rep3State } from './state.ts';

export async function shuffleS(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
): Promise<readonly Arith[]> {
  let shuffled = columns;
  for (let pass = 0; pass < 3; pass++) shuffled = await onePass(state, fiber, shuffled, pass);
  return shuffled;
}

async function onePass(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
  pass: number,
): Promise<readonly Arith[]> {
  const { rank, kernels, seeds } = state;
  const length = (columns[0] as Arith).length;
  const own = seeds.own(fiber);
  const next = seeds.next(fiber);
  const other = (pass + 1) % 3;
  if (rank !== pass && rank !== other) {
    await round(fiber, 'shuffleS', [], []);
    return columns.map(() => arith(length, [own.words(length), next.words(length)]));
  }
  const isFirst = rank === pass;
  const permutation = permutationFrom(isFirst ? next : own, length);
  // The stream that this member shares with the member outside.
  const outside = isFirst ? own : next;
  const kept: Words[] = [];
  const sent = columns.map((x) => {
    const [a, b] = partsOf(x);
    const summand = new BigUint64Array(length);
    // First: x_p + x_(p+1). Second: x_(p+2), its second part.
    if (isFirst) kernels.add(summand, a, b);
    else summand.set(b);
    const permuted = permute(summand, permutation);
    release(summand);
    const share = outside.words(length);
    kept.push(share);
    kernels.sub(permuted, permuted, share);
    return permuted;
  });
  const peer = isFirst ? other : pass;
  const received = await round(
    fiber,
    'shuffleS',
    sent.map((words) => ({ rank: peer, words })),
    [{ rank: peer, count: length * columns.length }],
  );
  return columns.map((_, column) => {
    const common = (received[peer] as Words).subarray(column * length, (column + 1) * length);
    kernels.add(common, common, sent[column] as Words);
    const outer = kept[column] as Words;
    return arith(length, isFirst ? [outer, common] : [common, outer]);
  });
}

export function permute(from: Words, permutation: Uint32Array): Words {
  const out = new BigUint64Array(from.length);
  for (let i = 0; i < out.length; i++) out[i] = from[permutation[i] as number] as bigint;
  return out;
}
