/**
 * Products (Araki et al. 2016, section 3): each member multiplies what it has, z_i = x_i·y_i + x_i·y_(i+1) +
 * x_(i+1)·y_i, masks it with a share of zero, F_i - F_(i+1), and passes it to the member before, to whom it is the
 * second part.
 */
import type { Fiber } from '../../fiber.ts';
import { releaseTogether } from '../../release.ts';
import type { MatrixLayout } from '../../ring/matrix-dims.ts';
import { productLength } from '../../sharing/linear.ts';
import { type Arith, arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import type { BitsPair } from '../protocol.ts';
import { passBack } from './messages.ts';
import { partsOf, type Rep3State } from './state.ts';

export async function mulSS(state: Rep3State, fiber: Fiber, x: Arith, y: Arith): Promise<Arith> {
  const { kernels, seeds } = state;
  const [xa, xb] = partsOf(x);
  const [ya, yb] = partsOf(y);
  const product = new BigUint64Array(x.length);
  kernels.rep3Mul(product, xa, xb, ya, yb, seeds.own(fiber), seeds.next(fiber));
  return arith(x.length, [product, await passBack(fiber, 'mulSS', product)]);
}

export async function matmulSS(
  state: Rep3State,
  fiber: Fiber,
  x: Arith,
  y: Arith,
  layout: MatrixLayout,
): Promise<Arith> {
  const product = localMatmul(state, x, y, layout);
  state.kernels.addRandom(product, state.seeds.own(fiber));
  state.kernels.subRandom(product, state.seeds.next(fiber));
  return arith(product.length, [product, await passBack(fiber, 'matmulSS', product)]);
}

/** This member's summand of the product, not masked: it must not leave like this. */
export function localMul({ kernels }: Rep3State, x: Arith, y: Arith): Words {
  const [xa, xb] = partsOf(x);
  const [ya, yb] = partsOf(y);
  const out = new BigUint64Array(x.length);
  kernels.rep3Mul(out, xa, xb, ya, yb, undefined, undefined);
  return out;
}

/** The same for matrices: two products, x_i·(y_i + y_(i+1)) + x_(i+1)·y_i. */
export function localMatmul({ kernels }: Rep3State, x: Arith, y: Arith, layout: MatrixLayout): Words {
  const [xa, xb] = partsOf(x);
  const [ya, yb] = partsOf(y);
  const both = new BigUint64Array(y.length);
  kernels.add(both, ya, yb);
  const out = new BigUint64Array(productLength(layout));
  kernels.matmul(out, xa, both, layout, false);
  kernels.matmul(out, xb, ya, layout, true);
  return out;
}

export async function andSS(
  state: Rep3State,
  fiber: Fiber,
  pairs: readonly BitsPair[],
): Promise<readonly Bits[]> {
  const { kernels, seeds } = state;
  const length = pairs[0]?.[0].length ?? 0;
  const words = planeWords(length);
  const product = new BigUint64Array(words * pairs.reduce((sum, [x]) => sum + x.width, 0));
  if (words <= STACKED_WORDS_MAX && pairs.length > 1) {
    const [xa, xb, ya, yb] = stacked(pairs, product.length);
    kernels.rep3And(product, xa, xb, ya, yb, seeds.own(fiber), seeds.next(fiber));
  } else {
    let at = 0;
    for (const [x, y] of pairs) {
      const [xa, xb] = partsOf(x);
      const [ya, yb] = partsOf(y);
      const out = product.subarray(at, at + xa.length);
      kernels.rep3And(out, xa, xb, ya, yb, seeds.own(fiber), seeds.next(fiber));
      at += xa.length;
    }
  }
  const other = await passBack(fiber, 'andSS', product);
  let at = 0;
  return pairs.map(([x]) => {
    const from = at;
    at += x.width * words;
    return bits(length, x.width, [product.subarray(from, at), other.subarray(from, at)]);
  });
}

/** The second parts have come, in one message, and are this member's own; the first ones are on their way. */
export function spendAnds(results: readonly Bits[]): void {
  releaseTogether(results.map((result) => partsOf(result)[1]));
}

/**
 * Operands of planes up to this size are laid one after the other for one call of the kernel, which costs less than
 * many calls.
 */
const STACKED_WORDS_MAX = 64;

function stacked(pairs: readonly BitsPair[], count: number): readonly [Words, Words, Words, Words] {
  const make = (): Words => new BigUint64Array(count);
  const out = [make(), make(), make(), make()] as const;
  let at = 0;
  for (const [x, y] of pairs) {
    const [xa, xb] = partsOf(x);
    const [ya, yb] = partsOf(y);
    [xa, xb, ya, yb].forEach((words, operand) => {
      (out[operand] as Words).set(words, at);
    });
    at += xa.length;
  }
  return out;
}
