/**
 * Keeps the events of a party in the order in which they happened: the failure of its own program becomes known at
 * once, what a person is told of it a little later, and what follows from it must not stand before it.
 */
import type { Clock, Timer } from '../../contracts/clock.ts';
import type { RunEvent } from '../../observe/events.ts';

/** How long events wait for the details of a failure: they come after 25 ms, unless the program is busy. */
export const DETAIL_WAIT_MS = 250;
/** Events that wait at once: a party that ends says far fewer in that time. */
export const WAITING_EVENTS_MAX = 1_000;

interface Place {
  /** Undefined while the details of the failure that stands here are under way. */
  event: RunEvent | undefined;
  readonly incident: string | undefined;
}

export class EventsInOrder {
  readonly #clock: Clock;
  readonly #onPut: (event: RunEvent) => void;
  readonly #onEvent: (event: RunEvent) => void;
  #places: Place[] = [];
  #timer: Timer | undefined;

  /** @param onPut told of every event at once, in whatever order */
  constructor(clock: Clock, onPut: (event: RunEvent) => void, onEvent: (event: RunEvent) => void) {
    this.#clock = clock;
    this.#onPut = onPut;
    this.#onEvent = onEvent;
  }

  /** The failure has happened now; its event will come. */
  awaits(incident: string): void {
    this.#places.push({ event: undefined, incident });
    this.#timer ??= this.#clock.after(DETAIL_WAIT_MS, () => this.#release());
  }

  put(event: RunEvent): void {
    this.#onPut(event);
    const { event: kind } = event;
    const place = kind === 'failure' ? this.#placeOf(event.incident) : undefined;
    if (place !== undefined) place.event = event;
    else this.#places.push({ event, incident: undefined });
    // Once everything is given back there is nothing to wait for.
    if (kind === 'reclaimed' || this.#places.length > WAITING_EVENTS_MAX) this.#release();
    else this.#tell();
  }

  #placeOf(incident: string): Place | undefined {
    return this.#places.find((place) => place.event === undefined && place.incident === incident);
  }

  /** A failure whose details have not come is told when they do. */
  #release(): void {
    this.#places = this.#places.filter(({ event }) => event !== undefined);
    this.#tell();
  }

  #tell(): void {
    for (let first = this.#places[0]; first?.event !== undefined; first = this.#places[0]) {
      this.#places.shift();
      this.#onEvent(first.event);
    }
    if (this.#places.length > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
