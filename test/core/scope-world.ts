/**
 * The world of a search over programs with scopes: what each program has done and was told, and the faults that are
 * still to come.
 */
import { digestOf } from '../../src/coordination/board.ts';
import type { CoreEvent, Effect, TrailEntry } from '../../src/coordination/types.ts';
import { InternedWorld, OTHER_EVENTS } from './interned-world.ts';
import { Interner } from './local-steps.ts';
import { isWithin, type ScopePlan, type ScopeScenario } from './scope-scenario.ts';
import { decodeMove, encodeMove, type Move } from './search-scenario.ts';

/**
 * What a program was told: of scopes that are cancelled, and how those ended that are over. By place in the scenario.
 */
export interface Told {
  readonly cancelled: readonly boolean[];
  readonly ended: readonly (string | null)[];
}

/** Scopes that the bits of what a program has done have room for. */
const SCOPES_MAX = 8;
const DONE_BITS = { 'enter scope': 0, 'leave scope': SCOPES_MAX, 'fail scope': 2 * SCOPES_MAX } as const;
const FINISHED = 1 << (3 * SCOPES_MAX);
/** How a program ends depends on what it was told, so these events are told apart by that, too. */
const FIN_EVENTS = OTHER_EVENTS + 2 ** 22;

export class ScopeWorld extends InternedWorld {
  readonly scenario: ScopeScenario;
  readonly scopes: readonly ScopePlan[];
  /** By place of a scope: those around it, and those within it. */
  readonly outer: readonly (readonly number[])[];
  readonly inner: readonly (readonly number[])[];
  readonly #faults: readonly number[];
  readonly #told = new Interner<Told>();
  readonly #waiting: number;
  readonly #done: number;
  readonly #heard: number;

  constructor(scenario: ScopeScenario) {
    super(scenario.size, true);
    const { scopes } = scenario;
    if (scopes.length > SCOPES_MAX) throw new RangeError(`at most ${SCOPES_MAX} scopes`);
    this.scenario = scenario;
    this.scopes = scopes;
    const places = [...scopes.keys()];
    const pathOf = (place: number): string => scopes[place]?.path ?? '';
    this.outer = places.map((of) => places.filter((other) => isWithin(pathOf(of), pathOf(other))));
    this.inner = places.map((of) => places.filter((other) => isWithin(pathOf(other), pathOf(of))));
    this.#faults = scenario.faults.map(faultMove);
    this.#waiting = this.ownWords;
    this.#done = this.#waiting + 1;
    this.#heard = this.#done + this.size;
    this.#tellOf({ cancelled: scopes.map(() => false), ended: scopes.map(() => null) });
  }

  override initial(): Int32Array {
    const state = this.joining(this.#heard + this.size);
    state[this.#waiting] = 2 ** this.#faults.length - 1;
    for (const party of this.names.keys()) this.load(state, party, OTHER_EVENTS);
    this.deliverAll(state);
    for (const word of this.scenario.begun ?? []) this.#begin(state, word);
    return state;
  }

  /** Faults that have not happened. */
  waiting(state: Int32Array): readonly number[] {
    return this.#faults.filter((_, place) => ((state[this.#waiting] ?? 0) >> place) & 1);
  }

  told(state: Int32Array, party: number): Told {
    return this.#told.at(state[this.#heard + party] ?? 0);
  }

  has(state: Int32Array, party: number, what: keyof typeof DONE_BITS, scope: number): boolean {
    return (((state[this.#done + party] ?? 0) >> (DONE_BITS[what] + scope)) & 1) === 1;
  }

  hasFinished(state: Int32Array, party: number): boolean {
    return ((state[this.#done + party] ?? 0) & FINISHED) !== 0;
  }

  /** Whether there is no program any more. */
  isKilled(state: Int32Array, party: number): boolean {
    const place = this.#faults.indexOf(encodeMove('kill', party));
    return place >= 0 && (((state[this.#waiting] ?? 0) >> place) & 1) === 0;
  }

  /** A loss that the party may notice now: of a peer that has crashed, is cut off, or has left. */
  maySee(state: Int32Array, at: number, peer: number): boolean {
    const [core, other] = [this.core(state, at), this.core(state, peer)];
    if (at === peer || this.isCrashed(state, at) || core.ended || core.cuts(at, peer)) return false;
    const closed = other.outcome !== null && this.queued(state, peer, at) === 0;
    return this.isCrashed(state, peer) || this.isSevered(state, at, peer) || other.leavesOut(at) || closed;
  }

  override apply(state: Int32Array, code: number): void {
    const { move, a, b } = decodeMove(code);
    const place = this.#faults.indexOf(code);
    if (place >= 0) state[this.#waiting] = (state[this.#waiting] ?? 0) & ~(1 << place);
    switch (move) {
      case 'deliver':
        return this.deliver(state, a, b);
      case 'crash':
        return this.crash(state, a);
      case 'cut':
        return this.cut(state, a, b);
      case 'isolate':
        for (let other = 0; other < this.size; other++) if (other !== a) this.cut(state, a, other);
        return;
      case 'finish': {
        this.#note(state, a, FINISHED);
        const heard = state[this.#heard + a] ?? 0;
        return this.happen(state, a, FIN_EVENTS + heard, () => this.#finish(state, a));
      }
      default:
        if (move === 'enter scope' || move === 'leave scope' || move === 'fail scope')
          this.#note(state, a, 1 << (DONE_BITS[move] + b));
        this.happen(state, a, OTHER_EVENTS + code * 16, () => this.#eventOf(move, a, b));
    }
  }

  override describe(state: Int32Array, code: number): string {
    const { move, b } = decodeMove(code);
    const scope = move.endsWith(' scope') ? ` ${this.scopes[b]?.path}` : '';
    return `${super.describe(state, code)}${scope}`;
  }

  protected override tell(state: Int32Array, party: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'scopeEnded' && effect.type !== 'scopeCancelled') continue;
      const place = this.scopes.findIndex(({ path }) => path === effect.scope);
      const { cancelled, ended } = this.told(state, party);
      const incidents =
        effect.type === 'scopeEnded' ? (effect.absent ?? []).map((each) => each.incident) : [];
      state[this.#heard + party] = this.#tellOf(
        effect.type === 'scopeCancelled'
          ? { cancelled: cancelled.with(place, true), ended }
          : {
              cancelled,
              ended: ended.with(place, [effect.failure?.incident ?? 'ok', ...incidents].join(' without ')),
            },
      );
    }
  }

  #tellOf(told: Told): number {
    return this.#told.id(told, JSON.stringify(told));
  }

  #note(state: Int32Array, party: number, bit: number): void {
    state[this.#done + party] = (state[this.#done + party] ?? 0) | bit;
  }

  /** One thing that happens before the search: a move in words, or all deliveries, with all losses or without. */
  #begin(state: Int32Array, word: string): void {
    const [what = '', party, path] = word.split(' ');
    if (what === 'crash') return this.crash(state, Number(party));
    if (what === 'enter' || what === 'leave') {
      const scope = this.scopes.findIndex((each) => each.path === path);
      return this.apply(state, encodeMove(`${what} scope`, Number(party), scope));
    }
    const pairs = [...this.names.keys()].flatMap((at) =>
      [...this.names.keys()].map((peer) => [at, peer] as const),
    );
    this.deliverAll(state);
    if (what !== 'settle') return;
    for (let loss = pairs.find(([at, peer]) => this.maySee(state, at, peer)); loss; ) {
      this.apply(state, encodeMove('lose', ...loss));
      this.deliverAll(state);
      loss = pairs.find(([at, peer]) => this.maySee(state, at, peer));
    }
  }

  #eventOf(move: Move, a: number, b: number): CoreEvent {
    const name = this.names[a] ?? '';
    const { path = '' } = this.scopes[b] ?? {};
    switch (move) {
      case 'lose':
        return { type: 'lost', peer: b, code: 'PEER_UNREACHABLE' };
      case 'enter scope':
        return { type: 'steps', entries: [this.#entry(b)] };
      case 'leave scope':
        return { type: 'scopeLeft', scope: path };
      case 'fail scope': {
        const failure = {
          code: 'TASK_FAILED',
          origin: name,
          reporter: name,
          incident: `${name}-${path}`,
        } as const;
        return { type: 'scopeFailed', scope: path, failure };
      }
      default: {
        const said = { origin: name, reporter: name, incident: `${move}-${name}` };
        return move === 'kill'
          ? { type: 'failed', failure: { code: 'PROCESS_KILLED', ...said }, leaving: true }
          : { type: 'failed', failure: { code: 'TASK_FAILED', ...said } };
      }
    }
  }

  #entry(scope: number): TrailEntry {
    const { path = '', tolerates = [] } = this.scopes[scope] ?? {};
    const cut = path.lastIndexOf('/');
    return {
      branch: path.slice(0, Math.max(0, cut)),
      position: Number(path.slice(cut + 1)),
      digest: path,
      stepId: path,
      kind: 'attempt',
      name: path,
      places: this.names,
      tolerates: tolerates.map((party) => this.names[party] ?? ''),
    };
  }

  /** The steps that a program takes depend on what it was told. */
  #finish(state: Int32Array, party: number): CoreEvent {
    const { ended } = this.told(state, party);
    const outcomes = ended.filter((_, scope) => this.outer[scope]?.length === 0);
    return { type: 'finished', fin: { steps: 9, digest: digestOf(outcomes) } };
  }
}

/** `crash 2`, `cut 0 1`, ...: as a move. */
function faultMove(label: string): number {
  const [what = '', first, second = 0] = label.split(' ');
  return encodeMove(what as Move, Number(first), Number(second));
}
