/**
 * The part that all worlds of a search have: coordination cores, the queues between them, and the network, as one
 * vector of small numbers. Programs and faults are for the worlds built on it. It has no clock: what may happen may
 * happen now, in any order.
 */
import { initialState } from '../../src/coordination/machine.ts';
import type { CoreBounds, CoreEvent, CoreState, Effect } from '../../src/coordination/types.ts';
import { CoreFacts, type Facts } from './core-facts.ts';
import { replacesLast, testBounds, testHello, testSigner } from './core-world.ts';
import { type LocalStep, LocalSteps } from './local-steps.ts';
import { decodeMove, encodeMove } from './search-scenario.ts';

export const NAMES = ['alice', 'bob', 'carol', 'dave'];

/** Numbers of events: those of messages are below, of links in between, of everything else above. */
export const LINK_EVENTS = 2 ** 26;
export const OTHER_EVENTS = 2 ** 27;

export abstract class InternedWorld {
  readonly names: readonly string[];
  readonly size: number;
  readonly local = new LocalSteps();
  readonly facts = new CoreFacts(this.local);
  /** Called for each step that is computed, once: what one party may never do. */
  onStep: ((before: CoreState, event: CoreEvent, result: LocalStep) => void) | undefined;
  /** The first word that belongs to the world built on this one. */
  protected readonly ownWords: number;
  /** Whether a newer board replaces one that has not been delivered. */
  readonly #coalesces: boolean;
  readonly #net: number;

  constructor(size: number, coalesces: boolean) {
    this.names = NAMES.slice(0, size);
    this.size = size;
    this.#coalesces = coalesces;
    this.#net = size + size * size;
    this.ownWords = this.#net + 1;
  }

  abstract initial(): Int32Array;

  /** Makes one move, in place. */
  abstract apply(state: Int32Array, code: number): void;

  /** What the core tells a program. */
  protected abstract tell(state: Int32Array, party: number, effects: readonly Effect[]): void;

  core(state: Int32Array, party: number): Facts {
    return this.facts.of(state[party] ?? 0);
  }

  isCrashed(state: Int32Array, party: number): boolean {
    return (((state[this.#net] ?? 0) >> party) & 1) === 1;
  }

  isSevered(state: Int32Array, a: number, b: number): boolean {
    return (((state[this.#net] ?? 0) >> pairBit(a, b)) & 1) === 1;
  }

  queued(state: Int32Array, from: number, to: number): number {
    return state[this.size + from * this.size + to] ?? 0;
  }

  /** How often time has passed, and what the clocks say then. */
  protected moment(_state: Int32Array): number {
    return 0;
  }

  now(_state: Int32Array): number {
    return 0;
  }

  /** A move in words. */
  describe(state: Int32Array, code: number): string {
    const { move, a, b } = decodeMove(code);
    const [first, second] = [this.names[a] ?? '?', this.names[b] ?? '?'];
    if (move === 'deliver') {
      const message = this.local.message(this.local.head(this.queued(state, a, b)));
      return `${second} receives ${message.type} from ${first}`;
    }
    if (move === 'lose' || move === 'gone' || move === 'cut' || move === 'break')
      return `${move}: ${first}, ${second}`;
    return move === 'advance' ? 'time passes' : `${move}: ${first}`;
  }

  protected joining(words: number, bounds: CoreBounds = testBounds): Int32Array {
    const state = new Int32Array(words);
    for (const self of this.names.keys()) {
      const config = { self, parties: this.names, bounds, nonce: `nonce-${self}`, signer: testSigner(self) };
      state[self] = this.local.internCore(initialState(config, 0));
    }
    return state;
  }

  protected load(
    state: Int32Array,
    party: number,
    number: number,
    other: { readonly job?: string } = {},
  ): void {
    this.happen(state, party, number, () => ({ type: 'loaded', hello: testHello(party, other) }));
  }

  protected crash(state: Int32Array, party: number): void {
    state[this.#net] = (state[this.#net] ?? 0) | (1 << party);
    this.#tidy(state);
  }

  protected cut(state: Int32Array, a: number, b: number): void {
    state[this.#net] = (state[this.#net] ?? 0) | (1 << pairBit(a, b));
    this.#tidy(state);
  }

  protected deliver(state: Int32Array, from: number, to: number): void {
    const slot = this.size + from * this.size + to;
    const message = this.local.head(state[slot] ?? 0);
    state[slot] = this.local.rest(state[slot] ?? 0);
    this.happen(state, to, message * 16 + from, () => ({
      type: 'received',
      peer: from,
      message: this.local.message(message),
    }));
  }

  /** Everything that is under way, in a fixed order. */
  protected deliverAll(state: Int32Array): void {
    for (let next = this.#deliverable(state); next !== undefined; next = this.#deliverable(state))
      this.apply(state, next);
  }

  /**
   * One event at one party. `wake`: where time stands still, what waits for it gets a clock of its own that has moved
   * so far; heartbeats mean nothing then.
   */
  protected happen(
    state: Int32Array,
    party: number,
    number: number,
    event: () => CoreEvent,
    wake?: number,
  ): void {
    const core = state[party] ?? 0;
    const { computed } = this.local;
    let asked: CoreEvent | undefined;
    const result = this.local.step(core, number, this.moment(state), wake ?? this.now(state), () => {
      asked = event();
      return asked;
    });
    if (this.local.computed !== computed && asked) this.onStep?.(this.local.core(core), asked, result);
    state[party] = result.core;
    for (let i = 0; i < result.sends.length; i += 2) {
      this.#send(state, party, result.sends[i] ?? 0, result.sends[i + 1] ?? 0, wake !== undefined);
    }
    this.tell(state, party, result.effects);
    if (core !== result.core) this.#tidy(state);
  }

  #send(state: Int32Array, from: number, to: number, number: number, isWait: boolean): void {
    if (this.isSevered(state, from, to)) return;
    const slot = this.size + from * this.size + to;
    const queue = state[slot] ?? 0;
    const message = this.local.message(number);
    if (isWait && message.type === 'heartbeat') return;
    const waiting = this.#coalesces ? this.local.queue(queue).at(-1) : undefined;
    const replaces = waiting !== undefined && replacesLast(this.local.message(waiting), message);
    state[slot] = replaces ? this.local.replaceLast(queue, number) : this.local.append(queue, number);
  }

  /** Empties queues whose messages nobody will ever take in: states that differ only by those are one. */
  #tidy(state: Int32Array): void {
    for (let to = 0; to < this.size; to++) {
      const core = this.core(state, to);
      const deaf = this.isCrashed(state, to) || core.left;
      for (let from = 0; from < this.size; from++) {
        const slot = this.size + from * this.size + to;
        if (state[slot] === 0) continue;
        if (deaf || this.isSevered(state, from, to) || core.cuts(to, from) || core.cuts(from, to))
          state[slot] = 0;
      }
    }
  }

  #deliverable(state: Int32Array): number | undefined {
    for (let from = 0; from < this.size; from++) {
      for (let to = 0; to < this.size; to++) {
        if (this.queued(state, from, to) !== 0) return encodeMove('deliver', from, to);
      }
    }
    return undefined;
  }
}

function pairBit(a: number, b: number): number {
  return 8 + Math.min(a, b) * 4 + Math.max(a, b);
}
