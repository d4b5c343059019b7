/**
 * The one way to write: changes, one after the other, each whole or not at all. Those that wait at the same moment
 * share a commit, and with it the fsync that makes them durable; a change resolves after the commit that has it in it.
 * Each of them stands behind a savepoint, so that one that throws takes nothing of the others with it.
 */
import type { Kysely, KyselyPlugin } from 'kysely';
import { EnvironmentError, InternalError, PrivityError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Clock } from '../../contracts/index.ts';
import type { Backend } from './backend.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Schema } from './schema.ts';

interface Waiting {
  /** Resolves with how the caller is told, once the group is committed. */
  perform(): Promise<() => void>;
  reject(error: unknown): void;
}

const FIRST = 'savepoint "change"';
/** What was kept is not undone by what comes next. */
const NEXT = 'release savepoint "change"; savepoint "change"';

/** How a change went, before its caller is told. */
interface Outcome {
  /** It has thrown. */
  readonly isUndone: boolean;
  tell(): void;
}

export interface ChangesOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  /** What was known of the writes of changes may not be so any more. */
  readonly onUndone: () => void;
  /** Default: {@link STORE_LIMITS}. */
  readonly changeTimeoutMs?: number;
}

export class Changes {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #onUndone: () => void;
  readonly #changeTimeoutMs: number;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #isClosed = false;
  #lost: EnvironmentError | undefined;

  constructor({ backend, clock, onUndone, changeTimeoutMs = STORE_LIMITS.changeTimeoutMs }: ChangesOptions) {
    this.#backend = backend;
    this.#clock = clock;
    this.#onUndone = onUndone;
    this.#changeTimeoutMs = changeTimeoutMs;
    void backend.lost.then((error) => {
      this.#lost = error;
    });
  }

  /**
   * @returns what `work` returns, once all that it wrote is durable
   * @throws what `work` throws, and whatever it wrote is undone; errors of the store
   */
  make<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (this.#isClosed)
      return Promise.reject(new EnvironmentError('PRIVITY_STORE_CLOSED', 'the node is stopping'));
    if (this.#waiting.length >= STORE_LIMITS.waitingChangesMax)
      return Promise.reject(slow(`${STORE_LIMITS.waitingChangesMax} changes wait for their turn`));
    return new Promise<T>((resolve, reject) => {
      const perform = async (): Promise<() => void> => {
        const value = await this.#within(work);
        return () => resolve(value);
      };
      this.#waiting.push({ perform, reject });
      this.#working ??= this.#work();
    });
  }

  /** Takes no more, and resolves when those that wait are through. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What else comes up in this turn of the event loop shares the commit; and others have their turn, too.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#group(this.#waiting.splice(0, STORE_LIMITS.groupChangesMax));
    }
    this.#working = undefined;
  }

  async #group(group: readonly Waiting[]): Promise<void> {
    const outcomes: Outcome[] = [];
    const isShared = group.length > 1;
    try {
      await this.#backend.begin();
      for (const change of group) {
        if (isShared) await this.#backend.execute(outcomes.length === 0 ? FIRST : NEXT);
        outcomes.push(await this.#outcome(change, isShared));
      }
      if (outcomes.every(({ isUndone }) => isUndone)) await this.#backend.rollback();
      else await this.#backend.commit();
    } catch (error) {
      await this.#backend.rollback();
      this.#onUndone();
      // One that has thrown by itself hears that: it is nearer.
      group.forEach(({ reject }, at) => {
        if (outcomes[at]?.isUndone === true) outcomes[at].tell();
        else reject(error);
      });
      return;
    }
    for (const { tell } of outcomes) tell();
  }

  /** @throws where not even the savepoint could be had again: all of the group is lost. */
  async #outcome({ perform, reject }: Waiting, isShared: boolean): Promise<Outcome> {
    try {
      return { isUndone: false, tell: await perform() };
    } catch (error) {
      if (isShared) await this.#undo(error);
      this.#onUndone();
      return { isUndone: true, tell: () => reject(error) };
    }
  }

  /** A database that has no room may have undone all of the group by itself: then that is what is told. */
  async #undo(cause: unknown): Promise<void> {
    try {
      await this.#backend.execute('rollback to savepoint "change"');
    } catch (error) {
      throw cause instanceof PrivityError ? cause : error;
    }
  }

  /** A change that is over, in whatever way, can write no more: it would be in somebody else's transaction. */
  async #within<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    let isOver = false;
    const guard: KyselyPlugin = {
      transformQuery({ node }) {
        if (isOver) throw new InternalError('a query for a change of the store that is over');
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.after(this.#changeTimeoutMs, () =>
        reject(slow(`a change did not end within ${this.#changeTimeoutMs} ms`)),
      );
    });
    const working = (async () => work(this.#backend.writes.withPlugin(guard)))();
    try {
      return await Promise.race([working, late]);
    } finally {
      isOver = true;
      timer?.cancel();
      void ignored(working, 'it was given up, and the caller knows');
    }
  }
}

const slow = (what: string): EnvironmentError => new EnvironmentError('PRIVITY_STORE_SLOW', what);
