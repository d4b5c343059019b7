/**
 * What the links promise, and no more (src/transport/link): messages of one direction arrive once each and in order,
 * also over a connection that broke and was made again; heartbeats are notes, which are lost with the connection and
 * never sent again. A link that an end has closed says goodbye and carries nothing more. A message over the bound of a
 * link is refused. Nothing keeps different links in step.
 */
import { encodeMessage } from '../../src/coordination/messages.ts';
import type { Message } from '../../src/coordination/types.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { LINK_LIMITS } from '../../src/transport/index.ts';
import { NAMES } from './plan.ts';
import type { VirtualTime } from './virtual-time.ts';

type Item = { readonly message: Message | 'goodbye'; readonly epoch: number };

interface Direction {
  /** Sent and not yet taken, in order: what a resumed connection sends again. */
  waiting: Item[];
  /** Arrived while nothing passes; handed over when something does again. */
  held: Item[];
  lastArrival: number;
  stalledUntil: number;
}

interface Pair {
  epoch: number;
  up: boolean;
  readonly closed: [boolean, boolean];
  readonly directions: [Direction, Direction];
  slowUntil: number;
  slowBy: number;
}

export interface NetworkHandlers {
  deliver(from: number, to: number, message: Message): void;
  /** `closed`: the peer has said goodbye. */
  link(at: number, peer: number, up: boolean, closed: boolean): void;
  /** A message is longer than what a link carries: it has not been sent, and never will be. */
  refused(from: number, to: number, message: Message, bytes: number): void;
  /** Whether the process of a party exists: it answers connections, also when it is frozen. */
  exists(party: number): boolean;
}

/** How soon an end notices that its connection has broken. */
const NOTICE_MS = 3;

export class Network {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #delayMs: number;
  readonly #handlers: NetworkHandlers;
  readonly #parties: readonly string[];
  readonly #pairs = new Map<number, Pair>();
  #loses: (type: Message['type'], from: number, to: number) => boolean = () => false;
  /** Most messages go to several peers. */
  readonly #bytes = new WeakMap<Message, number>();
  readonly sent: Record<Message['type'], number> = {
    hello: 0,
    heartbeat: 0,
    board: 0,
    text: 0,
    textWanted: 0,
    diverged: 0,
    vote: 0,
    conclaveEnd: 0,
    fin: 0,
    ready: 0,
    closed: 0,
  };

  constructor(
    time: VirtualTime,
    random: SeededRandom,
    delayMs: number,
    parties: number,
    handlers: NetworkHandlers,
  ) {
    this.#parties = NAMES.slice(0, parties);
    this.#time = time;
    this.#random = random;
    this.#delayMs = delayMs;
    this.#handlers = handlers;
  }

  /** Both ends exist: the dialer reaches the acceptor after a while. */
  connect(a: number, b: number, afterMs = this.#random.between(0, 2 * this.#delayMs)): void {
    const pair = this.#pair(a, b);
    this.#time.at(this.#time.now + afterMs, () => {
      if (pair.up || pair.closed[0] || pair.closed[1]) return;
      if (!this.#handlers.exists(a) || !this.#handlers.exists(b)) return;
      const open = Math.max(pair.directions[0].stalledUntil, pair.directions[1].stalledUntil);
      if (open === Number.POSITIVE_INFINITY) return;
      if (open > this.#time.now) return this.connect(a, b, open - this.#time.now + 1);
      pair.up = true;
      for (const [at, peer] of [
        [a, b],
        [b, a],
      ] as const) {
        this.#handlers.link(at, peer, true, false);
        const direction = this.#direction(at, peer);
        const again = direction.waiting;
        direction.waiting = [];
        for (const item of again) this.#put(at, peer, item.message);
      }
    });
  }

  send(from: number, to: number, message: Message): void {
    const pair = this.#pair(from, to);
    if (pair.closed[this.#end(from, to)]) return;
    this.sent[message.type] += 1;
    if (message.type === 'heartbeat' && !pair.up) return;
    const bytes = this.#bytesOf(message);
    const { headerBytesMax, noteBytesMax } = LINK_LIMITS;
    if (bytes > (message.type === 'heartbeat' ? noteBytesMax : headerBytesMax))
      return this.#handlers.refused(from, to, message, bytes);
    if (this.#loses(message.type, from, to)) return;
    this.#put(from, to, message);
  }

  /** Messages are lost for ever where `loses` says so. No link does this; a defect of one might. */
  lose(loses: (type: Message['type'], from: number, to: number) => boolean): void {
    this.#loses = loses;
  }

  #bytesOf(message: Message): number {
    let bytes = this.#bytes.get(message);
    if (bytes === undefined) {
      bytes = encodeMessage(message, this.#parties).length;
      this.#bytes.set(message, bytes);
    }
    return bytes;
  }

  /** The connection breaks; after `ms` there is another. Null: never. */
  break(a: number, b: number, ms: number | null): void {
    const pair = this.#pair(a, b);
    if (!pair.up) return;
    this.#drop(pair);
    for (const [at, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#time.at(this.#time.now + this.#random.between(0, NOTICE_MS), () =>
        this.#handlers.link(at, peer, false, false),
      );
    }
    if (ms !== null) this.connect(a, b, ms + NOTICE_MS);
  }

  /** Nothing passes in this direction; what is under way arrives afterwards, in order. */
  stall(from: number, to: number, ms: number | null): void {
    const direction = this.#direction(from, to);
    const until = ms === null ? Number.POSITIVE_INFINITY : this.#time.now + ms;
    direction.stalledUntil = Math.max(direction.stalledUntil, until);
    if (ms === null) return;
    this.#time.at(until, () => {
      if (this.#time.now < direction.stalledUntil) return;
      const held = direction.held;
      direction.held = [];
      for (const item of held) this.#arrive(from, to, item);
    });
  }

  slow(a: number, b: number, ms: number, extraMs: number): void {
    const pair = this.#pair(a, b);
    pair.slowUntil = this.#time.now + ms;
    pair.slowBy = extraMs;
  }

  /** A party closes its end: what it has sent arrives, then a goodbye; what it has not sent does not. */
  close(from: number, to: number): void {
    const pair = this.#pair(from, to);
    const end = this.#end(from, to);
    if (pair.closed[end]) return;
    if (pair.up) this.#put(from, to, 'goodbye');
    else this.#direction(from, to).waiting = [];
    pair.closed[end] = true;
  }

  /** The process is gone. What it had sent may have left the machine, or a part of it. */
  vanish(party: number, peers: number, noticed: boolean): void {
    for (let peer = 0; peer < peers; peer++) {
      if (peer === party) continue;
      const direction = this.#direction(party, peer);
      const kept = this.#random.chance(0.5)
        ? direction.waiting.length
        : this.#random.below(direction.waiting.length + 1);
      direction.waiting.length = kept;
      const pair = this.#pair(party, peer);
      pair.closed[this.#end(party, peer)] = true;
      if (!noticed || !pair.up) continue;
      const after = Math.max(this.#time.now + this.#random.between(0, NOTICE_MS), direction.lastArrival);
      this.#time.at(after + 0.01, () => this.#handlers.link(peer, party, false, false));
    }
  }

  /** Messages to any peer that have not arrived: what a leaving party waits for, a while. */
  isFlushed(party: number, peers: number): boolean {
    for (let peer = 0; peer < peers; peer++) {
      if (peer !== party && this.#pair(party, peer).up && this.#direction(party, peer).waiting.length > 0)
        return false;
    }
    return true;
  }

  #put(from: number, to: number, message: Message | 'goodbye'): void {
    const pair = this.#pair(from, to);
    const direction = this.#direction(from, to);
    const item = { message, epoch: pair.epoch };
    direction.waiting.push(item);
    if (!pair.up) return;
    const slow = this.#time.now < pair.slowUntil ? pair.slowBy : 0;
    const arrival = Math.max(
      this.#time.now + this.#random.between(0, this.#delayMs) + slow,
      direction.lastArrival + 0.001,
    );
    direction.lastArrival = arrival;
    this.#time.at(arrival, () => this.#arrive(from, to, item));
  }

  #arrive(from: number, to: number, item: Item): void {
    const pair = this.#pair(from, to);
    const direction = this.#direction(from, to);
    if (pair.epoch !== item.epoch) return;
    if (this.#time.now < direction.stalledUntil) {
      direction.held.push(item);
      return;
    }
    // Not the first: the process that sent it died with it.
    if (direction.waiting[0] !== item) return;
    direction.waiting.shift();
    if (pair.closed[this.#end(to, from)]) return;
    if (item.message !== 'goodbye') return this.#handlers.deliver(from, to, item.message);
    pair.closed[this.#end(to, from)] = true;
    this.#drop(pair);
    this.#handlers.link(to, from, false, true);
  }

  #drop(pair: Pair): void {
    pair.epoch += 1;
    pair.up = false;
    for (const direction of pair.directions) {
      direction.held = [];
      direction.lastArrival = 0;
      direction.waiting = direction.waiting.filter(
        ({ message }) => message === 'goodbye' || message.type !== 'heartbeat',
      );
    }
  }

  #pair(a: number, b: number): Pair {
    const key = Math.min(a, b) * 64 + Math.max(a, b);
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      const direction = (): Direction => ({ waiting: [], held: [], lastArrival: 0, stalledUntil: 0 });
      pair = {
        epoch: 0,
        up: false,
        closed: [false, false],
        directions: [direction(), direction()],
        slowUntil: 0,
        slowBy: 0,
      };
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  #end(at: number, peer: number): 0 | 1 {
    return at < peer ? 0 : 1;
  }

  #direction(from: number, to: number): Direction {
    return this.#pair(from, to).directions[this.#end(from, to)];
  }
}
