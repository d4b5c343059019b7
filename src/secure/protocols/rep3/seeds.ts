import type { Fiber } from '../../fiber.ts';
import { type DrawObserver, type Prg, SharedSeed } from '../../prg.ts';
import type { PairSeeds } from '../agree.ts';

/**
 * The two streams of a member: `own` belongs to share index rank, which the previous member holds, too; `next` to index
 * rank + 1, which the next member holds. So what comes from the stream of an index may stand in the share of that
 * index.
 */
export class Rep3Seeds {
  readonly #own: SharedSeed;
  readonly #next: SharedSeed;

  constructor(rank: number, seeds: PairSeeds, observe: DrawObserver | undefined) {
    const seed = (peer: number): Uint8Array => seeds.with[peer] as Uint8Array;
    // This protocol draws nothing alone, and nothing that all know.
    for (const unused of [seed(rank), seeds.common]) unused.fill(0);
    this.#own = new SharedSeed(seed((rank + 2) % 3), `share ${rank}`, observe);
    this.#next = new SharedSeed(seed((rank + 1) % 3), `share ${(rank + 1) % 3}`, observe);
  }

  own(fiber: Fiber): Prg {
    return this.#own.of(fiber);
  }

  next(fiber: Fiber): Prg {
    return this.#next.of(fiber);
  }

  destroy(): void {
    this.#own.destroy();
    this.#next.destroy();
  }
}
