import type { Fiber } from '../../fiber.ts';
import { type DrawObserver, type Prg, SharedSeed } from '../../prg.ts';
import type { PairSeeds } from '../agree.ts';

/** The streams of a member: one in common with each other member, and one of its own. */
export class Semi2kSeeds {
  readonly #seeds: readonly SharedSeed[];
  readonly #rank: number;

  constructor(rank: number, seeds: PairSeeds, observe?: DrawObserver) {
    this.#rank = rank;
    this.#seeds = seeds.with.map((seed, other) => {
      const [low, high] = rank < other ? [rank, other] : [other, rank];
      return new SharedSeed(seed, other === rank ? `own ${rank}` : `pair ${low} ${high}`, observe);
    });
    seeds.common.fill(0);
  }

  /** In common with this member. */
  with(other: number, fiber: Fiber): Prg {
    return (this.#seeds[other] as SharedSeed).of(fiber);
  }

  own(fiber: Fiber): Prg {
    return this.with(this.#rank, fiber);
  }

  destroy(): void {
    for (const seed of this.#seeds) seed.destroy();
  }
}
