/** Ends a gate that nobody needs: no node has been attached to it for a while, and no connection goes through it. */
import type { Clock, Timer } from '../../contracts/index.ts';

export interface AloneParts {
  readonly clock: Clock;
  readonly aloneMs: number;
  readonly connections: () => number;
  readonly end: () => void;
}

export class Alone {
  readonly #parts: AloneParts;
  #nodes = 0;
  #timer: Timer | undefined;

  constructor(parts: AloneParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** A node has attached itself. */
  came(): void {
    this.#nodes += 1;
    this.#timer?.cancel();
  }

  /** One has gone. */
  left(): void {
    this.#nodes -= 1;
    if (this.#nodes === 0) this.#wait();
  }

  #wait(): void {
    const { clock, aloneMs, connections, end } = this.#parts;
    this.#timer?.cancel();
    this.#timer = clock.after(aloneMs, () => {
      if (connections() === 0) end();
      else this.#wait();
    });
  }
}
