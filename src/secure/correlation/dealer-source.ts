/** A member's side of the dealer: see dealer.ts, which states the protocol. */
import { DataError, invariant } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Channel } from '../../contracts/channel.ts';
import { evenCost } from '../cost.ts';
import type { Fiber } from '../fiber.ts';
import { type DrawObserver, SEED_BYTES, SharedSeed } from '../prg.ts';
import type { MatrixDims } from '../ring/matrix-dims.ts';
import type { Words } from '../sharing/shares.ts';
import { closed } from '../violations.ts';
import { frame, orderBody, PART_BYTES_MAX, readFrame } from './dealer-frames.ts';
import { MATMUL_PRODUCTS_MAX, ORDER_WORDS_MAX, type Order, recipeOf } from './recipes.ts';
import type {
  BitCrosses,
  BitMasks,
  BitProducts,
  CorrelationSource,
  DoubleBits,
  SourceCosts,
  Triples,
  TruncationMasks,
} from './source.ts';

/** A member's channel without the dealer, and the way to it. */
export interface DealerLink {
  readonly members: Channel;
  send(bytes: Uint8Array): Promise<void>;
  receive(): Promise<Uint8Array>;
}

/** Splits a channel of all members and a dealer. Ranks above the dealer's move down by one. */
export function linkToDealer(channel: Channel, dealer: number): DealerLink {
  invariant(
    dealer !== channel.rank && dealer >= 0 && dealer < channel.size,
    'a dealer that is no other member',
  );
  const outer = (rank: number): number => (rank < dealer ? rank : rank + 1);
  const { receivePieces } = channel;
  return {
    members: {
      rank: channel.rank < dealer ? channel.rank : channel.rank - 1,
      size: channel.size - 1,
      signal: channel.signal,
      binding: channel.binding,
      send: (to, message) => channel.send(outer(to), message),
      receive: (from) => channel.receive(outer(from)),
      ...(receivePieces && { receivePieces: (from) => receivePieces.call(channel, outer(from)) }),
    },
    send: (bytes) => channel.send(dealer, bytes),
    receive: () => channel.receive(dealer),
  };
}

/** Waits for the seed that the dealer gives this member. */
export async function openDealerSource(link: DealerLink, observe?: DrawObserver): Promise<CorrelationSource> {
  const received = readFrame(await link.receive(), 'seed', 0, 0, SEED_BYTES);
  const seed = new Uint8Array(received);
  received.fill(0);
  const { size } = link.members;
  return new DealerSource(link, new SharedSeed(seed, 'dealer', observe), size === 2 ? 'pair' : 'group');
}

/** Nothing crosses between members: each draws its shares, and the dealer's messages are outside of their rounds. */
export function dealerCosts(size: number): SourceCosts {
  const free = () => evenCost(size, 0, 0);
  return { mulTriples: free, matmulTriple: free, bitTriples: free, bitProducts: free, bitCrosses: free };
}

class DealerSource {
  readonly kind: 'pair' | 'group';
  readonly costs: SourceCosts;
  readonly #link: DealerLink;
  readonly #seed: SharedSeed;
  readonly #rank: number;
  readonly #isLast: boolean;
  readonly #known = new Set<Fiber>();
  #orders = 0;
  #sending: Promise<void> = Promise.resolve();
  #receiving: Promise<unknown> = Promise.resolve();
  #destroyed = false;

  constructor(link: DealerLink, seed: SharedSeed, kind: 'pair' | 'group') {
    const { rank, size } = link.members;
    this.kind = kind;
    this.#link = link;
    this.#seed = seed;
    this.#rank = rank;
    this.#isLast = rank === size - 1;
    this.costs = dealerCosts(size);
  }

  async mulTriples(fiber: Fiber, count: number): Promise<Triples> {
    const [a, b, c] = await this.#inPieces(fiber, count, (piece) => ({ kind: 'mul', sizes: [piece] }));
    return { a: a as Words, b: b as Words, c: c as Words };
  }

  async matmulTriple(fiber: Fiber, { batch, rows, inner, columns }: MatrixDims): Promise<Triples> {
    if (batch * rows * inner * columns > MATMUL_PRODUCTS_MAX)
      throw new DataError(
        'PRIVITY_SECURE_LIMIT',
        `A matrix product of ${batch} × [${rows}, ${inner}] · [${inner}, ${columns}] takes more than ${MATMUL_PRODUCTS_MAX} multiplications, which is the limit with a dealer. Cut it into several.`,
      );
    const [a, b, c] = await this.#deal(fiber, { kind: 'matmul', sizes: [batch, rows, inner, columns] });
    return { a: a as Words, b: b as Words, c: c as Words };
  }

  async bitTriples(fiber: Fiber, words: number): Promise<Triples> {
    const [a, b, c] = await this.#inPieces(fiber, words, (piece) => ({ kind: 'and', sizes: [piece] }));
    return { a: a as Words, b: b as Words, c: c as Words };
  }

  async bitProducts(fiber: Fiber, count: number): Promise<BitProducts> {
    const [first, second, products] = await this.#inPieces(fiber, count, (piece) => ({
      kind: 'bitProducts',
      sizes: [piece],
    }));
    return { bits: (this.#rank === 0 ? first : second) as Words, products: products as Words };
  }

  async bitCrosses(fiber: Fiber, words: number): Promise<BitCrosses> {
    const [first, second, products] = await this.#inPieces(fiber, words, (piece) => ({
      kind: 'bitCrosses',
      sizes: [piece],
    }));
    return { bits: (this.#rank === 0 ? first : second) as Words, products: products as Words };
  }

  async bitMasks(fiber: Fiber, count: number): Promise<BitMasks> {
    const [bits, numbers] = await this.#inPieces(fiber, count, (piece) => ({
      kind: 'bitMasks',
      sizes: [piece],
    }));
    return { bits: bits as Words, numbers: numbers as Words };
  }

  async truncationMasks(
    fiber: Fiber,
    count: number,
    by: number,
    withBits: boolean,
  ): Promise<TruncationMasks> {
    const [r, shifted, top, numbers] = await this.#inPieces(fiber, count, (piece) => ({
      kind: 'truncation',
      sizes: [piece, by, withBits ? 2 : 1],
    }));
    return {
      numbers: (withBits ? numbers : r) as Words,
      shifted: shifted as Words,
      top: top as Words,
      bits: withBits ? r : undefined,
    };
  }

  async doubleBits(fiber: Fiber, count: number): Promise<DoubleBits> {
    const [bits, numbers] = await this.#inPieces(fiber, count, (piece) => ({
      kind: 'doubleBits',
      sizes: [piece],
    }));
    return { bits: bits as Words, numbers: numbers as Words };
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#seed.destroy();
    this.#known.clear();
    const end = this.#send(frame('end', 0, 0, new Uint8Array()));
    void ignored(end, 'the dealer may be gone already, and its own run ends it otherwise');
  }

  /** Cut where the pieces of every part are whole words of planes. */
  async #inPieces(
    fiber: Fiber,
    count: number,
    order: (piece: number) => Order,
  ): Promise<(Words | undefined)[]> {
    const pieces = Array.from({ length: Math.ceil(count / ORDER_WORDS_MAX) }, (_, index) =>
      Math.min(ORDER_WORDS_MAX, count - index * ORDER_WORDS_MAX),
    );
    const dealt = await Promise.all(pieces.map((piece) => this.#deal(fiber, order(piece))));
    const [first] = dealt;
    if (dealt.length === 1 && first !== undefined) return first;
    return (first ?? []).map((_, part) => joined(dealt.map((parts) => parts[part])));
  }

  /** Shares of all parts of the recipe. What is drawn is drawn at once, so that calls in a row draw in their order. */
  async #deal(fiber: Fiber, order: Order): Promise<(Words | undefined)[]> {
    const recipe = recipeOf(order);
    invariant(recipe !== undefined, 'a dealer was asked for impossible sizes');
    if (this.#destroyed) throw closed();
    const stream = this.#seed.of(fiber);
    const { drawn } = stream;
    const random = recipe.random.map(({ words, holder }) =>
      holder === undefined || holder === this.#rank ? stream.words(words) : undefined,
    );
    if (!this.#isLast) return [...random, ...recipe.dependent.map(({ words }) => stream.words(words))];
    const sizes = recipe.dependent.map(({ words }) => words);
    return [...random, ...(await this.#order(fiber, order, drawn, sizes))];
  }

  /** Sends an order and waits for its turn to receive. */
  #order(fiber: Fiber, order: Order, drawn: number, sizes: readonly number[]): Promise<Words[]> {
    const number = this.#orders++;
    if (!this.#known.has(fiber)) {
      this.#known.add(fiber);
      fiber.onEnd(() => this.#forget(fiber));
    }
    const sent = this.#send(frame('order', number, 0, orderBody(order, { path: fiber.path, drawn })));
    const received = this.#receiving.then(() => this.#receive(number, sizes));
    this.#receiving = ignored(received, 'who ordered hears it; others wait for their turn only');
    return Promise.all([received, sent]).then(([corrections]) => corrections);
  }

  async #receive(number: number, sizes: readonly number[]): Promise<Words[]> {
    const corrections: Words[] = [];
    let part = 0;
    for (const words of sizes) {
      const correction = new BigUint64Array(words);
      const bytes = new Uint8Array(correction.buffer);
      for (let at = 0; at < bytes.byteLength; at += PART_BYTES_MAX) {
        const want = Math.min(PART_BYTES_MAX, bytes.byteLength - at);
        bytes.set(readFrame(await this.#link.receive(), 'correction', number, part++, want), at);
      }
      corrections.push(correction);
    }
    return corrections;
  }

  #forget(fiber: Fiber): void {
    if (!this.#known.delete(fiber) || this.#destroyed) return;
    const release = this.#send(frame('release', 0, 0, Buffer.from(fiber.path)));
    void ignored(release, 'the dealer forgets it at the end of the session, too');
  }

  /** One after the other, so that the dealer hears orders in their order. */
  #send(bytes: Uint8Array): Promise<void> {
    const sent = this.#sending.then(() => this.#link.send(bytes));
    this.#sending = ignored(sent, 'its sender hears it; others wait for their turn only');
    return sent;
  }
}

function joined(pieces: readonly (Words | undefined)[]): Words | undefined {
  const present = pieces.filter((piece) => piece !== undefined);
  if (present.length === 0) return undefined;
  const out = new BigUint64Array(present.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of present) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
