/**
 * Replicated secret sharing among three members over Z_2^64.
 *
 * The idea: a number is the sum of three random ones, and each member holds two of the three. One member alone sees
 * random numbers; any two have everything. Sums need no message. For a product each member computes some of the nine
 * partial products, and sends one masked number.
 *
 * Reference: T. Araki, J. Furukawa, Y. Lindell, A. Nof, K. Ohara, "High-throughput semi-honest secure three-party
 *   computation with an honest majority", ACM CCS 2016 (sharing, products, zero shares); P. Mohassel, P. Rindal,
 *   "ABY3", ACM CCS 2018 (conversions).
 * Differences: two-operand adders instead of three; bit to arithmetic without a multiplication (convert.ts); truncation
 *   without gross errors (truncate.ts); masks that both holders of a share draw from AES-128 in counter mode, per
 *   fiber.
 * Security: semi-honest adversary that corrupts one of the three members; AES-128 a pseudorandom function. Not
 *   protected: two members that pool their shares. Against a member that deviates neither results nor secrets are
 *   protected: it can make a result wrong unnoticed, and choose errors that make what is opened, or whether the job
 *   goes on, depend on others' inputs. Messages of wrong form are refused, and where something is opened the two
 *   holders of each share must hold the same (sharing.ts): that finds wrong openings and inconsistent sharings, no
 *   more.
 * Needs: authenticated, encrypted, ordered channels between each two; fresh randomness for each session.
 * Flow: x = x_0 + x_1 + x_2; member i holds x_i and x_(i+1). Sums are local; a product costs one message to the
 *   previous member. Bits alike, with exclusive or, 64 elements a word. Comparison: sums to bits, a carry tree.
 * Cost: see costs.ts, held by test/compliance/secure.test.ts.
 */
import type { Fiber } from '../../fiber.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { MatrixLayout } from '../../ring/matrix-dims.ts';
import { type Arith, arith, type Bits, bits, planeWords, rounded, type Words } from '../../sharing/shares.ts';
import { agree } from '../agree.ts';
import type { BitsPair, KeptShuffle, Protocol, ProtocolCosts, ProtocolSetting } from '../protocol.ts';
import { a2b, eqzS, msbS } from './compare.ts';
import { b2a, bit2a } from './convert.ts';
import { rep3Costs } from './costs.ts';
import { andSS, localMatmul, localMul, matmulSS, mulSS, spendAnds } from './multiply.ts';
import { Rep3Seeds } from './seeds.ts';
import { openParts, shareFrom } from './sharing.ts';
import { permuteByS, shuffleKeptS, shuffleS } from './shuffle.ts';
import { onlyIndex, partsOf, type Rep3State } from './state.ts';
import { type Truncation, truncateSum } from './truncate.ts';
import { truncExactS } from './truncate-exact.ts';

/** Opens a member of rep3; see {@link Protocol}. */
export async function openRep3(setting: ProtocolSetting): Promise<Protocol> {
  const { fiber, random, kernels, agreement, binding, observe } = setting;
  const seeds = new Rep3Seeds(fiber.rank, await agree(fiber, random, agreement, binding), observe);
  return new Rep3Protocol({ rank: fiber.rank, kernels, seeds });
}

class Rep3Protocol implements Protocol {
  readonly name = 'rep3';
  readonly size = 3;
  readonly costs: ProtocolCosts = rep3Costs;
  readonly rank: number;
  readonly kernels: Kernels;
  readonly #state: Rep3State;

  constructor(state: Rep3State) {
    this.rank = state.rank;
    this.kernels = state.kernels;
    this.#state = state;
  }

  async shareA(fiber: Fiber, owner: number, length: number, words: Words | undefined): Promise<Arith> {
    return arith(length, await shareFrom(this.#state, fiber, 'shareA', 'sum', owner, length, words));
  }

  async shareB(
    fiber: Fiber,
    owner: number,
    length: number,
    width: number,
    planes: Words | undefined,
  ): Promise<Bits> {
    const count = width * planeWords(length);
    return bits(length, width, await shareFrom(this.#state, fiber, 'shareB', 'xor', owner, count, planes));
  }

  publicA(words: Words): Arith {
    return arith(words.length, onlyIndex(this.rank, 0, words, words.length));
  }

  publicB(length: number, width: number, planes: Words): Bits {
    return bits(length, width, onlyIndex(this.rank, 0, planes, planes.length));
  }

  openA(fiber: Fiber, x: Arith, to?: number): Promise<Words | undefined> {
    return openParts(this.#state, fiber, 'openA', 'sum', partsOf(x), to);
  }

  openB(fiber: Fiber, x: Bits, to?: number): Promise<Words | undefined> {
    return openParts(this.#state, fiber, 'openB', 'xor', partsOf(x), to);
  }

  mulSS(fiber: Fiber, x: Arith, y: Arith): Promise<Arith> {
    return mulSS(this.#state, fiber, x, y);
  }

  matmulSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout): Promise<Arith> {
    return matmulSS(this.#state, fiber, x, y, layout);
  }

  mulTruncSS(fiber: Fiber, x: Arith, y: Arith, by: number): Promise<Arith> {
    return this.#truncated(fiber, localMul(this.#state, x, y), { label: 'mulTruncSS', by, spend: true });
  }

  matmulTruncSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout, by: number): Promise<Arith> {
    const truncation = { label: 'matmulTruncSS', by, spend: true };
    return this.#truncated(fiber, localMatmul(this.#state, x, y, layout), truncation);
  }

  truncS(fiber: Fiber, x: Arith, by: number): Promise<Arith> {
    return this.#truncated(fiber, partsOf(x)[0], { label: 'truncS', by });
  }

  truncExactS(fiber: Fiber, x: Arith, by: number): Promise<Arith> {
    return truncExactS(this, this.#state, fiber, x, by);
  }

  andSS(fiber: Fiber, pairs: readonly BitsPair[]): Promise<readonly Bits[]> {
    return andSS(this.#state, fiber, pairs);
  }

  spendAnds(results: readonly Bits[]): void {
    spendAnds(results);
  }

  a2b(fiber: Fiber, x: Arith, width: number): Promise<Bits> {
    return a2b(this, this.#state, fiber, x, width);
  }

  b2a(fiber: Fiber, x: Bits): Promise<Arith> {
    return b2a(this, this.#state, fiber, x);
  }

  bit2a(fiber: Fiber, x: Bits): Promise<Arith> {
    return bit2a(this.#state, fiber, x);
  }

  msbS(fiber: Fiber, x: Arith): Promise<Bits> {
    return msbS(this, this.#state, fiber, x);
  }

  eqzS(fiber: Fiber, x: Arith): Promise<Bits> {
    return eqzS(this, this.#state, fiber, x);
  }

  async randomA(fiber: Fiber, length: number): Promise<Arith> {
    return arith(length, this.#draw(fiber, length));
  }

  async randomB(fiber: Fiber, length: number, width: number): Promise<Bits> {
    return bits(length, width, this.#draw(fiber, width * planeWords(length)));
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
  }

  #draw(fiber: Fiber, count: number): Words[] {
    const { seeds } = this.#state;
    return [seeds.own(fiber).words(count), seeds.next(fiber).words(count)];
  }

  async #truncated(fiber: Fiber, summand: Words, truncation: Truncation): Promise<Arith> {
    // The summand may be used up below.
    const { length } = summand;
    const { parts } = await truncateSum(this.#state, fiber, summand, truncation);
    return rounded(length, parts);
  }
}
