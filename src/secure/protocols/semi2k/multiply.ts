/**
 * Products with triples (Beaver 1991): with shares of random a, b and c = a·b, open d = x - a and e = y - b; then x·y =
 * c + d·b + a·e + d·e, of which member 0 adds the last.
 */
import type { Triples } from '../../correlation/source.ts';
import type { Fiber } from '../../fiber.ts';
import { release } from '../../release.ts';
import { dimsOf, type MatrixLayout, type MatrixSizes } from '../../ring/matrix-dims.ts';
import { productLength } from '../../sharing/linear.ts';
import { type Arith, arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import type { BitsPair } from '../protocol.ts';
import { combineForAll } from './messages.ts';
import { made, partOf, type Semi2kState } from './state.ts';

export async function mulSS(state: Semi2kState, fiber: Fiber, x: Arith, y: Arith): Promise<Arith> {
  return mulWith(state, fiber, x, y, await state.source.mulTriples(fiber, x.length));
}

export async function matmulSS(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  y: Arith,
  layout: MatrixLayout,
): Promise<Arith> {
  return matmulWith(state, fiber, x, y, layout, await state.source.matmulTriple(fiber, dimsOf(layout)));
}

/** Uses the triples up: their memory serves for the result. */
export async function mulWith(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  y: Arith,
  { a, b, c }: Triples,
): Promise<Arith> {
  const { kernels } = state;
  const [d, e] = await openDifferences(state, fiber, 'mulSS', [x, a], [y, b]);
  // c + d·(b + e at member 0) + a·e
  if (state.rank === 0) kernels.add(b, b, e);
  kernels.mul(d, d, b);
  kernels.add(c, c, d);
  kernels.mul(e, e, a);
  kernels.add(c, c, e);
  for (const spent of [a, b, d, e]) release(spent);
  return arith(x.length, [c]);
}

export async function matmulWith(
  state: Semi2kState,
  fiber: Fiber,
  x: Arith,
  y: Arith,
  layout: MatrixLayout,
  { a, b, c }: Triples,
): Promise<Arith> {
  const { kernels } = state;
  const dims = dimsOf(layout);
  const { batch, rows, inner, columns } = dims;
  // Opened as the triple is, row by row: so what is random, and all that follows, is as without transposing.
  const [d, e] = await openDifferences(
    state,
    fiber,
    'matmulSS',
    [x, a, layout.transposeLeft && { batch, rows: inner, columns: rows }],
    [y, b, layout.transposeRight && { batch, rows: columns, columns: inner }],
  );
  if (state.rank === 0) kernels.add(b, b, e);
  kernels.matmul(c, d, b, dims, true);
  kernels.matmul(c, a, e, dims, true);
  for (const spent of [a, b, d, e]) release(spent);
  return arith(productLength(dims), [c]);
}

export async function andSS(
  state: Semi2kState,
  fiber: Fiber,
  pairs: readonly BitsPair[],
): Promise<readonly Bits[]> {
  return andWith(state, fiber, pairs, await state.source.bitTriples(fiber, andWords(pairs)));
}

/** Words of triples that the ands of these pairs take. */
export function andWords(pairs: readonly BitsPair[]): number {
  return pairs.reduce((sum, [x]) => sum + x.width * planeWords(x.length), 0);
}

/** The triples are used up. */
export async function andWith(
  state: Semi2kState,
  fiber: Fiber,
  pairs: readonly BitsPair[],
  { a, b, c }: Triples,
): Promise<readonly Bits[]> {
  const { kernels } = state;
  const side = (index: 0 | 1, mask: Words): Words =>
    made(mask.length, (out) => {
      let at = 0;
      for (const pair of pairs) {
        out.set(partOf(pair[index]), at);
        at += partOf(pair[index]).length;
      }
      kernels.xor(out, out, mask);
    });
  const [d, e] = (await combineForAll(state, fiber, 'andSS', 'xor', [side(0, a), side(1, b)])) as [
    Words,
    Words,
  ];
  if (state.rank === 0) kernels.xor(b, b, e);
  kernels.and(d, d, b);
  kernels.xor(c, c, d);
  kernels.and(e, e, a);
  kernels.xor(c, c, e);
  let at = 0;
  return pairs.map(([x]) => {
    const words = x.width * planeWords(x.length);
    at += words;
    return bits(x.length, x.width, [c.subarray(at - words, at)]);
  });
}

/** `stands`: how the factor does, if it is to be opened transposed. */
async function openDifferences(
  state: Semi2kState,
  fiber: Fiber,
  label: string,
  ...pairs: readonly [factor: Arith, mask: Words, stands?: MatrixSizes | false | undefined][]
): Promise<[Words, Words]> {
  const { kernels } = state;
  const differences = pairs.map(([x, mask, stands]) =>
    made(x.length, (out) => {
      if (stands) kernels.transpose(out, partOf(x), stands);
      kernels.sub(out, stands ? out : partOf(x), mask);
    }),
  );
  const opened = await combineForAll(state, fiber, label, 'sum', differences);
  return opened as [Words, Words];
}
