/**
 * The world of an exhaustive search: coordination cores, the queues between them, and the programs and faults of a scenario, as
 * one vector of small numbers. Unlike a run it has no clock: everything that may happen may happen now, in any order. What
 * needs time to pass (a party that lingers) happens when nothing else can, unless the scenario has time.
 */
import { invariant } from '../../src/base/errors.ts';
import { initialState } from '../../src/coordination/machine.ts';
import type { CoreEvent, CoreState, Failure, TrailEntry } from '../../src/coordination/types.ts';
import { CoreFacts, type Facts } from './core-facts.ts';
import { testBounds, testHello, testSigner } from './core-world.ts';
import { type LocalStep, LocalSteps } from './local-steps.ts';
import { plantedFailure } from './planted.ts';
import { decodeMove, encodeMove, type Move, type SearchScenario } from './search-scenario.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave'];
/** Steps at which parties fail: the party that comes first in the federation fails last in the program. */
const FAILING_STEPS = ['4/0', '3/1', undefined, '3/0'];
/** An outcome of a scope, as a state holds it for each party: with four parties they fit into one word. */
const OUTCOME_BITS = 7;
export const SCOPE = '2';

/** Kinds of faults that have a budget, by place in the budget word. */
const BUDGETS = ['failures', 'crashes', 'cuts', 'breaks', 'scopeFailures', 'cancellations'] as const;
export type Budget = (typeof BUDGETS)[number];

/** Numbers of events: those of messages are below, of links in between, of everything else above. */
const LINK_EVENTS = 2 ** 26;
const OTHER_EVENTS = 2 ** 27;

export const AWAITING_START = 1;
/** Progress of a program: even numbers are before an action, odd ones within a scope that it has left. */
export const FIRST_ACTION = 2;

export class SearchWorld {
  readonly scenario: SearchScenario;
  readonly size: number;
  readonly words: number;
  readonly local = new LocalSteps();
  readonly facts: CoreFacts;
  /** Outcomes of the scope, by number from 1; 0 is none yet. */
  readonly scopeOutcomes = new Map<string, number>();
  /** Called for each step that is computed, once: what one party may never do. */
  readonly onStep: ((before: CoreState, event: CoreEvent, result: LocalStep) => void) | undefined;
  readonly #net: number;
  readonly #budget: number;
  readonly #programs: number;
  readonly #scopes: number;
  readonly #time: number;

  constructor(scenario: SearchScenario, onStep?: SearchWorld['onStep']) {
    this.scenario = scenario;
    this.size = scenario.parties;
    this.facts = new CoreFacts(this.local);
    this.onStep = onStep;
    const first = this.size + this.size * this.size;
    this.#net = first;
    this.#budget = first + 1;
    this.#programs = first + 2;
    this.#scopes = first + 3;
    this.#time = first + 4;
    this.words = first + 5;
  }

  get names(): readonly string[] {
    return NAMES.slice(0, this.size);
  }

  initial(): Int32Array {
    const state = new Int32Array(this.words);
    const bounds = this.scenario.time?.bounds ?? testBounds;
    for (let self = 0; self < this.size; self++) {
      const config = { self, parties: this.names, bounds, nonce: `nonce-${self}`, signer: testSigner(self) };
      state[self] = this.local.internCore(initialState(config, 0));
    }
    for (const [place, kind] of BUDGETS.entries()) {
      const count = this.scenario.faults[kind] ?? 0;
      if (count > 7) throw new RangeError(`at most 7 ${kind}`);
      state[this.#budget] = (state[this.#budget] ?? 0) | (count << (3 * place));
    }
    if (this.scenario.from === 'running') {
      for (let party = 0; party < this.size; party++) this.apply(state, encodeMove('load', party));
      for (let next = this.#deliverable(state); next !== undefined; next = this.#deliverable(state)) {
        this.apply(state, next);
      }
    }
    return state;
  }

  /** Whether no fault can happen any more. */
  isSpent(state: Int32Array): boolean {
    return state[this.#budget] === 0;
  }

  /** How often time has passed. */
  advances(state: Int32Array): number {
    return state[this.#time] ?? 0;
  }

  now(state: Int32Array): number {
    return (state[this.#time] ?? 0) * (this.scenario.time?.grainMs ?? 0);
  }

  core(state: Int32Array, party: number): Facts {
    return this.facts.of(state[party] ?? 0);
  }

  isCrashed(state: Int32Array, party: number): boolean {
    return (((state[this.#net] ?? 0) >> party) & 1) === 1;
  }

  isSevered(state: Int32Array, a: number, b: number): boolean {
    return (((state[this.#net] ?? 0) >> this.#pairBit(a, b)) & 1) === 1;
  }

  queued(state: Int32Array, from: number, to: number): number {
    return state[this.size + from * this.size + to] ?? 0;
  }

  progress(state: Int32Array, party: number): number {
    return ((state[this.#programs] ?? 0) >> (4 * party)) & 15;
  }

  hasFinished(state: Int32Array, party: number): boolean {
    return this.progress(state, party) >= FIRST_ACTION + 2 * this.scenario.program.length;
  }

  /** The outcome of the scope at a party; 0 before it has one. */
  scopeOutcome(state: Int32Array, party: number): number {
    return ((state[this.#scopes] ?? 0) >> (OUTCOME_BITS * party)) & (2 ** OUTCOME_BITS - 1);
  }

  /** Makes one move, in place. */
  apply(state: Int32Array, code: number): void {
    const { move, a, b } = decodeMove(code);
    switch (move) {
      case 'crash':
        this.#spend(state, 'crashes');
        state[this.#net] = (state[this.#net] ?? 0) | (1 << a);
        return this.#tidy(state);
      case 'cut':
        this.#spend(state, 'cuts');
        state[this.#net] = (state[this.#net] ?? 0) | (1 << this.#pairBit(a, b));
        return this.#tidy(state);
      case 'advance':
        state[this.#time] = (state[this.#time] ?? 0) + 1;
        return;
      case 'break':
        this.#spend(state, 'breaks');
        for (const [at, peer] of [
          [a, b],
          [b, a],
        ] as const) {
          this.#happen(state, at, LINK_EVENTS + 2 * peer, () => ({ type: 'link', peer, up: false }));
          this.#happen(state, at, LINK_EVENTS + 2 * peer + 1, () => ({ type: 'link', peer, up: true }));
        }
        return;
      case 'deliver': {
        const slot = this.size + a * this.size + b;
        const message = this.local.head(state[slot] ?? 0);
        state[slot] = this.local.rest(state[slot] ?? 0);
        const number = message * 16 + a;
        return this.#happen(state, b, number, () => ({
          type: 'received',
          peer: a,
          message: this.local.message(message),
        }));
      }
      default:
        return this.#ofOneParty(state, move, a, b, code);
    }
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

  #ofOneParty(state: Int32Array, move: Move, a: number, b: number, code: number): void {
    if (move === 'fail') this.#spend(state, 'failures');
    if (move === 'cancel') this.#spend(state, 'cancellations');
    if (move === 'fail scope') this.#spend(state, 'scopeFailures');
    if (move === 'load') this.#advanceProgram(state, a, AWAITING_START);
    // A scope that the program has left may be over at once, so the program's place changes before the core hears of it.
    if (move === 'leave scope') this.#advanceProgram(state, a, this.progress(state, a) + 1);
    if (move === 'step' || move === 'finish') this.#advanceProgram(state, a, this.progress(state, a) + 2);
    const progress = this.progress(state, a);
    const isWait = move === 'linger over' || move === 'give up on difference';
    this.#happen(
      state,
      a,
      OTHER_EVENTS + code * 16 + progress,
      () => this.#eventOf(state, move, a, b),
      isWait,
    );
  }

  #eventOf(state: Int32Array, move: Move, a: number, b: number): CoreEvent {
    switch (move) {
      case 'lose':
        return {
          type: 'lost',
          peer: b,
          code: this.core(state, a).heard & (1 << b) ? 'PEER_UNREACHABLE' : 'JOIN_TIMEOUT',
        };
      case 'gone':
        return { type: 'link', peer: b, up: false, closed: true };
      case 'load': {
        const other = a === this.scenario.mismatched ? { job: 'another' } : {};
        return { type: 'loaded', hello: testHello(a, other) };
      }
      case 'step':
        return { type: 'steps', entries: [this.#entry(a, (this.progress(state, a) - FIRST_ACTION) / 2 - 1)] };
      case 'finish':
        return { type: 'finished', fin: this.#fin(a) };
      case 'fail':
        return { type: 'failed', failure: plantedFailure(NAMES[a] ?? '', 'TASK_FAILED', FAILING_STEPS[a]) };
      case 'cancel':
        return { type: 'failed', failure: plantedFailure(NAMES[a] ?? '', 'CANCELLED', undefined) };
      case 'fail scope':
        return {
          type: 'scopeFailed',
          scope: SCOPE,
          failure: plantedFailure(NAMES[a] ?? '', 'TASK_FAILED', `${SCOPE}/${this.size - a}`),
        };
      case 'leave scope':
        return { type: 'scopeLeft', scope: SCOPE };
      default:
        return { type: 'tick' };
    }
  }

  #entry(party: number, position: number): TrailEntry {
    if (this.scenario.program[position] === 'enter') {
      const scope = { stepId: SCOPE, kind: 'attempt', name: 'scope', places: this.names } as const;
      return { branch: '', position, digest: `d${position}`, ...scope };
    }
    const digest = `${party === this.scenario.diverging ? 'other' : 'd'}${position}`;
    return {
      branch: '',
      position,
      digest,
      stepId: `${position}`,
      kind: 'task',
      name: 'n',
      places: [NAMES[0] ?? ''],
    };
  }

  #fin(party: number): { readonly steps: number; readonly digest: string } {
    const steps = this.scenario.program.filter((action) => action === 'step' || action === 'enter').length;
    return { steps, digest: steps > 0 ? this.#entry(party, steps - 1).digest : 'none' };
  }

  /** `isWait`: where time stands still, what waits for it gets a clock of its own that has moved far enough. */
  #happen(state: Int32Array, party: number, number: number, event: () => CoreEvent, isWait = false): void {
    const core = state[party] ?? 0;
    const moment = state[this.#time] ?? 0;
    const { computed } = this.local;
    const wake = isWait ? this.facts.of(core).patienceEnds : this.now(state);
    let asked: CoreEvent | undefined;
    const result = this.local.step(core, number, moment, wake, () => {
      asked = event();
      return asked;
    });
    if (this.local.computed !== computed && asked) this.onStep?.(this.local.core(core), asked, result);
    state[party] = result.core;
    for (let i = 0; i < result.sends.length; i += 2) {
      this.#send(state, party, result.sends[i] ?? 0, result.sends[i + 1] ?? 0, isWait);
    }
    for (const effect of result.effects) {
      if (effect.type === 'start') this.#advanceProgram(state, party, FIRST_ACTION);
      if (effect.type === 'scopeEnded') this.#scopeEnded(state, party, effect.failure, effect.attached);
    }
    if (core !== result.core) this.#tidy(state);
  }

  #send(state: Int32Array, from: number, to: number, message: number, isWait: boolean): void {
    if (this.isSevered(state, from, to)) return;
    const slot = this.size + from * this.size + to;
    const queue = state[slot] ?? 0;
    const { type } = this.local.message(message);
    // Heartbeats mean nothing where time stands still.
    if (type === 'heartbeat' && isWait) return;
    const items = this.local.queue(queue);
    const last = items.length > 0 ? this.local.message(items.at(-1) ?? 0) : undefined;
    const replaces = this.scenario.coalesce === true && type === 'board' && last?.type === 'board';
    state[slot] = replaces ? this.local.replaceLast(queue, message) : this.local.append(queue, message);
  }

  #scopeEnded(state: Int32Array, party: number, failure: Failure | null, attached: readonly Failure[]): void {
    const text = JSON.stringify([failure, attached]);
    const number = this.scopeOutcomes.get(text) ?? this.scopeOutcomes.size + 1;
    this.scopeOutcomes.set(text, number);
    invariant(number < 2 ** OUTCOME_BITS, 'there are more outcomes of a scope than a state can tell apart');
    state[this.#scopes] = (state[this.#scopes] ?? 0) | (number << (OUTCOME_BITS * party));
    this.#advanceProgram(state, party, this.progress(state, party) + 1);
  }

  #advanceProgram(state: Int32Array, party: number, progress: number): void {
    const shift = 4 * party;
    state[this.#programs] = ((state[this.#programs] ?? 0) & ~(15 << shift)) | (progress << shift);
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

  budget(state: Int32Array, kind: Budget): number {
    return ((state[this.#budget] ?? 0) >> (3 * BUDGETS.indexOf(kind))) & 7;
  }

  #spend(state: Int32Array, kind: Budget): void {
    state[this.#budget] = (state[this.#budget] ?? 0) - (1 << (3 * BUDGETS.indexOf(kind)));
  }

  #pairBit(a: number, b: number): number {
    return 8 + Math.min(a, b) * 4 + Math.max(a, b);
  }
}
