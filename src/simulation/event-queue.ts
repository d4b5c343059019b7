/** What is going to happen in the simulated world: by time, and by order of entry at equal times. */
import { type Due, DueHeap } from './due-heap.ts';

/** A process of the simulated world, as far as its events know. */
export interface EventOwner {
  happen(event: WorldEvent): void;
}

export interface WorldEvent extends Due {
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
  /**
   * Node should be given a turn of its event loop: it reports a promise that a job has left unhandled only then. A turn
   * costs more than an event, so not after each; before a program is through in any case.
   */
  isTurnDue = false;
  #now = 0;
  #programEvents = 0;
  readonly #heap = new DueHeap<WorldEvent>();
  #order = 0;

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  jobsRan(): void {
    if (++this.#programEvents % EVENTS_PER_TURN === 0) this.isTurnDue = true;
  }

  /** Adds something that happens at that time, or now if the time has passed. */
  at(time: number, owner: EventOwner | null, run: () => void, isTimer = false): WorldEvent {
    const at = Math.max(time, this.now);
    const event = { at, order: this.#order++, owner, run, isTimer, cancelled: false };
    this.#heap.add(event);
    return event;
  }

  /** When the next event is due. */
  get dueAt(): number | undefined {
    while (this.#heap.first?.cancelled) this.#heap.take();
    return this.#heap.first?.at;
  }

  /** Takes the next event out; the world's time is then its time. */
  next(): WorldEvent | undefined {
    if (this.dueAt === undefined) return undefined;
    const event = this.#heap.take();
    if (event) this.#now = event.at;
    return event;
  }
}
