/**
 * Rows in orders that members do not know: a random one that nobody knows, there and back, and one that its owner
 * knows.
 *
 * Reference: switching networks of Beneš (switches.ts), as in P. Mohassel, S. Sadeghian, "How to hide circuits in MPC",
 *   EUROCRYPT 2013, with products of shares in place of oblivious transfers.
 * Differences: a member's switches are shared without a message, and every layer is one multiplication: crossing adds
 *   s·(v - u) to u and takes it from v. Vectors are filled up to a power of two with lines that stay where they are.
 * Security: that of sharing and of products (protocol.ts): nothing but masked words crosses. Of a random order every
 *   member has a network of its own, so that all but one together lack a permutation. An owner's order is its network.
 * Needs: as protocol.ts.
 * Flow: for each network and layer its owner shares which switches cross, then one product. Back: the last network and
 *   layer first, since a switch that crosses twice has not crossed.
 * Cost: for each network 2m - 1 multiplications one after the other, of 2^(m-1) elements a column, m = log2 of the
 *   length, rounded up. A shuffle has a network for each member, an owner's order one.
 */
import type { Fiber } from '../../fiber.ts';
import { concat, gather, slice } from '../../sharing/linear.ts';
import { type Arith, arith, type Words } from '../../sharing/shares.ts';
import { levels } from '../circuits.ts';
import { permutationFrom } from '../permutation.ts';
import type { KeptShuffle } from '../protocol.ts';
import { mulSS } from './multiply.ts';
import { shareFrom } from './sharing.ts';
import { made, partOf, type Semi2kState } from './state.ts';
import { type Layer, layersOf, route } from './switches.ts';

export async function shuffleS(
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Arith[],
): Promise<readonly Arith[]> {
  return throughAll(state, fiber, columns, ownSwitches(state, fiber, columns), false);
}

export async function shuffleKeptS(
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Arith[],
): Promise<KeptShuffle> {
  const own = ownSwitches(state, fiber, columns);
  return {
    columns: await throughAll(state, fiber, columns, own, false),
    undo: async (on, moved) => {
      const undone = await throughAll(state, on, moved, own, true);
      for (const crossed of own) crossed.fill(0);
      return undone;
    },
  };
}

/** The owner's is given there and only there. */
export async function permuteByS(
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Arith[],
  owner: number,
  order: Uint32Array | undefined,
): Promise<readonly Arith[]> {
  return through(state, fiber, columns, [owner], order && switchesOf(order), false);
}

/** Through the networks of all members; back: through all layers in the other direction. */
const throughAll = (
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Arith[],
  own: readonly Uint8Array[],
  back: boolean,
): Promise<readonly Arith[]> => {
  const members = Array.from({ length: state.size }, (_, member) => member);
  return through(state, fiber, columns, back ? members.toReversed() : members, own, back);
};

async function through(
  state: Semi2kState,
  fiber: Fiber,
  columns: readonly Arith[],
  members: readonly number[],
  own: readonly Uint8Array[] | undefined,
  back: boolean,
): Promise<readonly Arith[]> {
  const length = (columns[0] as Arith).length;
  const depth = levels(length);
  // A switch that crosses twice has not crossed: the way back is the same layers, the last first.
  const layers = [...layersOf(depth).entries()];
  if (back) layers.reverse();
  let moved = columns.map((x) => made(2 ** depth, (out) => out.set(partOf(x))));
  for (const member of members) {
    for (const [index, layer] of layers) {
      const { length } = layer.lines;
      const crossed =
        member === state.rank && own
          ? BigUint64Array.from(own[index] as Uint8Array, (bit) => BigInt(bit))
          : undefined;
      const switches = arith(length, [shareFrom(state, fiber, 'sum', member, length, crossed)]);
      moved = await cross(state, fiber, moved, layer, switches);
    }
  }
  return moved.map((words) => slice(arith(words.length, [words]), 0, length));
}

/** Of a random permutation of the member's own, by layer. */
function ownSwitches({ seeds }: Semi2kState, fiber: Fiber, [first]: readonly Arith[]): Uint8Array[] {
  return switchesOf(permutationFrom(seeds.own(fiber), (first as Arith).length));
}

function switchesOf(order: Uint32Array): Uint8Array[] {
  const depth = levels(order.length);
  const permutation = Uint32Array.from({ length: 2 ** depth }, (_, line) => line);
  permutation.set(order);
  return route(permutation, depth);
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
