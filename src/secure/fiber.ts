import { invariant } from '../base/errors.ts';

/** What a fiber needs of the multiplexer that it belongs to. */
interface Multiplexer {
  exchange(fiber: Fiber, exchange: Exchange): Promise<readonly Uint8Array[]>;
  forked(count: number): void;
  ended(): void;
  fail(error: unknown): void;
}

/**
 * One line of execution in a secure device: what it does happens in order; what its children do shares rounds.
 * Its path is the same at all members, and no two fibers of a session have the same.
 */
export class Fiber {
  readonly path: string;
  readonly rank: number;
  readonly size: number;
  /** The operation that traffic is counted under: the outermost that has begun. */
  operation: string | undefined;
  readonly #rounds: Multiplexer;
  readonly #endings: (() => void)[] = [];
  #forks = 0;
  #ended = false;

  constructor(rounds: Multiplexer, path: string, rank: number, size: number, operation: string | undefined) {
    this.#rounds = rounds;
    this.path = path;
    this.rank = rank;
    this.size = size;
    this.operation = operation;
  }

  /**
   * One round. Every member calls this for every round of the fiber, also with nothing to send or to receive.
   * Gives what came from each rank, at addresses that are multiples of 8.
   * @throws {PeerError} PRIVITY_SECURE_PROTOCOL if what comes does not have the announced form
   */
  async exchange(exchange: Exchange): Promise<readonly Uint8Array[]> {
    this.#requireLive();
    return this.#rounds.exchange(this, exchange);
  }

  /** Runs all at once; their rounds are shared. If one throws, the whole session fails. */
  async all<T>(parts: readonly ((fiber: Fiber) => Promise<T>)[]): Promise<T[]> {
    this.#requireLive();
    if (parts.length === 0) return [];
    const fork = this.#forks++;
    let left = parts.length;
    this.#rounds.forked(left);
    return Promise.all(
      parts.map(async (part, index) => {
        const child = new Fiber(
          this.#rounds,
          `${this.path}/${fork}.${index}`,
          this.rank,
          this.size,
          this.operation,
        );
        try {
          return await part(child);
        } catch (error) {
          this.#rounds.fail(error);
          throw error;
        } finally {
          child.#end();
          left--;
          // With the last child the parent goes on in its place.
          if (left > 0) this.#rounds.ended();
        }
      }),
    );
  }

  /** Counts the traffic of `run` under this name, unless a larger operation has begun already. */
  async as<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const outer = this.operation;
    this.operation = outer ?? operation;
    try {
      return await run();
    } finally {
      this.operation = outer;
    }
  }

  /**
   * Called once when the fiber has ended: releases what was made for it. Nothing is made for a fiber that has ended:
   * its streams would begin again with words that were drawn before.
   */
  onEnd(ending: () => void): void {
    this.#requireLive();
    this.#endings.push(ending);
  }

  #requireLive(): void {
    invariant(!this.#ended, 'a fiber was used after its end');
  }

  #end(): void {
    this.#ended = true;
    for (const ending of this.#endings.splice(0)) ending();
  }
}

/** What a fiber wants sent and expects, by rank. Own rank: undefined and 0. */
export interface Exchange {
  /** The same at all members; part of the digest. */
  readonly label: string;
  /** Not to be modified afterwards: the channel may still read it when the exchange is over. */
  readonly outgoing: readonly (readonly ArrayBufferView[] | undefined)[];
  /** Bytes expected of each member. */
  readonly incoming: readonly number[];
}
