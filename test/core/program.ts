/**
 * What a party's program does in a schedule: it takes steps, enters and leaves scopes, and is through. No values, only
 * order.
 */
import type { CoreEvent, Effect, Fin } from '../../src/coordination/types.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { Plan } from './plan-types.ts';
import { plantedFailure } from './planted.ts';
import { type Action, actionsOf } from './program-actions.ts';

export interface ProgramHost {
  /** Calls back after some time of this party's own, never while it is frozen or gone. */
  after(ms: number, run: () => void): void;
  tell(event: CoreEvent): void;
}

export class Program {
  readonly #plan: Plan;
  readonly #party: number;
  readonly #name: string;
  readonly #random: SeededRandom;
  readonly #host: ProgramHost;
  readonly #actions: readonly Action[];
  readonly #cancelled = new Set<string>();
  /** The action that comes next, or whose end is waited for; what was to come before it is forgotten. */
  #place = 0;
  #turn = 0;
  #stopped = false;
  /** Whether the program is through. */
  finished = false;
  /** How it came through the conclave. */
  conclaveFin: Fin | null = null;
  /** Scopes whose outcome it was told, each at most once, with the outcome as text. */
  readonly scopeOutcomes: { readonly scope: string; readonly outcome: string }[] = [];

  constructor(plan: Plan, party: number, name: string, random: SeededRandom, host: ProgramHost) {
    this.#plan = plan;
    this.#party = party;
    this.#name = name;
    this.#random = random;
    this.#host = host;
    this.#actions = actionsOf(plan, party);
  }

  /** Everything that the core says about the run and its scopes. */
  take(effect: Effect): void {
    if (effect.type === 'start') this.#go(0, this.#pause());
    else if (effect.type === 'ended') this.stop();
    else if (effect.type === 'scopeCancelled') this.#cancel(effect.scope);
    else if (effect.type === 'scopeEnded') {
      const { scope, failure, attached, absent = [] } = effect;
      this.scopeOutcomes.push({ scope, outcome: JSON.stringify([failure, attached, absent]) });
      this.#go(this.#leaveOf(scope) + 1, this.#pause());
    }
  }

  /** The program does nothing more: the run is over for it, or its process is gone. */
  stop(): void {
    this.#stopped = true;
  }

  #pause(): number {
    return this.#random.chance(0.2) ? 0 : this.#random.between(0, this.#plan.stepMs);
  }

  #go(place: number, ms: number): void {
    this.#place = place;
    this.#turn += 1;
    const mine = this.#turn;
    this.#host.after(ms, () => {
      if (!this.#stopped && mine === this.#turn) this.#do(place);
    });
  }

  #do(place: number): void {
    const action = this.#actions[place];
    const turn = this.#turn;
    for (const event of this.#eventsOf(action)) this.#host.tell(event);
    // What it was told meanwhile, of a scope that has failed or is over, says already how it goes on.
    if (turn !== this.#turn || action?.do === 'leave' || action?.do === 'finish') return;
    if (action?.do === 'part' || (action?.do === 'enter' && this.#cancelled.has(action.scope)))
      return this.#leaveSoon(action.scope);
    this.#go(place + 1, this.#pause());
  }

  #eventsOf(action: Action | undefined): readonly CoreEvent[] {
    switch (action?.do) {
      case 'step':
      case 'enter':
        return [{ type: 'steps', entries: [action.entry] }];
      case 'part': {
        const { scope } = action;
        const step = `${scope}/${64 - this.#party}`;
        const failure = plantedFailure(this.#name, 'TASK_FAILED', step, this.#plan.loud);
        return this.#failsIn(scope) ? [{ type: 'scopeFailed', scope, failure }] : [];
      }
      case 'leave':
        return [{ type: 'scopeLeft', scope: action.scope }];
      case 'end conclave': {
        const { conclave, members, fin } = action;
        this.conclaveFin = fin;
        return [{ type: 'conclaveLeft', conclave, members, fin }];
      }
      case 'finish':
        this.finished = true;
        return [{ type: 'finished', fin: action.fin }];
      default:
        return [];
    }
  }

  #failsIn(scope: string): boolean {
    if (this.#cancelled.has(scope)) return false;
    const kind = scope === `${this.#plan.scopeAt}` ? 'fail scope' : 'fail inside';
    return this.#plan.faults.some((fault) => fault.kind === kind && fault.party === this.#party);
  }

  /** What runs in a scope ends; what is not entered yet will end as soon as it is. */
  #cancel(scope: string): void {
    this.#cancelled.add(scope);
    const entered = this.#actions.findIndex((action) => action.do === 'enter' && action.scope === scope);
    if (entered >= 0 && this.#place > entered && this.#place < this.#leaveOf(scope)) this.#leaveSoon(scope);
  }

  #leaveSoon(scope: string): void {
    this.#go(this.#leaveOf(scope), this.#pause() / 4);
  }

  #leaveOf(scope: string): number {
    return this.#actions.findIndex((action) => action.do === 'leave' && action.scope === scope);
  }
}
