/**
 * Executes the coordination core: feeds it events one at a time, keeps its timer, and hands its effects on: messages
 * first, then the others, in order.
 */
import type { Clock, Timer } from '../../contracts/index.ts';
import { initialState, step } from '../../coordination/machine.ts';
import type { CoreConfig, CoreEvent, CoreState, Effect } from '../../coordination/types.ts';

export class Coordinator {
  readonly #clock: Clock;
  readonly #execute: (effect: Effect) => void;
  readonly #stoodStill: (forMs: number) => void;
  readonly #queue: CoreEvent[] = [];
  #state: CoreState;
  #timer: Timer | null = null;
  /** By when this process has something to do, and when it last did something. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #awakeAt = Number.NEGATIVE_INFINITY;
  #busy = false;

  /**
   * `stoodStill`: this process did not run for so long that the others can have given it up; called before anything
   * that has happened meanwhile is heard of.
   */
  constructor(
    config: CoreConfig,
    clock: Clock,
    execute: (effect: Effect) => void,
    stoodStill: (forMs: number) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#execute = execute;
    this.#stoodStill = stoodStill;
    this.#state = initialState(config, clock.now());
  }

  /** From now on time passes for the core, and its heartbeats go out. */
  start(): void {
    this.dispatch({ type: 'tick' });
  }

  get state(): CoreState {
    return this.#state;
  }

  /** An effect may bring about further events; they wait until all effects of this one are executed. */
  dispatch(event: CoreEvent): void {
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        const now = this.#clock.now();
        this.#look(now);
        const { state, effects, wakeAt } = step(this.#state, next, now);
        this.#state = state;
        // What others wait for goes before what this party does by itself.
        for (const effect of effects) if (effect.type === 'send') this.#execute(effect);
        for (const effect of effects) if (effect.type !== 'send') this.#execute(effect);
        this.#setTimer(wakeAt);
      }
    } finally {
      this.#busy = false;
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /**
   * A timer that comes so late that peers can have given this party up: the process was not run, whatever the reason.
   * They count from its last heartbeat, which may be as old as the next one is late when it stops.
   */
  #look(now: number): void {
    const forMs = now - Math.max(this.#wakeAt, this.#awakeAt);
    this.#awakeAt = now;
    const { lostAfterMs, heartbeatMs } = this.#state.config.bounds;
    if (forMs > lostAfterMs - heartbeatMs) this.#stoodStill(forMs);
  }

  #setTimer(wakeAt: number | null): void {
    this.stop();
    this.#wakeAt = wakeAt ?? Number.POSITIVE_INFINITY;
    if (wakeAt === null) return;
    const delay = Math.max(0, wakeAt - this.#clock.now());
    this.#timer = this.#clock.after(delay, () => this.dispatch({ type: 'tick' }));
  }
}
