/**
 * Oblivious shuffle: each member in turn permutes by a random permutation of its own, so that nobody knows all of them
 * together. A member shares which switches of a network cross (no message), and every layer is one multiplication:
 * crossing adds s·(v - u) to u and takes it from v. Vectors are filled up to a power of two with lines that stay where
 * they are.
 * Cost: for each member 2m - 1 multiplications one after the other, of 2^(m-1) elements a column, m = log2 of the
 *   length, rounded up.
 */
import type { Fiber } from '../../fiber.ts';
import { concat, gather, slice } from '../../sharing/linear.ts';
import { type Arith, arith, type Words } from '../../sharing/shares.ts';
import { levels } from '../circuits.ts';
import { permutationFrom } from '../permutation.ts';
import { mulSS } from './multiply.ts';
import { shareFrom } from './sharing.ts';
import { made, partOf, type Semi2kState } from './state.ts';
import { type Layer, layersOf, route } from './switches.ts';

export async function shuffleS(
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Arith[],
): Promise<readonly Arith[]> {
  const length = (columns[0] as Arith).length;
  const depth = levels(length);
  const layers = layersOf(depth);
  let shuffled = columns.map((x) => made(2 ** depth, (out) => out.set(partOf(x))));
  for (let member = 0; member < state.size; member++) {
    const crossed = member === state.rank ? ownSwitches(state, fiber, length, depth) : undefined;
    for (const [index, layer] of layers.entries()) {
      const switches = arith(layer.lines.length, [
        shareFrom(state, fiber, 'sum', member, layer.lines.length, crossed?.[index]),
      ]);
      shuffled = await cross(state, fiber, shuffled, layer, switches);
    }
  }
  return shuffled.map((words) => slice(arith(words.length, [words]), 0, length));
}

function ownSwitches({ seeds }: Semi2kState, fiber: Fiber, length: number, depth: number): Words[] {
  const permutation = Uint32Array.from({ length: 2 ** depth }, (_, line) => line);
  permutation.set(permutationFrom(seeds.own(fiber), length));
  return route(permutation, depth).map((crossed) => BigUint64Array.from(crossed, (bit) => BigInt(bit)));
}

async function cross(
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Words[],
  { lines, half }: Layer,
  switches: Arith,
): Promise<Words[]> {
  const { kernels } = state;
  const others = lines.map((line) => line + half);
  const uppers = columns.map((words) => gather(arith(words.length, [words]), lines));
  const lowers = columns.map((words) => gather(arith(words.length, [words]), others));
  const differences = uppers.map((upper, column) =>
    arith(lines.length, [
      made(lines.length, (out) => kernels.sub(out, partOf(lowers[column] as Arith), partOf(upper))),
    ]),
  );
  const moved = partOf(
    await mulSS(state, fiber, concat(differences.map(() => switches)), concat(differences)),
  );
  return columns.map((words, column) => {
    const step = moved.subarray(column * lines.length, (column + 1) * lines.length);
    const upper = made(lines.length, (out) => kernels.add(out, partOf(uppers[column] as Arith), step));
    const lower = made(lines.length, (out) => kernels.sub(out, partOf(lowers[column] as Arith), step));
    const out = new BigUint64Array(words.length);
    for (let i = 0; i < lines.length; i++) {
      out[lines[i] as number] = upper[i] as bigint;
      out[others[i] as number] = lower[i] as bigint;
    }
    return out;
  });
}
