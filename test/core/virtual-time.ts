/** Virtual time: what is due, in the order in which it is due; what is due at one moment, in random order. */
interface Due {
  readonly at: number;
  readonly tie: number;
  readonly run: () => void;
}

export class VirtualTime {
  readonly #heap: Due[] = [];
  readonly #tie: () => number;
  now = 0;

  constructor(tie: () => number) {
    this.#tie = tie;
  }

  at(moment: number, run: () => void): void {
    const heap = this.#heap;
    const due = { at: Math.max(moment, this.now), tie: this.#tie(), run };
    let place = heap.length;
    heap.push(due);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as Due;
      if (!isBefore(due, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = due;
  }

  /** Lets the next thing happen. @returns false when nothing is due before `until` */
  next(until: number): boolean {
    const [first] = this.#heap;
    if (first === undefined || first.at > until) return false;
    this.#removeFirst();
    this.now = first.at;
    first.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[place] = heap[child] as Due;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie);
}
