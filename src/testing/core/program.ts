/** What a party's program does in a schedule: it takes steps, enters and leaves a scope, and is through. No values, only order. */
import type { CoreEvent, Effect, TrailEntry } from '../../coordination/types.ts';
import { digestAt, NAMES, type Plan, stepsOf } from './plan.ts';
import { plantedFailure } from './planted.ts';
import type { Prng } from './prng.ts';

export interface ProgramHost {
  /** Calls back after some time of this party's own, never while it is frozen or gone. */
  after(ms: number, run: () => void): void;
  tell(event: CoreEvent): void;
}

export class Program {
  readonly #plan: Plan;
  readonly #party: number;
  readonly #name: string;
  readonly #random: Prng;
  readonly #host: ProgramHost;
  readonly #failsScope: boolean;
  readonly #steps: number;
  #inScope = false;
  #leaving = false;
  #cancelled = false;
  #stopped = false;
  /** Whether the program is through. */
  finished = false;
  /** Outcomes of the scope that it was told, as text: at most one. */
  readonly scopeOutcomes: string[] = [];

  constructor(plan: Plan, party: number, name: string, random: Prng, host: ProgramHost) {
    this.#plan = plan;
    this.#party = party;
    this.#name = name;
    this.#random = random;
    this.#host = host;
    this.#failsScope = plan.faults.some((fault) => fault.kind === 'fail scope' && fault.party === party);
    this.#steps = stepsOf(plan, party);
  }

  /** Everything that the core says about the run and its scopes. */
  take(effect: Effect): void {
    if (effect.type === 'start') this.#host.after(this.#pause(), () => this.#step(0));
    else if (effect.type === 'ended') this.#stopped = true;
    else if (effect.type === 'scopeCancelled') this.#cancel();
    else if (effect.type === 'scopeEnded') {
      this.scopeOutcomes.push(JSON.stringify([effect.failure, effect.attached]));
      this.#inScope = false;
      this.#host.after(this.#pause(), () => this.#step((this.#plan.scopeAt ?? 0) + 1));
    }
  }

  #pause(): number {
    return this.#random.chance(0.2) ? 0 : this.#random.between(0, this.#plan.stepMs);
  }

  #step(position: number): void {
    if (this.#stopped) return;
    if (position >= this.#steps) {
      this.finished = true;
      return this.#host.tell({
        type: 'finished',
        fin: { steps: this.#steps, digest: this.#digest(this.#steps - 1) },
      });
    }
    this.#host.tell({ type: 'steps', entries: [this.#entry(position)] });
    if (position === this.#plan.scopeAt) return this.#enter(position);
    this.#host.after(this.#pause(), () => this.#step(position + 1));
  }

  #enter(position: number): void {
    this.#inScope = true;
    if (this.#cancelled) return this.#leaveSoon();
    this.#host.after(this.#pause(), () => {
      if (this.#stopped || !this.#inScope) return;
      if (this.#failsScope && !this.#cancelled) {
        const failure = plantedFailure(this.#name, 'TASK_FAILED', `${position}/${7 - this.#party}`);
        this.#host.tell({ type: 'scopeFailed', scope: `${position}`, failure });
      }
      this.#leaveSoon();
    });
  }

  #cancel(): void {
    this.#cancelled = true;
    if (this.#inScope) this.#leaveSoon();
  }

  #leaveSoon(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#host.after(this.#pause() / 4, () => {
      if (!this.#stopped) this.#host.tell({ type: 'scopeLeft', scope: `${this.#plan.scopeAt}` });
    });
  }

  #digest(position: number): string {
    return digestAt(this.#plan, this.#party, position);
  }

  #entry(position: number): TrailEntry {
    const kind = position === this.#plan.scopeAt ? 'attempt' : 'task';
    const places = kind === 'attempt' ? NAMES.slice(0, this.#plan.parties) : [this.#name];
    return {
      branch: '',
      position,
      digest: this.#digest(position),
      stepId: `${position}`,
      kind,
      name: 'n',
      places,
    };
  }
}
