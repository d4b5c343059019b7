/**
 * Additive secret sharing among two to five members over Z_2^64, against all but one.
 *
 * The idea: a number is the sum of random ones, and each member holds one. Members that lack a single share see random
 * numbers. Sums need no message. A product uses up a random triple (a, b, a·b) that was shared before: members open x -
 * a and y - b, which are random too, and compute their shares of x·y from these.
 *
 * Reference: D. Beaver, Efficient Multiparty Protocols Using Circuit Randomization, CRYPTO 1991,
 *   https://doi.org/10.1007/3-540-46766-1_34 (products); D. Demmler, T. Schneider, M. Zohner, ABY, NDSS 2015,
 *   https://doi.org/10.14722/ndss.2015.23113 (two members; conversions); the name and the choice of a ring: the
 *   protocol SEMI2k of SPU and MP-SPDZ.
 * Differences: shares come from pairwise seeds wherever one member knows the value; truncation without gross errors
 *   (truncate.ts); bits of sums by one adder for any number of members (compare.ts); triples of a circuit are made at
 *   once.
 * Security: semi-honest adversary that corrupts all members but one; with a dealer, it must not corrupt the dealer as
 *   well. AES-128 a pseudorandom function; without a dealer the assumptions of correlation/ot-source.ts. Against a
 *   member that deviates neither results nor secrets are protected: it can make a result wrong unnoticed (by any
 *   difference of its choice, since it sends the last summand), or learn more, by wrong triples say (messages of wrong
 *   form are refused). Truncation rounds by the shares: see docs/protocols.md.
 * Needs: authenticated, encrypted, ordered channels between each two; fresh randomness for each session; for more than
 *   two members a dealer, which holds no data.
 * Flow: x is the sum of all members' shares. Sums are local; a product opens both factors under a random triple to all.
 *   Bits alike, with exclusive or, 64 elements a word. Comparison: two summands with shared bits, a carry tree.
 * Cost: see costs.ts, held by test/compliance/secure.test.ts.
 */
import { openDealerSource } from '../../correlation/dealer-source.ts';
import { openOtSource } from '../../correlation/ot-source.ts';
import type { Fiber } from '../../fiber.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { dimsOf, type MatrixLayout } from '../../ring/matrix-dims.ts';
import { productLength } from '../../sharing/linear.ts';
import { type Arith, arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import { agree } from '../agree.ts';
import type { BitsPair, KeptShuffle, Protocol, ProtocolCosts, ProtocolSetting } from '../protocol.ts';
import { a2b, eqzS, msbS } from './compare.ts';
import { b2a } from './convert.ts';
import { semi2kCosts } from './costs.ts';
import { andSS, matmulSS, matmulWith, mulSS, mulWith } from './multiply.ts';
import { Semi2kSeeds } from './seeds.ts';
import { openShare, shareFrom } from './sharing.ts';
import { permuteByS, shuffleKeptS, shuffleS } from './shuffle.ts';
import { onlyRank, partOf, type Semi2kState } from './state.ts';
import { truncationStock, truncExactS, truncS, truncWith } from './truncate.ts';

/** Opens a member of semi2k; see {@link Protocol}. */
export async function openSemi2k(setting: ProtocolSetting): Promise<Protocol> {
  const { fiber, random, kernels, agreement, binding, observe, dealer } = setting;
  const seeds = new Semi2kSeeds(fiber.rank, await agree(fiber, random, agreement, binding), observe);
  try {
    const source =
      dealer === undefined
        ? await openOtSource({ fiber, random, kernels, observe, binding })
        : await openDealerSource(dealer, observe);
    return new Semi2kProtocol({ rank: fiber.rank, size: fiber.size, kernels, seeds, source });
  } catch (error) {
    seeds.destroy();
    throw error;
  }
}

class Semi2kProtocol implements Protocol {
  readonly name = 'semi2k';
  readonly rank: number;
  readonly size: number;
  readonly costs: ProtocolCosts;
  readonly kernels: Kernels;
  readonly #state: Semi2kState;

  constructor(state: Semi2kState) {
    this.rank = state.rank;
    this.size = state.size;
    this.kernels = state.kernels;
    this.costs = semi2kCosts(state.size, state.source);
    this.#state = state;
  }

  async shareA(fiber: Fiber, owner: number, length: number, words: Words | undefined): Promise<Arith> {
    return arith(length, [shareFrom(this.#state, fiber, 'sum', owner, length, words)]);
  }

  async shareB(
    fiber: Fiber,
    owner: number,
    length: number,
    width: number,
    planes: Words | undefined,
  ): Promise<Bits> {
    return bits(length, width, [
      shareFrom(this.#state, fiber, 'xor', owner, width * planeWords(length), planes),
    ]);
  }

  publicA(words: Words): Arith {
    return arith(words.length, onlyRank(this.#state, 0, words));
  }

  publicB(length: number, width: number, planes: Words): Bits {
    return bits(length, width, onlyRank(this.#state, 0, planes));
  }

  openA(fiber: Fiber, x: Arith, to?: number): Promise<Words | undefined> {
    return openShare(this.#state, fiber, 'openA', 'sum', partOf(x), to);
  }

  openB(fiber: Fiber, x: Bits, to?: number): Promise<Words | undefined> {
    return openShare(this.#state, fiber, 'openB', 'xor', partOf(x), to);
  }

  mulSS(fiber: Fiber, x: Arith, y: Arith): Promise<Arith> {
    return mulSS(this.#state, fiber, x, y);
  }

  matmulSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout): Promise<Arith> {
    return matmulSS(this.#state, fiber, x, y, layout);
  }

  async mulTruncSS(fiber: Fiber, x: Arith, y: Arith, by: number): Promise<Arith> {
    const [triples, stock] = await both(
      fiber,
      (one) => this.#state.source.mulTriples(one, x.length),
      (other) => truncationStock(this.#state, other, x.length, by, false),
    );
    return truncWith(this.#state, fiber, await mulWith(this.#state, fiber, x, y, triples), by, stock);
  }

  async matmulTruncSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout, by: number): Promise<Arith> {
    const [triple, stock] = await both(
      fiber,
      (one) => this.#state.source.matmulTriple(one, dimsOf(layout)),
      (other) => truncationStock(this.#state, other, productLength(layout), by, false),
    );
    return truncWith(
      this.#state,
      fiber,
      await matmulWith(this.#state, fiber, x, y, layout, triple),
      by,
      stock,
    );
  }

  truncS(fiber: Fiber, x: Arith, by: number): Promise<Arith> {
    return truncS(this.#state, fiber, x, by);
  }

  truncExactS(fiber: Fiber, x: Arith, by: number): Promise<Arith> {
    return truncExactS(this.#state, fiber, x, by);
  }

  andSS(fiber: Fiber, pairs: readonly BitsPair[]): Promise<readonly Bits[]> {
    return andSS(this.#state, fiber, pairs);
  }

  a2b(fiber: Fiber, x: Arith, width: number): Promise<Bits> {
    return a2b(this.#state, fiber, x, width);
  }

  b2a(fiber: Fiber, x: Bits): Promise<Arith> {
    return b2a(this.#state, fiber, x);
  }

  bit2a(fiber: Fiber, x: Bits): Promise<Arith> {
    return b2a(this.#state, fiber, x);
  }

  msbS(fiber: Fiber, x: Arith): Promise<Bits> {
    return msbS(this.#state, fiber, x);
  }

  eqzS(fiber: Fiber, x: Arith): Promise<Bits> {
    return eqzS(this.#state, fiber, x);
  }

  async randomA(fiber: Fiber, length: number): Promise<Arith> {
    return arith(length, [this.#state.seeds.own(fiber).words(length)]);
  }

  async randomB(fiber: Fiber, length: number, width: number): Promise<Bits> {
    return bits(length, width, [this.#state.seeds.own(fiber).words(width * planeWords(length))]);
  }

  shuffleS(fiber: Fiber, columns: readonly Arith[]): Promise<readonly Arith[]> {
    return shuffleS(this.#state, fiber, columns);
  }

  shuffleKeptS(fiber: Fiber, columns: readonly Arith[]): Promise<KeptShuffle> {
    return shuffleKeptS(this.#state, fiber, columns);
  }

  permuteByS(
    fiber: Fiber,
    columns: readonly Arith[],
    owner: number,
    order: Uint32Array | undefined,
  ): Promise<readonly Arith[]> {
    return permuteByS(this.#state, fiber, columns, owner, order);
  }

  destroy(): void {
    this.#state.seeds.destroy();
    this.#state.source.destroy();
  }
}

/** Two at once. */
async function both<A, B>(
  fiber: Fiber,
  first: (fiber: Fiber) => Promise<A>,
  second: (fiber: Fiber) => Promise<B>,
): Promise<readonly [A, B]> {
  let [a, b]: [A | undefined, B | undefined] = [undefined, undefined];
  await fiber.all<void>([
    async (one) => {
      a = await first(one);
    },
    async (other) => {
      b = await second(other);
    },
  ]);
  return [a as A, b as B];
}
