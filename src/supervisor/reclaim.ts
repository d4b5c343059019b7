import type { Timer } from '../contracts/index.ts';
import type { EventLoop } from './platform.ts';

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

/** How long the release of one thing may take before it is reported as left over. */
const RELEASE_TIMEOUT_MS = 2_000;

export class RunRecord {
  readonly #held: Held[] = [];
  readonly #released: Record<string, number> = {};
  readonly #leftovers: string[] = [];
  readonly #loop: Pick<EventLoop, 'hold'>;

  constructor(loop: Pick<EventLoop, 'hold'>) {
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
    for (let held = this.#held.pop(); held; held = this.#held.pop()) {
      const { kind, name } = held;
      try {
        await this.#withTimeout(held.release());
        this.count({ [kind]: 1 });
      } catch (error) {
        this.leftover(`${kind} ${name}: ${error instanceof Error ? error.message : 'could not be released'}`);
      }
    }
    return { items: { ...this.#released }, leftovers: [...this.#leftovers] };
  }

  async #withTimeout(work: void | Promise<void>): Promise<void> {
    if (!work) return;
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#loop.hold(RELEASE_TIMEOUT_MS, () =>
        reject(new Error(`not released within ${RELEASE_TIMEOUT_MS} ms`)),
      );
    });
    try {
      await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }
}
