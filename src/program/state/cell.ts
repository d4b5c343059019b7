/**
 * A value that will be there once. Unlike a promise it has no rejection: when its producer fails it becomes `dead`,
 * quietly, because the failure itself has been reported where it happened and ends the run by another way.
 */
export class Cell<T = unknown> {
  #state: 'pending' | 'ready' | 'dead' = 'pending';
  #value: T | undefined;
  #waiting: { readonly ready: (value: T) => void; readonly dead: () => void }[] = [];

  get state(): 'pending' | 'ready' | 'dead' {
    return this.#state;
  }

  set(value: T): void {
    if (this.#state !== 'pending') return;
    this.#state = 'ready';
    this.#value = value;
    for (const waiter of this.#drain()) waiter.ready(value);
  }

  die(): void {
    if (this.#state !== 'pending') return;
    this.#state = 'dead';
    for (const waiter of this.#drain()) waiter.dead();
  }

  /** Calls back exactly once: now, if the answer is known. */
  when(ready: (value: T) => void, dead: () => void): void {
    if (this.#state === 'pending') this.#waiting.push({ ready, dead });
    else if (this.#state === 'ready') ready(this.#value as T);
    else dead();
  }

  #drain() {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** Calls back once with all values in order, or once when one of them will never be there. */
export function whenAll(
  cells: readonly Cell[],
  ready: (values: readonly unknown[]) => void,
  dead: () => void,
): void {
  const values: unknown[] = new Array(cells.length);
  let missing = cells.length;
  let over = false;
  if (missing === 0) ready(values);
  cells.forEach((cell, index) => {
    cell.when(
      (value) => {
        values[index] = value;
        missing -= 1;
        if (missing === 0 && !over) ready(values);
      },
      () => {
        if (!over) dead();
        over = true;
      },
    );
  });
}
