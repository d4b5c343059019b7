/**
 * The dealer: a party that holds no data and takes no part in computing, and hands out correlated randomness.
 *
 * Reference: Beaver, Commodity-Based Cryptography, STOC 1997, https://doi.org/10.1145/258533.258637; shares from seeds
 * as in Smart and Tanguy, TaaS, CCSW 2019, https://eprint.iacr.org/2019/957.
 * Differences: each fiber of the computation has a stream of its own under each seed; the last member alone asks and is
 *   answered.
 * Security: the dealer is trusted to follow the protocol and to collude with nobody: together with any one member it
 * learns every input. What it sees itself is sizes, kinds and order of the operations. AES-128 a pseudorandom function.
 * Needs: a channel to every member; randomness of the operating system.
 * Flow: the dealer gives every member a seed; members draw their shares from it; for what depends on random parts the
 *       last member sends the dealer an order, and gets the difference between the value and the shares of the others.
 * Cost: 32 bytes to each member; then for each order 48 bytes and the path, and `correctionWords` words in parts with
 *       16 bytes of header, in half a round trip that the members' rounds do not contain.
 */
import { invariant } from '../../base/errors.ts';
import type { Channel } from '../../contracts/channel.ts';
import type { Random } from '../../contracts/random.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { fiberStream, type Prg, SEED_BYTES } from '../prg.ts';
import { release } from '../release.ts';
import type { Words } from '../sharing/shares.ts';
import { blaming } from '../violations.ts';
import { frame, PART_BYTES_MAX, type Place, readMemberMessage, violation } from './dealer-frames.ts';
import { EndedFibers } from './ended-fibers.ts';
import { type Order, type Recipe, recipeOf } from './recipes.ts';

/** Fibers that may be alive at once: each costs the dealer a cipher for every member. */
const FIBERS_MAX = 1 << 16;

export interface DealerReport {
  readonly orders: number;
  readonly bytesSent: number;
}

/**
 * Serves until every member has ended its session.
 * @param channel all members and this dealer; members are in the order of their ranks, without the dealer's
 * @throws {PeerError} PRIVITY_DEALER_PROTOCOL
 */
export async function serveDealer(channel: Channel, random: Random, kernels: Kernels): Promise<DealerReport> {
  const members = Array.from({ length: channel.size }, (_, rank) => rank).filter(
    (rank) => rank !== channel.rank,
  );
  const dealer = new Dealer(channel, members, random, kernels);
  try {
    await dealer.open();
    await Promise.all(members.map((rank) => blaming(rank, dealer.serve(rank))));
    return dealer.report;
  } finally {
    dealer.destroy();
  }
}

class Dealer {
  readonly #channel: Channel;
  readonly #kernels: Kernels;
  readonly #members: readonly number[];
  readonly #seeds: readonly Uint8Array[];
  readonly #ended = new EndedFibers(FIBERS_MAX);
  readonly #streams = new Map<string, readonly Prg[]>();
  #orders = 0;
  #bytesSent = 0;

  constructor(channel: Channel, members: readonly number[], random: Random, kernels: Kernels) {
    this.#channel = channel;
    this.#kernels = kernels;
    this.#members = members;
    this.#seeds = members.map(() => random.bytes(SEED_BYTES));
  }

  get report(): DealerReport {
    return { orders: this.#orders, bytesSent: this.#bytesSent };
  }

  async open(): Promise<void> {
    await Promise.all(
      this.#members.map((rank, index) =>
        this.#send(rank, frame('seed', 0, 0, this.#seeds[index] as Uint8Array)),
      ),
    );
  }

  async serve(rank: number): Promise<void> {
    for (;;) {
      const message = readMemberMessage(await this.#channel.receive(rank));
      if (message.kind === 'end') return;
      if (rank !== this.#members.at(-1)) throw violation('an order of a member that may not ask');
      if (message.kind === 'release') {
        if (!this.#streams.has(message.path)) throw violation('the end of an operation that has not begun');
        this.#release(message.path);
        this.#ended.end(message.path);
      } else await this.#answer(rank, message.number, message.order, message.place);
    }
  }

  destroy(): void {
    for (const seed of this.#seeds) seed.fill(0);
    for (const path of [...this.#streams.keys()]) this.#release(path);
  }

  async #answer(rank: number, number: number, order: Order, { path, drawn }: Place): Promise<void> {
    if (number !== this.#orders++) throw violation('orders out of order');
    const recipe = recipeOf(order);
    if (recipe === undefined) throw violation('an order of impossible sizes');
    // The stream of a fiber that has ended would begin anew, and give the same words under another order.
    this.#ended.requireLive(path);
    const streams = this.#streamsOf(path);
    // Also where a stream was released too early, or is named wrongly: it would begin anew.
    if (streams.at(-1)?.drawn !== drawn) throw violation('an order for another place of a stream');
    let part = 0;
    for (const correction of this.#corrections(recipe, streams)) {
      const bytes = new Uint8Array(correction.buffer, correction.byteOffset, correction.byteLength);
      for (let at = 0; at < bytes.byteLength; at += PART_BYTES_MAX) {
        await this.#send(rank, frame('correction', number, part++, bytes.subarray(at, at + PART_BYTES_MAX)));
      }
    }
  }

  /**
   * What the last member's shares of the dependent parts are. Every stream is drawn from in the order in which its
   * member does.
   */
  #corrections(recipe: Recipe, streams: readonly Prg[]): readonly Words[] {
    const kernels = this.#kernels;
    const values = recipe.random.map(({ words, group, holder }) => {
      const value = new BigUint64Array(words);
      for (const [member, stream] of streams.entries()) {
        if (holder !== undefined && holder !== member) continue;
        if (group === 'sum') kernels.addRandom(value, stream);
        else kernels.xorRandom(value, stream);
      }
      return value;
    });
    const solved = recipe.solve(kernels, values);
    const corrections = solved.map((value, index) => {
      const group = recipe.dependent[index]?.group;
      const rest = value.slice();
      for (const stream of streams.slice(0, -1)) {
        if (group === 'sum') kernels.subRandom(rest, stream);
        else kernels.xorRandom(rest, stream);
      }
      return rest;
    });
    for (const secret of [...values, ...solved]) release(secret);
    return corrections;
  }

  #streamsOf(path: string): readonly Prg[] {
    const found = this.#streams.get(path);
    if (found !== undefined) return found;
    if (this.#streams.size >= FIBERS_MAX) throw violation('more concurrent operations than a dealer takes');
    const made = this.#seeds.map((seed, member) => fiberStream(seed, path, `dealer ${member}`));
    this.#streams.set(path, made);
    return made;
  }

  #release(path: string): void {
    for (const stream of this.#streams.get(path) ?? []) stream.destroy();
    this.#streams.delete(path);
  }

  async #send(rank: number, bytes: Uint8Array): Promise<void> {
    invariant(rank !== this.#channel.rank, 'a dealer does not send to itself');
    this.#bytesSent += bytes.byteLength;
    await this.#channel.send(rank, bytes);
  }
}
