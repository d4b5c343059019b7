/** The places for runs of this node: so many at once, the others wait in the order in which they came. Pure. */
export class Places {
  readonly max: number;
  readonly #taken = new Set<string>();
  readonly #queue: string[] = [];

  constructor(max: number) {
    this.max = max;
  }

  /** Whether somebody who does not wait could have one now: those who wait come first. */
  get isFree(): boolean {
    return this.#taken.size + this.#queue.length < this.max;
  }

  get taken(): ReadonlySet<string> {
    return this.#taken;
  }

  get queue(): readonly string[] {
    return this.#queue;
  }

  /** Without waiting. False: there is none. A run that has begun takes one whatever is free. */
  take(id: string, always = false): boolean {
    if (this.#taken.has(id)) return true;
    if (!always && !this.isFree) return false;
    this.#leaveQueue(id);
    this.#taken.add(id);
    return true;
  }

  wait(id: string): void {
    if (!this.#taken.has(id) && !this.#queue.includes(id)) this.#queue.push(id);
  }

  /** Gives up a place, or the wish for one. */
  free(id: string): void {
    this.#taken.delete(id);
    this.#leaveQueue(id);
  }

  /** The next one whose turn it is, which has its place now; undefined: none. */
  next(): string | undefined {
    if (this.#taken.size >= this.max) return undefined;
    const id = this.#queue.shift();
    if (id !== undefined) this.#taken.add(id);
    return id;
  }

  #leaveQueue(id: string): void {
    const at = this.#queue.indexOf(id);
    if (at >= 0) this.#queue.splice(at, 1);
  }
}
