/** Which fibers of a session have ended, by their paths alone: what a dealer, who has no fibers, goes by. */
import { violation } from './dealer-frames.ts';

/** The last fork of a parent, and of its children those that have ended. */
interface Fork {
  readonly fork: number;
  readonly ended: Set<number>;
}

/**
 * All children of a fork end before their parent forks again (fiber.ts). So of each parent the last fork is enough to
 * know every fiber that was ever there for ended, and what is kept is as much as lives at once.
 */
export class EndedFibers {
  readonly #forks = new Map<string, Fork>();
  readonly #max: number;

  /** @param max forks at once, and children of one */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Takes a fiber for alive, and those for ended that cannot be beside it.
   * @throws {PeerError} PRIVITY_DEALER_PROTOCOL if it has ended
   */
  requireLive(path: string): void {
    for (const { parent, fork, index } of levelsOf(path)) {
      const last = this.#forks.get(parent);
      if (last === undefined || fork > last.fork) {
        this.#forget(parent);
        if (this.#forks.size >= this.#max) throw violation('more concurrent operations than a dealer takes');
        this.#forks.set(parent, { fork, ended: new Set() });
      } else if (fork < last.fork || last.ended.has(index)) {
        throw violation('an order for an operation that has ended');
      }
    }
  }

  end(path: string): void {
    const level = levelsOf(path).at(-1);
    if (level === undefined) return;
    const last = this.#forks.get(level.parent);
    if (last?.fork !== level.fork) return;
    if (last.ended.size >= this.#max) throw violation('more operations at once than a dealer takes');
    last.ended.add(level.index);
    this.#forget(path);
  }

  /** Of a fiber whose forks, as far as they are known, have ended. */
  #forget(path: string): void {
    for (const parent of this.#forks.keys())
      if (parent === path || parent.startsWith(`${path}/`)) this.#forks.delete(parent);
  }
}

/** One way to write each number, exact as such. */
const LEVEL = /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})$/;

/** '/2.0/1.3': fork 2 of '', its child 0; fork 1 of '/2.0', its child 3. */
function levelsOf(
  path: string,
): readonly { readonly parent: string; readonly fork: number; readonly index: number }[] {
  const parts = path.split('/').slice(1);
  return parts.map((part, depth) => {
    const [, fork, index] = LEVEL.exec(part) ?? [];
    if (fork === undefined || index === undefined) throw violation('a path that is none');
    const parent = ['', ...parts.slice(0, depth)].join('/');
    return { parent, fork: Number(fork), index: Number(index) };
  });
}
