/** Lets one part of a protocol wait until another has got somewhere. */
export class Gate {
  readonly #waiting = new Set<() => void>();
  readonly #toldOfFailure = new Set<(reason: unknown) => void>();
  #failure: { readonly reason: unknown } | undefined;

  /**
   * Resolves when the condition holds; it is looked at now and after each `notify`. Rejects once the gate has failed.
   */
  async until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.reason;
      if (condition()) return;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  notify(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Everyone who waits, now or later, is rejected with this. The first reason counts. */
  fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { reason };
    for (const tell of this.#toldOfFailure) tell(reason);
    this.#toldOfFailure.clear();
    this.notify();
  }

  /** Tells of the failure, at once if there is one. What it returns forgets the listener. */
  onFailure(tell: (reason: unknown) => void): () => void {
    if (this.#failure === undefined) this.#toldOfFailure.add(tell);
    else tell(this.#failure.reason);
    return () => void this.#toldOfFailure.delete(tell);
  }
}
