/**
 * When this party's program last heard from each peer's program. Programs send each other a sign of life every second;
 * what counts is anything that arrives.
 */
export class Silence {
  readonly #heardAt = new Map<string, number>();
  readonly #everyMs: number;
  #checkedAt: number;

  /** `everyMs`: how often {@link silent} is going to be asked. */
  constructor(peers: readonly string[], everyMs: number, now: number) {
    for (const peer of peers) this.#heardAt.set(peer, now);
    this.#everyMs = everyMs;
    this.#checkedAt = now;
  }

  heard(peer: string, now: number): void {
    if (this.#heardAt.has(peer)) this.#heardAt.set(peer, now);
  }

  /** Nothing is expected of the peer any more. */
  forget(peer: string): void {
    this.#heardAt.delete(peer);
  }

  /**
   * The peers from which nothing has come for `limitMs`. Time in which this process itself did not run does not count:
   * what has arrived meanwhile has not been read yet.
   */
  silent(limitMs: number, now: number): readonly string[] {
    const deaf = now - this.#checkedAt - this.#everyMs;
    this.#checkedAt = now;
    if (deaf > this.#everyMs) {
      for (const [peer, at] of this.#heardAt) this.#heardAt.set(peer, Math.min(now, at + deaf));
    }
    return [...this.#heardAt].flatMap(([peer, at]) => (now - at >= limitMs ? [peer] : []));
  }
}
