/**
 * Whether the program process holds more memory than it may. Watched from outside: a process that collects garbage does
 * not answer.
 */
import type { Timer } from '../../contracts/index.ts';
import type { EventLoop } from '../seam/platform.ts';

/** How often it is looked at. A program that fills memory as fast as it can gets 2 GB further between two looks. */
const LOOK_MS = 200;

export interface MemoryWatchOptions {
  readonly loop: Pick<EventLoop, 'clock'>;
  readonly memoryMaxBytes: number;
  /** What the process and those that it has started hold; undefined where nobody can tell. */
  readonly used: () => number | undefined;
  /** Called once. */
  readonly exceeded: (usedBytes: number) => void;
}

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #timer: Timer | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { loop, memoryMaxBytes, used, exceeded } = this.#options;
    this.#timer = loop.clock.after(LOOK_MS, () => {
      const bytes = used();
      if (bytes === undefined) return;
      if (bytes > memoryMaxBytes) exceeded(bytes);
      else this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
