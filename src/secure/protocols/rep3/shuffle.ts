/**
 * Rows in orders that members do not know: a random one that nobody knows, there and back, and one that its owner
 * knows.
 *
 * Reference: S. Laur, J. Willemson, B. Zhang, "Round-efficient oblivious database manipulation", ISC 2011; T. Araki and
 *   others, "Secure graph analysis at scale", ACM CCS 2021, section 4.
 * Differences: the way back is the same passes in the other direction; an order of one owner is cut into two
 *   permutations, each uniform by itself.
 * Security: semi-honest adversary that corrupts one of the three members. In a pass two members know the permutation
 *   and the third does not: they hold the vector as two summands, permute, mask with what only the sender and the third
 *   draw, and exchange; the third draws its new shares. What each receives is uniform given all that it draws. Of a
 *   random order each member lacks one of three permutations. Of an owner's order P1·P2 one other member knows P1,
 *   which both draw, and the other is told P2, the order times the inverse of P1: a uniformly random permutation,
 *   whatever the order is. Who deviates can put rows wrong unnoticed, as everywhere in rep3.
 * Needs: as protocol.ts.
 * Flow: pass p between members p and p+1. Random: passes 0, 1, 2, and back 2, 1, 0 with the inverse permutations. Of
 *   owner o: pass o, then pass o-1; the second permutation is told in the round of the first.
 * Cost: for each column and row 8 bytes of each of the two members of a pass, one round a pass: 16 bytes and 3 rounds a
 *   shuffle; 2 rounds of an owner's order, 16 bytes of the owner and 8 of the others, and 4 bytes a row once.
 */
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import { type Arith, arith, type Words } from '../../sharing/shares.ts';
import { MemberError, violation } from '../../violations.ts';
import {
  composed,
  inverseOf,
  isPermutation,
  packed,
  packedLength,
  permutationFrom,
  unpacked,
} from '../permutation.ts';
import type { KeptShuffle } from '../protocol.ts';
import { type Expected, type Leg, round } from './messages.ts';
import { partsOf, type Rep3State } from './state.ts';

/** A pass, and its permutation at the two members that know it. */
interface Pass {
  readonly pass: number;
  readonly permutation: Uint32Array | undefined;
}

/** Messages beside those of a pass. */
interface Beside {
  readonly legs: readonly Leg[];
  readonly expected: readonly Expected[];
}
const nothing: Beside = { legs: [], expected: [] };

export async function shuffleS(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
): Promise<readonly Arith[]> {
  const passes = randomPasses(state, fiber, columns);
  const shuffled = await inTurn(state, fiber, columns, passes);
  forget(passes);
  return shuffled;
}

export async function shuffleKeptS(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
): Promise<KeptShuffle> {
  const passes = randomPasses(state, fiber, columns);
  const shuffled = await inTurn(state, fiber, columns, passes);
  const back = passes
    .map(({ pass, permutation }) => ({ pass, permutation: permutation && inverseOf(permutation) }))
    .toReversed();
  forget(passes);
  const undo: KeptShuffle['undo'] = async (on, moved) => {
    const undone = await inTurn(state, on, moved, back);
    forget(back);
    return undone;
  };
  return { columns: shuffled, undo };
}

/** The owner's is given there and only there. */
export async function permuteByS(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
  owner: number,
  order: Uint32Array | undefined,
): Promise<readonly Arith[]> {
  const { rank } = state;
  const length = (columns[0] as Arith).length;
  const before = (owner + 2) % 3;
  const first = { pass: owner, permutation: drawn(state, fiber, owner, length) };
  let second = order && first.permutation && without(first.permutation, order);
  const told: Beside = {
    legs: second ? [{ rank: before, words: packed(second) }] : [],
    expected: rank === before ? [{ rank: owner, count: packedLength(length) }] : [],
  };
  const half = await onePass(state, fiber, columns, first, told, (received) => {
    if (rank !== before) return;
    second = unpacked(received[owner] as Words, length);
    if (!isPermutation(second)) throw new MemberError(owner, violation('an order that is none'));
  });
  const passes = [first, { pass: before, permutation: second }];
  const moved = await onePass(state, fiber, half, passes[1] as Pass);
  forget(passes);
  return moved;
}

/** What is left of an order behind a first permutation. */
function without(first: Uint32Array, order: Uint32Array): Uint32Array {
  const inverse = inverseOf(first);
  const rest = composed(inverse, order);
  release(inverse);
  return rest;
}

/** Which the two members of a pass draw; undefined at the one outside. */
function drawn(
  { rank, seeds }: Rep3State,
  fiber: Fiber,
  pass: number,
  length: number,
): Uint32Array | undefined {
  if (rank === pass) return permutationFrom(seeds.next(fiber), length);
  return rank === (pass + 1) % 3 ? permutationFrom(seeds.own(fiber), length) : undefined;
}

function randomPasses(state: Rep3State, fiber: Fiber, [first]: readonly Arith[]): readonly Pass[] {
  const { length } = first as Arith;
  return [0, 1, 2].map((pass) => ({ pass, permutation: drawn(state, fiber, pass, length) }));
}

function forget(passes: readonly Pass[]): void {
  for (const { permutation } of passes) if (permutation) release(permutation);
}

async function inTurn(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
  passes: readonly Pass[],
): Promise<readonly Arith[]> {
  let moved = columns;
  for (const pass of passes) moved = await onePass(state, fiber, moved, pass);
  return moved;
}

async function onePass(
  state: Rep3State,
  fiber: Fiber,
  columns: readonly Arith[],
  { pass, permutation }: Pass,
  { legs, expected }: Beside = nothing,
  told: (received: readonly Words[]) => void = () => {},
): Promise<readonly Arith[]> {
  const { rank, kernels, seeds } = state;
  const length = (columns[0] as Arith).length;
  const own = seeds.own(fiber);
  const next = seeds.next(fiber);
  const other = (pass + 1) % 3;
  if (permutation === undefined) {
    told(await round(fiber, 'shuffleS', legs, expected));
    return columns.map(() => arith(length, [own.words(length), next.words(length)]));
  }
  const isFirst = rank === pass;
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
    [...sent.map((words) => ({ rank: peer, words })), ...legs],
    [{ rank: peer, count: length * columns.length }, ...expected],
  );
  return columns.map((_, column) => {
    const common = (received[peer] as Words).subarray(column * length, (column + 1) * length);
    kernels.add(common, common, sent[column] as Words);
    const outer = kept[column] as Words;
    return arith(length, isFirst ? [outer, common] : [common, outer]);
  });
}

function permute(from: Words, permutation: Uint32Array): Words {
  const out = new BigUint64Array(from.length);
  for (let i = 0; i < out.length; i++) out[i] = from[permutation[i] as number] as bigint;
  return out;
}
