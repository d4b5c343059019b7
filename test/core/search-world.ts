/**
 * The world of an exhaustive search with budgets of faults: each program takes the actions of the scenario one after
 * the other. What needs time to pass (a party that lingers) happens when nothing else can, unless the scenario has
 * time.
 */
import { invariant } from '../../src/base/errors.ts';
import type { CoreEvent, Effect, Failure, TrailEntry } from '../../src/coordination/types.ts';
import { InternedWorld, LINK_EVENTS, NAMES, OTHER_EVENTS } from './interned-world.ts';
import { plantedFailure } from './planted.ts';
import { decodeMove, encodeMove, type Move, type SearchScenario } from './search-scenario.ts';

/** Steps at which parties fail: the party that comes first in the federation fails last in the program. */
const FAILING_STEPS = ['4/0', '3/1', undefined, '3/0'];
/** An outcome of a scope, as a state holds it for each party: with four parties they fit into one word. */
const OUTCOME_BITS = 7;
export const SCOPE = '2';

/** Kinds of faults that have a budget, by place in the budget word. */
const BUDGETS = ['failures', 'crashes', 'cuts', 'breaks', 'scopeFailures', 'cancellations'] as const;
export type Budget = (typeof BUDGETS)[number];

export const AWAITING_START = 1;
/** Progress of a program: even numbers are before an action, odd ones within a scope that it has left. */
export const FIRST_ACTION = 2;

export class SearchWorld extends InternedWorld {
  readonly scenario: SearchScenario;
  /** Outcomes of the scope, by number from 1; 0 is none yet. */
  readonly scopeOutcomes = new Map<string, number>();
  readonly #budget: number;
  readonly #programs: number;
  readonly #scopes: number;
  readonly #time: number;

  constructor(scenario: SearchScenario) {
    super(scenario.parties, scenario.coalesce === true);
    this.scenario = scenario;
    this.#budget = this.ownWords;
    this.#programs = this.#budget + 1;
    this.#scopes = this.#budget + 2;
    this.#time = this.#budget + 3;
  }

  override initial(): Int32Array {
    const state = this.joining(this.#time + 1, this.scenario.time?.bounds);
    for (const [place, kind] of BUDGETS.entries()) {
      const count = this.scenario.faults[kind] ?? 0;
      if (count > 7) throw new RangeError(`at most 7 ${kind}`);
      state[this.#budget] = (state[this.#budget] ?? 0) | (count << (3 * place));
    }
    if (this.scenario.from === 'running') {
      for (let party = 0; party < this.size; party++) this.apply(state, encodeMove('load', party));
      this.deliverAll(state);
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

  protected override moment(state: Int32Array): number {
    return this.advances(state);
  }

  override now(state: Int32Array): number {
    return this.advances(state) * (this.scenario.time?.grainMs ?? 0);
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

  override apply(state: Int32Array, code: number): void {
    const { move, a, b } = decodeMove(code);
    switch (move) {
      case 'crash':
        this.#spend(state, 'crashes');
        return this.crash(state, a);
      case 'cut':
        this.#spend(state, 'cuts');
        return this.cut(state, a, b);
      case 'advance':
        state[this.#time] = this.advances(state) + 1;
        return;
      case 'break':
        this.#spend(state, 'breaks');
        for (const [at, peer] of [
          [a, b],
          [b, a],
        ] as const) {
          this.happen(state, at, LINK_EVENTS + 2 * peer, () => ({ type: 'link', peer, up: false }));
          this.happen(state, at, LINK_EVENTS + 2 * peer + 1, () => ({ type: 'link', peer, up: true }));
        }
        return;
      case 'deliver':
        return this.deliver(state, a, b);
      default:
        return this.#ofOneParty(state, move, a, b, code);
    }
  }

  #ofOneParty(state: Int32Array, move: Move, a: number, b: number, code: number): void {
    if (move === 'fail') this.#spend(state, 'failures');
    if (move === 'cancel') this.#spend(state, 'cancellations');
    if (move === 'fail scope') this.#spend(state, 'scopeFailures');
    if (move === 'load') this.#advanceProgram(state, a, AWAITING_START);
    // A scope that the program has left may be over at once, so the program's place changes before the core hears of
    // it.
    if (move === 'leave scope') this.#advanceProgram(state, a, this.progress(state, a) + 1);
    if (move === 'step' || move === 'finish') this.#advanceProgram(state, a, this.progress(state, a) + 2);
    const number = OTHER_EVENTS + code * 16 + this.progress(state, a);
    if (move === 'load') {
      return this.load(state, a, number, a === this.scenario.mismatched ? { job: 'another' } : {});
    }
    const isWait = move === 'linger over' || move === 'give up on difference';
    const wake = isWait ? this.core(state, a).patienceEnds : undefined;
    this.happen(state, a, number, () => this.#eventOf(state, move, a, b), wake);
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

  protected override tell(state: Int32Array, party: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'start') this.#advanceProgram(state, party, FIRST_ACTION);
      if (effect.type === 'scopeEnded') this.#scopeEnded(state, party, effect.failure, effect.attached);
    }
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

  budget(state: Int32Array, kind: Budget): number {
    return ((state[this.#budget] ?? 0) >> (3 * BUDGETS.indexOf(kind))) & 7;
  }

  #spend(state: Int32Array, kind: Budget): void {
    state[this.#budget] = (state[this.#budget] ?? 0) - (1 << (3 * BUDGETS.indexOf(kind)));
  }
}
