/** Events of a run for those who read them, early or late. */
import type { RunEvent } from '../observe/events.ts';

/** A reader that is further behind misses some. A run of a hundred steps at three parties has a tenth of it. */
const EVENTS_KEPT_MAX = 10_000;

export class KeptEvents {
  readonly #keptMax: number;
  readonly #kept: RunEvent[] = [];
  #dropped = 0;
  #isOver = false;
  #error: unknown;
  #wake: () => void = () => undefined;
  #news: Promise<void> | undefined;

  constructor(keptMax: number = EVENTS_KEPT_MAX) {
    this.#keptMax = keptMax;
  }

  add(event: RunEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > this.#keptMax) {
      this.#kept.shift();
      this.#dropped += 1;
    }
    this.#tell();
  }

  /** No more come; with an error, readers get it behind the last event. */
  end(error?: unknown): void {
    this.#isOver = true;
    this.#error = error;
    this.#tell();
  }

  /** From the first event that is still kept, to the end. */
  async *read(): AsyncGenerator<RunEvent, void, undefined> {
    for (let next = this.#dropped; ; ) {
      next = Math.max(next, this.#dropped);
      const event = this.#kept[next - this.#dropped];
      if (event !== undefined) {
        next += 1;
        yield event;
      } else if (this.#isOver) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else await this.#more();
    }
  }

  #more(): Promise<void> {
    this.#news ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#news;
  }

  #tell(): void {
    this.#news = undefined;
    this.#wake();
  }
}
