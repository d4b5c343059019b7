/**
 * A process of the simulated world: a clock of its own, and the right that things happen to it. What is due for a dead
 * process never happens; what is due for a frozen one waits until it goes on.
 */
import type { Clock, Timer } from '../contracts/clock.ts';
import type { EventLoop } from '../supervisor/seam/platform.ts';
import type { EventQueue, WorldEvent } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';

/** 1 January 2030, so that a date that comes from the real clock is seen at once. */
const WALL_TIME_ORIGIN = 1_893_456_000_000;

export type ProcessRole = 'supervisor' | 'program';

export class SimProcess implements EventLoop {
  readonly party: string;
  readonly role: ProcessRole;
  readonly random: SeededRandom;
  readonly clock: Clock;
  /** Called with what the code of this process throws outside of every promise. */
  onUncaught: (error: unknown) => void = () => {};
  readonly #queue: EventQueue;
  #isAlive = true;
  #lostPower = false;
  #frozen = 0;
  #timersOpen = 0;
  /** Timers that came due while it was frozen, and everything else that arrived. */
  readonly #dueTimers: WorldEvent[] = [];
  readonly #arrived: WorldEvent[] = [];
  #clockBase = 0;
  #clockSince = 0;
  #clockRate = 1;
  #wallOffset = 0;
  readonly #onDeath: (() => void)[] = [];

  constructor(party: string, role: ProcessRole, queue: EventQueue, random: SeededRandom) {
    this.party = party;
    this.role = role;
    this.random = random;
    this.#queue = queue;
    this.#clockSince = queue.now;
    this.clock = {
      now: () => this.#localNow(),
      wallTime: () => Math.round(WALL_TIME_ORIGIN + this.#queue.now + this.#wallOffset),
      // As Node's timers: whole milliseconds, one at least.
      after: (delayMs, callback) => this.#timer(Math.max(1, Math.trunc(delayMs)) / this.#clockRate, callback),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isFrozen(): boolean {
    return this.#frozen > 0;
  }

  /** Timers and callbacks that are still to come. */
  get timersOpen(): number {
    return this.#timersOpen;
  }

  later(callback: () => void): void {
    this.#timer(0, callback);
  }

  hold(delayMs: number, callback: () => void): Timer {
    return this.clock.after(delayMs, callback);
  }

  /** Something from outside reaches the process after a while: a frame, a message of the other process. */
  receive(delayMs: number, run: () => void): void {
    if (this.#isAlive) this.#queue.at(this.#queue.now + delayMs, this, run);
  }

  /** Something from outside reaches the process now. */
  take(run: () => void): void {
    this.happen({ at: 0, order: 0, owner: this, run, isTimer: false, cancelled: false });
  }

  /** Runs one event of its own. Whatever it throws is this process's matter. */
  happen(event: WorldEvent): void {
    if (!this.#isAlive) return;
    if (this.#frozen > 0) {
      (event.isTimer ? this.#dueTimers : this.#arrived).push(event);
      return;
    }
    if (this.role === 'program') this.#queue.jobsRan();
    try {
      event.run();
    } catch (error) {
      this.onUncaught(error);
    }
  }

  /** Stops until {@link thaw} has been called as often. */
  freeze(): void {
    this.#frozen++;
  }

  /** Goes on: first with the timers that came due meanwhile, then with what arrived, as an event loop does. */
  thaw(): void {
    if (this.#frozen === 0 || --this.#frozen > 0) return;
    const missed = [...this.#dueTimers.splice(0), ...this.#arrived.splice(0)];
    for (const event of missed) {
      if (!event.cancelled) this.#queue.at(this.#queue.now, this, () => !event.cancelled && event.run());
    }
  }

  /** Whether its host went with it, so that not even its kernel tells anyone. */
  get lostPower(): boolean {
    return this.#lostPower;
  }

  /** Ends for ever, at once, between two events. */
  die(lostPower = false): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#lostPower = lostPower;
    this.#dueTimers.length = 0;
    this.#arrived.length = 0;
    for (const callback of this.#onDeath.splice(0)) callback();
  }

  whenDead(callback: () => void): void {
    if (this.#isAlive) this.#onDeath.push(callback);
    else callback();
  }

  /** From now on its clock runs at `rate` times the speed of the world's. */
  drift(rate: number): void {
    this.#clockBase = this.#localNow();
    this.#clockSince = this.#queue.now;
    this.#clockRate = rate;
  }

  /** Somebody sets the time of day. Monotonic time is not touched by that, on any system. */
  jump(byMs: number): void {
    this.#wallOffset += byMs;
  }

  #localNow(): number {
    return this.#clockBase + (this.#queue.now - this.#clockSince) * this.#clockRate;
  }

  #timer(delayMs: number, callback: () => void): Timer {
    if (!this.#isAlive) return { cancel: () => {} };
    this.#timersOpen++;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.#timersOpen--;
      isOpen = false;
    };
    const due = (): void => {
      close();
      callback();
    };
    const event = this.#queue.at(this.#queue.now + delayMs, this, due, true);
    return {
      cancel: () => {
        event.cancelled = true;
        close();
      },
    };
  }
}
