/**
 * The plaintext twin: what every protocol has to compute, with nothing hidden. A share is the value itself, at every
 * member.
 *
 * Reference: none; this is the specification. Security: none. Needs: a common source of coins. Parties: any number.
 * Flow: an owner tells its value to all; everything else is local. Cost: 8 bytes an element and other member to share,
 *   nothing else.
 */
import { invariant } from '../../../base/errors.ts';
import type { Fiber } from '../../fiber.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { SharedSeed } from '../../prg.ts';
import type { MatrixLayout } from '../../ring/matrix-dims.ts';
import { gather, productLength } from '../../sharing/linear.ts';
import { type Arith, arith, type Bits, bits, planeWords, type Words } from '../../sharing/shares.ts';
import { agree } from '../agree.ts';
import { lowBits } from '../circuits.ts';
import { inverseOf, packed, packedLength, permutationFrom, unpacked } from '../permutation.ts';
import type { BitsPair, KeptShuffle, Protocol, ProtocolCosts, ProtocolSetting } from '../protocol.ts';
import { refCosts } from './costs.ts';

/** Opens the twin; see {@link Protocol}. */
export async function openRef(setting: ProtocolSetting): Promise<Protocol> {
  const { fiber, random, kernels, agreement, binding, observe } = setting;
  const { common, with: pairs } = await agree(fiber, random, agreement, binding);
  for (const unused of pairs) unused.fill(0);
  return new RefProtocol(fiber.rank, fiber.size, kernels, new SharedSeed(common, 'common', observe));
}

class RefProtocol implements Protocol {
  readonly name = 'ref';
  readonly rank: number;
  readonly size: number;
  readonly costs: ProtocolCosts;
  readonly kernels: Kernels;
  readonly #coins: SharedSeed;

  constructor(rank: number, size: number, kernels: Kernels, coins: SharedSeed) {
    this.rank = rank;
    this.size = size;
    this.kernels = kernels;
    this.costs = refCosts(size);
    this.#coins = coins;
  }

  async shareA(fiber: Fiber, owner: number, length: number, words: Words | undefined): Promise<Arith> {
    return arith(length, [await tell(fiber, 'shareA', owner, length, words)]);
  }

  async shareB(
    fiber: Fiber,
    owner: number,
    length: number,
    width: number,
    planes: Words | undefined,
  ): Promise<Bits> {
    return bits(length, width, [await tell(fiber, 'shareB', owner, width * planeWords(length), planes)]);
  }

  publicA(words: Words): Arith {
    return arith(words.length, [words]);
  }

  publicB(length: number, width: number, planes: Words): Bits {
    return bits(length, width, [planes]);
  }

  async openA(fiber: Fiber, x: Arith, to?: number): Promise<Words | undefined> {
    return to === undefined || to === fiber.rank ? value(x) : undefined;
  }

  async openB(fiber: Fiber, x: Bits, to?: number): Promise<Words | undefined> {
    return to === undefined || to === fiber.rank ? value(x) : undefined;
  }

  async mulSS(_fiber: Fiber, x: Arith, y: Arith): Promise<Arith> {
    return this.#make(x.length, (out) => this.kernels.mul(out, value(x), value(y)));
  }

  async matmulSS(_fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout): Promise<Arith> {
    return this.#make(productLength(layout), (out) =>
      this.kernels.matmul(out, value(x), value(y), layout, false),
    );
  }

  async mulTruncSS(fiber: Fiber, x: Arith, y: Arith, by: number): Promise<Arith> {
    return this.truncS(fiber, await this.mulSS(fiber, x, y), by);
  }

  async matmulTruncSS(fiber: Fiber, x: Arith, y: Arith, layout: MatrixLayout, by: number): Promise<Arith> {
    return this.truncS(fiber, await this.matmulSS(fiber, x, y, layout), by);
  }

  truncS(fiber: Fiber, x: Arith, by: number): Promise<Arith> {
    return this.truncExactS(fiber, x, by);
  }

  async truncExactS(_fiber: Fiber, x: Arith, by: number): Promise<Arith> {
    return this.#make(x.length, (out) => {
      const signed = new BigInt64Array(value(x).buffer, value(x).byteOffset, x.length);
      for (let i = 0; i < out.length; i++) out[i] = BigInt.asUintN(64, (signed[i] as bigint) >> BigInt(by));
    });
  }

  async andSS(_fiber: Fiber, pairs: readonly BitsPair[]): Promise<readonly Bits[]> {
    return pairs.map(([x, y]) => {
      const out = new BigUint64Array(value(x).length);
      this.kernels.and(out, value(x), value(y));
      return bits(x.length, x.width, [out]);
    });
  }

  async a2b(_fiber: Fiber, x: Arith, width: number): Promise<Bits> {
    const planes = new BigUint64Array(width * planeWords(x.length));
    this.kernels.toPlanes(planes, value(x), lowBits(width));
    return bits(x.length, width, [planes]);
  }

  async b2a(_fiber: Fiber, x: Bits): Promise<Arith> {
    return this.#make(x.length, (out) => this.kernels.fromPlanes(out, value(x), x.width));
  }

  async bit2a(fiber: Fiber, x: Bits): Promise<Arith> {
    return this.b2a(fiber, x);
  }

  async msbS(_fiber: Fiber, x: Arith): Promise<Bits> {
    return this.#decide(x, (element) => element >> 63n === 1n);
  }

  async eqzS(_fiber: Fiber, x: Arith): Promise<Bits> {
    return this.#decide(x, (element) => element === 0n);
  }

  async randomA(fiber: Fiber, length: number): Promise<Arith> {
    return arith(length, [this.#coins.of(fiber).words(length)]);
  }

  async randomB(fiber: Fiber, length: number, width: number): Promise<Bits> {
    return bits(length, width, [this.#coins.of(fiber).words(width * planeWords(length))]);
  }

  async shuffleS(fiber: Fiber, columns: readonly Arith[]): Promise<readonly Arith[]> {
    return (await this.shuffleKeptS(fiber, columns)).columns;
  }

  async shuffleKeptS(fiber: Fiber, columns: readonly Arith[]): Promise<KeptShuffle> {
    const [first] = columns;
    invariant(first !== undefined, 'a shuffle of no column');
    const permutation = permutationFrom(this.#coins.of(fiber), first.length);
    const back = inverseOf(permutation);
    return {
      columns: columns.map((x) => gather(x, permutation)),
      undo: async (_fiber, moved) => moved.map((x) => gather(x, back)),
    };
  }

  async permuteByS(
    fiber: Fiber,
    columns: readonly Arith[],
    owner: number,
    order: Uint32Array | undefined,
  ): Promise<readonly Arith[]> {
    const { length } = columns[0] as Arith;
    const told = await tell(fiber, 'permuteByS', owner, packedLength(length), order && packed(order));
    const permutation = unpacked(told, length);
    return columns.map((x) => gather(x, permutation));
  }

  destroy(): void {
    this.#coins.destroy();
  }

  #make(length: number, work: (out: Words) => void): Arith {
    const out = new BigUint64Array(length);
    work(out);
    return arith(length, [out]);
  }

  #decide(x: Arith, predicate: (element: bigint) => boolean): Bits {
    const plane = new BigUint64Array(planeWords(x.length));
    value(x).forEach((element, i) => {
      if (predicate(element)) plane[i >> 6] = (plane[i >> 6] as bigint) | (1n << BigInt(i & 63));
    });
    return bits(x.length, 1, [plane]);
  }
}

function value(x: Arith | Bits): Words {
  return x.parts[0] as Words;
}

async function tell(
  fiber: Fiber,
  label: string,
  owner: number,
  count: number,
  words: Words | undefined,
): Promise<Words> {
  const own = fiber.rank === owner;
  const received = await fiber.exchange({
    label,
    outgoing: Array.from({ length: fiber.size }, (_, rank) =>
      own && rank !== owner && words !== undefined ? [words] : undefined,
    ),
    incoming: Array.from({ length: fiber.size }, (_, rank) => (!own && rank === owner ? 8 * count : 0)),
  });
  if (own) return words as Words;
  const bytes = received[owner] as Uint8Array;
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, count);
}
