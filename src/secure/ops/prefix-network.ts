/**
 * Networks that work out all prefixes of a list under an operation that is associative: R. Ladner, M. Fischer,
 * "Parallel prefix computation", Journal of the ACM 27(4), 1980. P_k of n has ⌈log2 n⌉ + k levels, and fewer than 2·(1
 * + 2^-k)·n operations; P_0 has as few levels as any.
 */

/**
 * Operations that need none of each other's results: what stands at `to` takes in, before it, what stands at `from`.
 */
export interface Level {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/** The levels of P_k for so many places. */
export function prefixNetwork(places: number, k: number): readonly Level[] {
  const plan = new Plan(places);
  const all = new Uint32Array(places);
  for (let i = 0; i < places; i++) all[i] = i;
  network(all, k, plan);
  return plan.levels.map((level) => level.taken());
}

function network(list: Uint32Array, k: number, plan: Plan): void {
  const { length } = list;
  if (length < 2) return;
  const at = (i: number): number => list[i] as number;
  if (k === 0) {
    // The last of P_1 is ready a level before the others, and as soon as P_0 of the other half is.
    const half = Math.ceil(length / 2);
    network(list.subarray(0, half), 1, plan);
    network(list.subarray(half), 0, plan);
    for (let i = half; i < length; i++) plan.add(at(half - 1), at(i));
    return;
  }
  // The second of each pair; of an odd number the last alone.
  const seconds = new Uint32Array(Math.ceil(length / 2));
  for (let i = 0; i < seconds.length; i++) seconds[i] = at(Math.min(2 * i + 1, length - 1));
  for (let i = 1; i < length; i += 2) plan.add(at(i - 1), at(i));
  network(seconds, k - 1, plan);
  for (let i = 2; i < length - (length % 2); i += 2) plan.add(at(i - 1), at(i));
}

/** Puts operations, in an order in which they are right, into the first level in which they can be. */
class Plan {
  readonly levels: GrowingLevel[] = [];
  readonly #ready: Uint8Array;
  readonly #read: Uint8Array;

  constructor(places: number) {
    this.#ready = new Uint8Array(places);
    this.#read = new Uint8Array(places);
  }

  add(from: number, to: number): void {
    const [ready, read] = [this.#ready, this.#read];
    const level = Math.max(ready[from] as number, ready[to] as number, read[to] as number);
    ready[to] = level + 1;
    if (level > (read[from] as number)) read[from] = level;
    this.levels[level] ??= new GrowingLevel();
    this.levels[level].add(from, to);
  }
}

/** Operations that a level has room for at first. */
const ROOM = 64;

class GrowingLevel {
  #from = new Uint32Array(ROOM);
  #to = new Uint32Array(ROOM);
  #count = 0;

  add(from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = twice(this.#from);
      this.#to = twice(this.#to);
    }
    this.#from[this.#count] = from;
    this.#to[this.#count++] = to;
  }

  taken(): Level {
    return { from: this.#from.slice(0, this.#count), to: this.#to.slice(0, this.#count) };
  }
}

function twice(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(2 * list.length);
  longer.set(list);
  return longer;
}
