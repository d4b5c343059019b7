/**
 * Work that the virtual clock must wait for: what a task has given to the operating system or to a thread (a file, a
 * database) and whose answer comes when it comes. Watching for it costs time, so it is done only for jobs that do such
 * things.
 */
import { type AsyncHook, createHook } from 'node:async_hooks';

/**
 * Resources that are not work: those that end in the same turn, handles that stay open, what synchronous calls of
 * node:crypto make and never finish, and real timers, which belong to the simulation.
 */
const NOT_WORK =
  /^(PROMISE|Microtask|TickObject|Timeout|TIMERWRAP|Immediate|bound-.*|\w*(WRAP|HANDLE|PORT|REFREAPER|READER|WATCHER)|RANDOMBYTESREQUEST|WORKER)$/i;
/** The same, but that a slice of work lasts until then. */
const SLICE = 'Immediate';

/**
 * Real time without any change after which what is open is taken for what is no work. Longer than any single answer of
 * a disk.
 */
const ENDLESS_MS = 5_000;

const NO_HOOK = createHook({});

export class OutsideWork {
  readonly #open = new Map<number, string>();
  readonly #endless = new Set<string>();
  #changes = 0;
  readonly #hook: AsyncHook;
  /** Kinds of work that were seen. */
  readonly kinds = new Set<string>();

  constructor() {
    const done = (id: number): void => {
      if (this.#open.delete(id)) this.#changes++;
    };
    this.#hook = createHook({
      init: (id, type) => {
        if (type !== SLICE && (NOT_WORK.test(type) || this.#endless.has(type))) return;
        if (type !== SLICE) this.kinds.add(type);
        this.#open.set(id, type);
        this.#changes++;
      },
      after: done,
      destroy: done,
    });
  }

  start(): void {
    this.#open.clear();
    this.#hook.enable();
  }

  stop(): void {
    this.#hook.disable();
    this.#open.clear();
    // Node goes on to register every promise for `destroy`, an object for the collector each, until some hook is
    // enabled.
    NO_HOOK.enable();
    NO_HOOK.disable();
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Waits for the system, in real time, until nothing is open. What never ends is not waited for a second time. */
  async settled(): Promise<void> {
    let seen = this.#changes;
    let since = performance.now();
    while (this.isOpen) {
      // Outside of the hook's sight: this wait is not work itself.
      this.#hook.disable();
      const turn = new Promise((resolve) => setImmediate(resolve));
      this.#hook.enable();
      await turn;
      if (this.#changes !== seen) {
        seen = this.#changes;
        since = performance.now();
      }
      if (performance.now() - since < ENDLESS_MS) continue;
      for (const type of this.#open.values()) if (type !== SLICE) this.#endless.add(type);
      for (const type of this.#endless) this.kinds.delete(type);
      this.#open.clear();
    }
  }
}
