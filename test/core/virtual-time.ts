/** Virtual time: what is due, in the order in which it is due; what is due at one moment, in random order. */
import { type Due, DueHeap } from '../../src/simulation/due-heap.ts';

export class VirtualTime {
  readonly #heap = new DueHeap<Due & { readonly run: () => void }>();
  readonly #tie: () => number;
  now = 0;

  constructor(tie: () => number) {
    this.#tie = tie;
  }

  at(moment: number, run: () => void): void {
    this.#heap.add({ at: Math.max(moment, this.now), order: this.#tie(), run });
  }

  /** Lets the next thing happen. @returns false when nothing is due before `until` */
  next(until: number): boolean {
    const { first } = this.#heap;
    if (first === undefined || first.at > until) return false;
    this.#heap.take();
    this.now = first.at;
    first.run();
    return true;
  }
}
