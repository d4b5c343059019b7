/**
 * The steps of single parties, each computed once. A search over interleavings meets the same party in the same state
 * with the same message again and again, so states, messages and queues are interned (equal ones are one small number)
 * and the result of `step` is remembered. What remains for each transition of the whole is a look-up and a hash of a
 * few numbers.
 */
import { step } from '../../src/coordination/machine.ts';
import type { CoreEvent, CoreState, Effect, Message } from '../../src/coordination/types.ts';

/** Equal values, by their canonical text, become one number. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly values: T[] = [];

  id(value: T, text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.values.length;
    this.#ids.set(text, id);
    this.values.push(value);
    return id;
  }

  at(id: number): T {
    const value = this.values[id];
    if (value === undefined) throw new RangeError(`nothing has the number ${id}`);
    return value;
  }
}

/** What one party does with one event. */
export interface LocalStep {
  readonly core: number;
  /** Receiver, message, receiver, message, ... in the order of sending. */
  readonly sends: readonly number[];
  /** All effects, for those who follow the program, and for the checks. */
  readonly effects: readonly Effect[];
  /** Peers that this party gave up on with this step. */
  readonly gaveUpOn: readonly number[];
  readonly wakeAt: number | null;
  readonly now: number;
}

/** Numbers of events must leave room for the number of the core in a double: 2^53 / 2^28. */
const EVENT_RANGE = 2 ** 28;

export class LocalSteps {
  readonly #cores = new Interner<CoreState>();
  readonly #messages = new Interner<Message>();
  readonly #queues = new Interner<readonly number[]>();
  readonly #appended = new Map<number, number>();
  readonly #rests: number[] = [];
  /** By moment: results by core and event. */
  readonly #memo: Map<number, LocalStep>[] = [];
  /** Steps that were really computed. */
  computed = 0;

  constructor() {
    this.#queues.id([], '');
  }

  get states(): number {
    return this.#cores.values.length;
  }

  core(id: number): CoreState {
    return this.#cores.at(id);
  }

  internCore(core: CoreState): number {
    return this.#cores.id(core, canonicalText(core));
  }

  message(id: number): Message {
    return this.#messages.at(id);
  }

  queue(id: number): readonly number[] {
    return this.#queues.at(id);
  }

  /** The queue with one more message at its end; 0 is the empty queue. */
  append(queue: number, message: number): number {
    const key = queue * EVENT_RANGE + message;
    let longer = this.#appended.get(key);
    if (longer === undefined) {
      const items = [...this.queue(queue), message];
      longer = this.#queues.id(items, items.join());
      this.#appended.set(key, longer);
    }
    return longer;
  }

  /** The queue with another last message. */
  replaceLast(queue: number, message: number): number {
    const items = this.queue(queue).slice(0, -1);
    return this.append(this.#queues.id(items, items.join()), message);
  }

  head(queue: number): number {
    return this.queue(queue)[0] ?? -1;
  }

  rest(queue: number): number {
    let rest = this.#rests[queue];
    if (rest === undefined) {
      const items = this.queue(queue).slice(1);
      rest = this.#queues.id(items, items.join());
      this.#rests[queue] = rest;
    }
    return rest;
  }

  /** `event` is asked for only if this step is new; `number` must tell it from every other event at that moment. */
  step(core: number, number: number, moment: number, now: number, event: () => CoreEvent): LocalStep {
    let memo = this.#memo[moment];
    if (memo === undefined) {
      memo = new Map();
      this.#memo[moment] = memo;
    }
    const key = core * EVENT_RANGE + number;
    let result = memo.get(key);
    if (result === undefined) {
      result = this.#compute(core, event(), now);
      memo.set(key, result);
    }
    return result;
  }

  #compute(id: number, event: CoreEvent, now: number): LocalStep {
    this.computed += 1;
    const { state, effects, wakeAt } = step(this.core(id), event, now);
    const sends = effects.flatMap((effect) =>
      effect.type === 'send'
        ? [effect.to, this.#messages.id(effect.message, JSON.stringify(effect.message))]
        : [],
    );
    const gaveUpOn = effects.flatMap((e) => (e.type === 'peer' && e.state === 'lost' ? [e.peer] : []));
    return { core: this.internCore(state), sends, effects, gaveUpOn, wakeAt, now };
  }
}

/** Equal texts mean states that behave alike: all fields but the configuration, with maps as lists. */
function canonicalText(core: CoreState): string {
  return JSON.stringify({
    ...core,
    config: core.config.self,
    trail: { ...core.trail, branches: [...core.trail.branches] },
    scopes: sorted(core.scopes),
    conclaves: sorted(core.conclaves),
    concluded: sorted(core.concluded),
  });
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
