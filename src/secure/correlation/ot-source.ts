/**
 * Correlated randomness of two members without a dealer, by oblivious transfer: each is sender in one direction and
 * receiver in the other.
 *
 * Reference: base-ot.ts, punctured-trees.ts, ot-extension.ts and gilboa.ts name theirs; bit triples from random OTs:
 * Asharov, Lindell, Schneider and Zohner, More Efficient Oblivious Transfer, ACM CCS 2013,
 * https://doi.org/10.1145/2508859.2516738, section 5.1.
 * Differences: b of a triple is the random choices of the own OTs, so no choice is ever sent; in matrices one choice
 *   serves a whole row.
 * Security: semi-honest adversary that corrupts one of the two; assumptions as in those modules.
 * Needs: a fiber between the two. Every call is a few exchanges on the fiber of the caller.
 * Flow: a_i·b_j of different members comes from the OTs in which member i sends and j receives; c_i = a_i·b_i plus the
 *   shares of both.
 *       Bits: an OT with pads m0, m1 and choice c is a product already: a = m0 ^ m1, b = c, with shares m0 and m_c.
 *       An extension of at most OT_BATCH_MAX OTs travels together with the corrections of the products of the extension
 *       before.
 * Cost: three rounds to start, 8224 bytes each; then ot-costs.ts: for each multiplication triple 508 bytes by each
 *       member (trees of 4 bits), for each 64 bit triples 248, one round for every 2048 and one more.
 */
import type { Random } from '../../contracts/random.ts';
import type { Fiber } from '../fiber.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { type DrawObserver, SEED_BYTES, SharedSeed } from '../prg.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import { productLength } from '../sharing/linear.ts';
import { planeWords, type Words } from '../sharing/shares.ts';
import { receiveBitProducts, sendBitProducts } from './bit-products.ts';
import { PRODUCT_WORDS } from './gilboa.ts';
import { bitBatches, matrixPlan, otCosts, productBatches } from './ot-costs.ts';
import type { ReceivedOts, SentOts, TreeBits } from './ot-extension.ts';
import type { OtKernels } from './ot-kernel-types.ts';
import { loadOtKernels } from './ot-kernels.ts';
import { OtPair, type OtWork } from './ot-pair.ts';
import type { BitCrosses, BitProducts, PairSource, SourceCosts, Triples } from './source.ts';

/** What one member may set; the same at both. */
export interface OtSourceOptions {
  readonly fiber: Fiber;
  readonly random: Random;
  readonly kernels: Kernels;
  readonly observe?: DrawObserver | undefined;
  /** Of the channel; goes into every key. */
  readonly binding?: Uint8Array | undefined;
  /** Default: WebAssembly where it is there, otherwise TypeScript. */
  readonly inner?: OtKernels;
  /** Default 4: half the bytes of 2; 8 saves another quarter, for eight times the work. */
  readonly treeBits?: TreeBits;
}

/** Factors of the sender and places of the results, by factor of the receiver and repetition. */
interface Places {
  readonly entries: number;
  readonly times: number;
  factorOf(entry: number, repetition: number): number;
  resultOf(entry: number, repetition: number): number;
}

export async function openOtSource(options: OtSourceOptions): Promise<PairSource> {
  const { fiber, random, observe, treeBits = 4, binding } = options;
  const inner = options.inner ?? (await loadOtKernels());
  const pair = await OtPair.open({ fiber, random, treeBits, kernels: inner, observe, binding });
  const own = new SharedSeed(random.bytes(SEED_BYTES), 'own factors', observe);
  return new OtSource(pair, own, options.kernels, inner, otCosts(treeBits));
}

class OtSource implements PairSource {
  readonly kind = 'pair';
  readonly costs: SourceCosts;
  readonly #pair: OtPair;
  /** Where the factors come from that this member sends. */
  readonly #own: SharedSeed;
  readonly #kernels: Kernels;
  readonly #inner: OtKernels;

  constructor(pair: OtPair, own: SharedSeed, kernels: Kernels, inner: OtKernels, costs: SourceCosts) {
    this.#inner = inner;
    this.#pair = pair;
    this.#own = own;
    this.#kernels = kernels;
    this.costs = costs;
  }

  async mulTriples(fiber: Fiber, count: number): Promise<Triples> {
    const a = this.#own.of(fiber).words(count);
    const same = (entry: number): number => entry;
    const places = { entries: count, times: 1, factorOf: same, resultOf: same };
    const { choices: b, products } = await this.#products(fiber, a, count, places);
    const c = new BigUint64Array(count);
    this.#kernels.mul(c, a, b);
    this.#kernels.add(c, c, products);
    return { a, b, c };
  }

  async matmulTriple(fiber: Fiber, dims: MatrixDims): Promise<Triples> {
    const { batch, rows, inner, columns } = dims;
    const { choicesAreRight, entries, times } = matrixPlan(dims);
    const factors = this.#own.of(fiber).words(batch * inner * (choicesAreRight ? rows : columns));
    const places: Places = choicesAreRight
      ? {
          entries,
          times,
          factorOf: (entry, row) =>
            (Math.floor(entry / columns / inner) * rows + row) * inner +
            (Math.floor(entry / columns) % inner),
          resultOf: (entry, row) =>
            (Math.floor(entry / columns / inner) * rows + row) * columns + (entry % columns),
        }
      : {
          entries,
          times,
          factorOf: (entry, column) =>
            (Math.floor(entry / inner / rows) * inner + (entry % inner)) * columns + column,
          resultOf: (entry, column) => Math.floor(entry / inner) * columns + column,
        };
    const { choices, products } = await this.#products(fiber, factors, productLength(dims), places);
    const [a, b] = choicesAreRight ? [factors, choices] : [choices, factors];
    const c = new BigUint64Array(productLength(dims));
    this.#kernels.matmul(c, a, b, dims, false);
    this.#kernels.add(c, c, products);
    return { a, b, c };
  }

  async bitTriples(fiber: Fiber, words: number): Promise<Triples> {
    const [sent, received] = [bitsOf(words), bitsOf(words)];
    await this.#bits(fiber, 'bit triples', words, sent, received);
    const { bits: a, products: c } = sent;
    const { bits: b } = received;
    this.#kernels.xor(c, c, received.products);
    const own = new BigUint64Array(words);
    this.#kernels.and(own, a, b);
    this.#kernels.xor(c, c, own);
    return { a, b, c };
  }

  async bitCrosses(fiber: Fiber, words: number): Promise<BitCrosses> {
    const own = bitsOf(words);
    const sends = fiber.rank === 0;
    await this.#bits(fiber, 'bit crosses', words, sends ? own : undefined, sends ? undefined : own);
    return own;
  }

  async bitProducts(fiber: Fiber, count: number): Promise<BitProducts> {
    const words = planeWords(count);
    const products = new BigUint64Array(64 * words);
    const products32 = new Uint32Array(products.buffer);
    const sends = fiber.rank === 0;
    const bits = sends ? this.#own.of(fiber).words(words) : new BigUint64Array(words);
    const bits32 = new Uint32Array(bits.buffer, bits.byteOffset, 2 * words);
    await this.#pair.run(
      fiber,
      'bit products',
      bitBatches(64 * words).map(({ from, to, ots }) => {
        const shares = products32.subarray(2 * from, 2 * to);
        const correctionWords = 2 * (to - from);
        if (sends) {
          return {
            ots,
            correctionWords,
            sent: (sent) => sendBitProducts(bits32.subarray(from / 32), sent, shares),
          };
        }
        return {
          ots,
          correctionWords,
          received: ({ choices, pads }, corrections) => {
            bits32.set(choices.subarray(0, (to - from) / 32), from / 32);
            receiveBitProducts(choices, pads, corrections, shares);
          },
        };
      }),
    );
    return { bits, products: products.subarray(0, count) };
  }

  destroy(): void {
    this.#pair.destroy();
    this.#own.destroy();
  }

  /** Random OTs of bits: fills the bits and shares of the directions in which this member sends, and receives. */
  #bits(
    fiber: Fiber,
    label: string,
    words: number,
    sent: BitCrosses | undefined,
    received: BitCrosses | undefined,
  ): Promise<void> {
    const works = bitBatches(64 * words).map(({ from, to, ots }): OtWork => {
      const part = ({ bits, products }: BitCrosses) =>
        [bits, products].map((all) => new Uint32Array(all.buffer, from / 8, (to - from) / 32)) as [
          Uint32Array,
          Uint32Array,
        ];
      return {
        ots,
        correctionWords: 0,
        ...(sent === undefined ? {} : { sent: (made) => takeSent(made, ...part(sent)) }),
        ...(received === undefined ? {} : { received: (made) => takeReceived(made, ...part(received)) }),
      };
    });
    return this.#pair.run(fiber, label, works);
  }

  /** This member's choices, and the sum of its shares of the products in both directions. */
  async #products(
    fiber: Fiber,
    factors: Words,
    results: number,
    { entries, times, factorOf, resultOf }: Places,
  ): Promise<{ readonly choices: Words; readonly products: Words }> {
    const choices = new BigUint64Array(entries);
    const products = new BigUint64Array(results);
    await this.#pair.run(
      fiber,
      'multiplication triples',
      productBatches(entries, times).map(({ from, to, ots }) => {
        const count = (to - from) * times;
        const place = (list: Words, at: (entry: number, repetition: number) => number): Words => {
          const out = new BigUint64Array(count);
          for (let i = 0; i < count; i++)
            out[i] = list[at(from + Math.floor(i / times), i % times)] as bigint;
          return out;
        };
        const collect = (shares: Uint32Array): void => {
          const words = new BigUint64Array(shares.buffer);
          for (let i = 0; i < count; i++) {
            const at = resultOf(from + Math.floor(i / times), i % times);
            products[at] = BigInt.asUintN(64, (products[at] as bigint) + (words[i] as bigint));
          }
        };
        return {
          ots,
          correctionWords: count * PRODUCT_WORDS,
          sent: ({ zero, one }) => {
            const corrections = new Uint32Array(count * PRODUCT_WORDS);
            collect(
              this.#inner.sendProducts(
                new Uint32Array(place(factors, factorOf).buffer),
                zero,
                one,
                corrections,
              ),
            );
            return corrections;
          },
          received: (received, corrections) => {
            const chosen = new BigUint64Array(
              received.choices.buffer,
              received.choices.byteOffset,
              to - from,
            );
            choices.set(chosen, from);
            const repeated = new Uint32Array(place(choices, (entry) => entry).buffer);
            collect(this.#inner.receiveProducts(repeated, received.pads, corrections));
          },
        };
      }),
    );
    return { choices, products };
  }
}

function bitsOf(words: number): BitCrosses {
  return { bits: new BigUint64Array(words), products: new BigUint64Array(words) };
}

/** The sender's bit is m0 ^ m1, its share m0. */
function takeSent({ zero, one }: SentOts, bits: Uint32Array, products: Uint32Array): Uint32Array {
  for (let word = 0; word < bits.length; word++) {
    const m0 = lowestBits(zero, 32 * word);
    bits[word] = m0 ^ lowestBits(one, 32 * word);
    products[word] = m0;
  }
  return new Uint32Array();
}

/** The receiver's bit is its choice, its share the pad that it chose. */
function takeReceived({ choices, pads }: ReceivedOts, bits: Uint32Array, products: Uint32Array): void {
  bits.set(choices.subarray(0, bits.length));
  for (let word = 0; word < bits.length; word++) products[word] = lowestBits(pads, 32 * word);
}

/** The lowest bits of 32 pads from number `first` on, as one word. */
function lowestBits(pads: Uint32Array, first: number): number {
  let word = 0;
  for (let i = 0; i < 32; i++) word |= ((pads[2 * (first + i)] as number) & 1) << i;
  return word >>> 0;
}
