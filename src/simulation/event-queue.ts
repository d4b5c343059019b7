/** What is going to happen in the simulated world, in order: a binary heap by time, and by order of entry at equal times. */

/** A process of the simulated world, as far as its events know. */
export interface EventOwner {
  happen(event: WorldEvent): void;
}

export interface WorldEvent {
  readonly at: number;
  readonly order: number;
  /** The process to which it happens: not at all once that is dead, later while it is frozen. Null: to the world. */
  readonly owner: EventOwner | null;
  readonly run: () => void;
  /** A process that goes on after a freeze runs its timers first. */
  readonly isTimer: boolean;
  cancelled: boolean;
}

/** Events of program processes between two turns. */
const EVENTS_PER_TURN = 16;

export class EventQueue {
  /** Milliseconds since the world began. */
  now = 0;
  /**
   * Node should be given a turn of its event loop: it reports a promise that a job has left unhandled only then. A turn costs more than
   * an event, so not after each; before a program is through in any case.
   */
  isTurnDue = false;
  #programEvents = 0;
  readonly #heap: WorldEvent[] = [];
  #order = 0;

  jobsRan(): void {
    if (++this.#programEvents % EVENTS_PER_TURN === 0) this.isTurnDue = true;
  }

  /** Adds something that happens at that time, or now if the time has passed. */
  at(time: number, owner: EventOwner | null, run: () => void, isTimer = false): WorldEvent {
    const at = Math.max(time, this.now);
    const event = { at, order: this.#order++, owner, run, isTimer, cancelled: false };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as WorldEvent;
      if (isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
    return event;
  }

  /** Takes the next event out; the world's time is then its time. */
  next(): WorldEvent | undefined {
    for (;;) {
      const event = this.#take();
      if (event?.cancelled) continue;
      if (event) this.now = event.at;
      return event;
    }
  }

  get size(): number {
    return this.#heap.length;
  }

  #take(): WorldEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right && isBefore(right, heap[child] as WorldEvent)) child++;
      const below = heap[child] as WorldEvent;
      if (isBefore(last, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: WorldEvent, b: WorldEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
