/**
 * Whether the program process answers. A program that computes without a pause does not, which is its right; the other parties
 * are told, so that they do not take its silence for a broken connection.
 */
import type { Clock, Timer } from '../contracts/index.ts';

/** How often the program is asked. */
const ASK_MS = 1_000;

export class Pulse {
  readonly #clock: Clock;
  readonly #ask: () => void;
  readonly #changed: (answers: boolean) => void;
  #timer: Timer | null = null;
  #open = false;
  #answers = true;

  constructor(clock: Clock, ask: () => void, changed: (answers: boolean) => void) {
    this.#clock = clock;
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Asks now and every second; a question that is open when the next is due means that the program is busy. */
  start(): void {
    this.#set(!this.#open);
    this.#open = true;
    this.#ask();
    this.#timer = this.#clock.after(ASK_MS, () => this.start());
  }

  answered(): void {
    this.#open = false;
    this.#set(true);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #set(answers: boolean): void {
    if (answers === this.#answers) return;
    this.#answers = answers;
    this.#changed(answers);
  }
}
