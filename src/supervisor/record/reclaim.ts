import type { Timer } from '../../contracts/index.ts';
import { RECLAIM_MS, RELEASE_MS } from '../seam/bounds.ts';
import type { EventLoop } from '../seam/platform.ts';

/**
 * Everything that a run holds, in the order in which it was acquired; released in the reverse order, whatever happens.
 * What could not be released is named in the report: a leftover is an error, not a detail.
 */
export interface Reclaimed {
  /** How many of each kind were released. */
  readonly items: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
}

interface Held {
  readonly kind: string;
  readonly name: string;
  release(): void | Promise<void>;
}

export class RunRecord {
  readonly #held: Held[] = [];
  readonly #released: Record<string, number> = {};
  readonly #leftovers: string[] = [];
  readonly #loop: Pick<EventLoop, 'clock' | 'hold'>;

  constructor(loop: Pick<EventLoop, 'clock' | 'hold'>) {
    this.#loop = loop;
  }

  /** `name` says which one in a report: a path, a port, a process id. */
  hold(kind: string, name: string, release: () => void | Promise<void>): void {
    this.#held.push({ kind, name, release });
  }

  /** Counts things that another process has released, and that it has told of. */
  count(items: Readonly<Record<string, number>>): void {
    for (const [kind, n] of Object.entries(items)) this.#released[kind] = (this.#released[kind] ?? 0) + n;
  }

  leftover(what: string): void {
    this.#leftovers.push(what);
  }

  async releaseAll(): Promise<Reclaimed> {
    const deadline = this.#loop.clock.now() + RECLAIM_MS;
    for (let held = this.#held.pop(); held; held = this.#held.pop()) {
      const { kind, name } = held;
      try {
        const left = Math.max(0, deadline - this.#loop.clock.now());
        await this.#withTimeout(held.release(), Math.min(RELEASE_MS, left));
        this.count({ [kind]: 1 });
      } catch (error) {
        this.leftover(`${kind} ${name}: ${error instanceof Error ? error.message : 'could not be released'}`);
      }
    }
    return { items: { ...this.#released }, leftovers: [...this.#leftovers] };
  }

  async #withTimeout(work: void | Promise<void>, ms: number): Promise<void> {
    if (!work) return;
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#loop.hold(ms, () => reject(new Error(`not released within ${Math.round(ms)} ms`)));
    });
    try {
      await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }
}
