/** Values on their way out of this party and into it. */
import { ignored } from '../../base/ignored.ts';
import type { TrailEntry } from '../../coordination/failure.ts';
import { decodeValue, type EncodedValue, snapshotValue } from '../../wire/value-codec.ts';
import { describeValue } from '../../wire/value-describe.ts';
import { formOf } from '../../wire/value-form.ts';
import { memorySource } from '../../wire/value-source.ts';
import type { StepRun } from '../state/activity.ts';
import type { Cell } from '../state/cell.ts';
import type { OpenDisclosure } from '../state/disclosures.ts';
import type { RunState } from '../state/run-state.ts';
import type { Scope } from '../state/scope.ts';
import type { Exchange } from './exchange.ts';
import type { Mail } from './mailbox.ts';

/** Tables that are turned into bytes and sent at one time; each takes twice its size in memory. */
export const TABLE_SENDS_MAX = 2;

export class Delivery {
  readonly #state: RunState;
  readonly #exchange: Exchange;
  #encoding = 0;
  readonly #queue: (() => void)[] = [];

  constructor(state: RunState, exchange: Exchange) {
    this.#state = state;
    this.#exchange = exchange;
  }

  /** Sends a value as it is now to the peers. Resolves with what was sent when the links have taken it over. */
  async send(
    entry: TrailEntry,
    value: unknown,
    to: readonly string[],
    scope: Scope,
    disclosure: OpenDisclosure,
  ): Promise<EncodedValue> {
    const { codec, guard } = this.#state;
    const pending = snapshotValue(value, whereOf(entry), codec);
    // Of the value as it is now: code of the job may change it while it is encoded.
    const form = guard.looks ? formOf(value, codec.adapters) : undefined;
    const description = { ...describeValue(value, codec.adapters), form };
    if (pending.deferred) await this.#enter();
    try {
      const encoded = await pending.encode();
      scope.throwIfAborted();
      disclosure.describe(description, () => encoded.bytes);
      await Promise.all(
        to.map((peer) =>
          this.#exchange.send(peer, entry, 'value', encoded.body(), 0, () => disclosure.leaves([peer])),
        ),
      );
      disclosure.whole();
      return encoded;
    } finally {
      if (pending.deferred) this.#leave();
    }
  }

  /** A value has arrived for a step that waits for it. */
  async receive(run: StepRun, mail: Mail, cell: Cell, scope: Scope): Promise<void> {
    try {
      const value = await decodeValue(mail.source(), this.#state.codec);
      await mail.release();
      if (scope.aborted) return;
      cell.set(value);
      run.finish('completed');
    } catch (error) {
      await ignored(mail.release(), 'what is not released goes with the temporary folder');
      this.#state.fail(error, run.entry, scope);
      cell.die();
      run.finish('failed');
    }
  }

  /**
   * The public form of a value at a party that has it: a copy that went through the codec, so that every party goes on
   * with an equal value that shares nothing with the task that made it.
   */
  async publish(value: unknown, entry: TrailEntry): Promise<unknown> {
    const pending = snapshotValue(value, whereOf(entry), this.#state.codec);
    if (typeof value !== 'object' || value === null || this.#isAdapted(value)) return value;
    const body = (await pending.encode()).body();
    return Symbol.asyncIterator in body ? value : decodeValue(memorySource(body), this.#state.codec);
  }

  #isAdapted(value: object): boolean {
    return this.#state.codec.adapters?.some((adapter) => adapter.matches(value)) ?? false;
  }

  async #enter(): Promise<void> {
    if (this.#encoding < TABLE_SENDS_MAX) this.#encoding += 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  /** The place goes to the next in the queue, if there is one. */
  #leave(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#encoding -= 1;
  }
}

const whereOf = (entry: TrailEntry): string => `The value of step ${entry.stepId} "${entry.name}"`;
