/** What a job is given: its parties, what tasks get, and the functions of the job's context. */
import type { Failure } from '../../coordination/failure.ts';
import type { Tensor } from '../../wire/value-kinds.ts';
import type { At } from './at.ts';
import type { AnySecret } from './device-types.ts';
import type { AnyParty, Handle, NamedParty, NameOf, OwnedBy, partyMark, valueMark } from './handle-types.ts';
import type { Attempted, QuorumResult, RetryPolicy } from './outcomes.ts';
import type { SettingsOf } from './schema-types.ts';
import type { NotSendable, Unsendable } from './sendable.ts';
import type { AllAwaited } from './unawaited.ts';

/** What the code of a task gets beside its inputs. */
export interface TaskContext<P extends string = string, S = Readonly<Record<string, string>>> {
  /** Private settings of the party; reading one that was not passed throws PRIVITY_SETTING_MISSING. */
  readonly settings: S;
  /** Fires when the run ends before the task does; its reason is a RunAbortedError with the verdict. */
  readonly signal: AbortSignal;
  /** The party at which the task runs. */
  readonly party: P;
  /** A folder for temporary files; removed after the run. */
  readonly tempDir: string;
  /**
   * A file in `tempDir` for a page of results, in HTML. If the run completes, a party that was started with
   * `--report DIR` keeps it as `DIR/PARTY.html`, for itself; a link, or more than 16 MiB, is not kept.
   */
  readonly reportFile: string;
  /**
   * Calls the function if the task's scope fails, wherever: to release what the task has reserved outside. It has the
   * grace period, cannot undo the failure, and what it throws is only logged.
   */
  readonly onFailure: (code: (failure: Failure) => void | Promise<void>) => void;
}

/** What a handler of `party.onFailure` gets beside the failure. */
export type HandlerContext<P extends string, S> = Pick<
  TaskContext<P, S>,
  'settings' | 'party' | 'tempDir' | 'reportFile'
>;

/** Inputs of a task: handles by the names that its code gives them. */
export type Inputs = Readonly<Record<string, Handle>>;

/** Shown by the compiler where a step uses a value at a party that does not have it. */
export interface NotAt<P extends string, Owners extends string> {
  /** The party of the step, and the parties that have the value. */
  readonly 'Error: the value is not at this party; send it there with .to(party)': {
    readonly party: P;
    readonly owners: Owners;
  };
}

/** Shown by the compiler where a step is given a value in place of a handle. */
export interface NotAHandle {
  /** Use the value in the code of the task; it is the same at every party. */
  readonly 'Error: not a handle; public values can be used in the code of the task directly': never;
}

/** One input of a task at `P`: the handle, or what the compiler says if its value is not there. */
export type InputAt<P extends string, H> =
  H extends At<infer Owners extends string, infer _T>
    ? P extends Owners
      ? H
      : NotAt<P, Owners>
    : NotAHandle;

/** The inputs of a task at `P`, each checked to be there. */
export type InputsAt<P extends string, I> = { readonly [K in keyof I]: InputAt<P, I[K]> };
/** What the code of a task sees: the values of its inputs by name. */
export type InputValues<I extends Inputs> = { readonly [K in keyof I]: I[K][typeof valueMark] };

/** One party of the running job. */
export interface Party<in out P extends string, S = Readonly<Record<string, string>>> extends AnyParty {
  /** @internal Tells types apart; not there at run time. */
  readonly [partyMark]: P;
  /** Its name in the job and in the federation. */
  readonly name: P;

  /**
   * A task: code that runs at this party, as soon as its inputs are there. At all other parties nothing runs, but the
   * step is counted. The name is public: it appears in progress, ledger and failures of every party.
   *
   * The code sees its inputs by name, its party's private settings and an AbortSignal. Do not modify inputs.
   * @param name at most `STEP_NAME_CHARS_MAX` characters
   * @throws {UsageError} PRIVITY_STEP_INVALID, PRIVITY_HANDLE_NOT_HERE, PRIVITY_STEP_INSIDE_TASK, PRIVITY_BRANCH_BUSY
   * @throws {RunAbortedError} the run has ended
   * @example const rate = bob.run('rate', { rows }, ({ rows }, { signal }) => mean(rows));
   */
  run<T>(name: string, code: (context: TaskContext<P, S>) => T): At<P, Awaited<T>>;
  /** For functions over any party, where the compiler cannot look into `P`. */
  run<I extends Readonly<Record<string, OwnedBy<P>>>, T>(
    name: string,
    inputs: I,
    code: (inputs: InputValues<I>, context: TaskContext<P, S>) => T,
  ): At<P, Awaited<T>>;
  /** With inputs: handles to values that this party has; the code gets the values under the same names. */
  run<I extends Inputs, T>(
    name: string,
    inputs: I & InputsAt<P, I>,
    code: (inputs: InputValues<I>, context: TaskContext<P, S>) => T,
  ): At<P, Awaited<T>>;

  /**
   * Calls the function at this party if the scope in which this is said fails: the run, or the `attempt` around it. Not
   * a step. Handlers run after the AbortSignal has fired, the last registered first, within the grace period; they
   * cannot undo the failure, and what they throw is only logged.
   * @example alice.onFailure(async ({ code }, { settings }) => releaseLock(settings.lock, code));
   */
  onFailure(code: (failure: Failure, context: HandlerContext<P, S>) => void | Promise<void>): void;
}

/**
 * Makes the value of a handle, or a secret, public: to all parties, or to the members of the conclave in which that is
 * said.
 */
export interface Reveal<P extends string = string> {
  /** Opens a secret to all parties. A line in the ledgers of the device's members. */
  (secret: AnySecret): Promise<Tensor<Float64Array>>;
  /** Sends a value to every party that does not have it. A line in the ledger of its owner. */
  <Owners extends P, T>(
    value: At<Owners, T> & ([Unsendable<T>] extends [never] ? unknown : NotSendable<Unsendable<T>>),
  ): Promise<T>;
}

/**
 * Runs functions of the job side by side.
 * @example
 * const counts = await parallel([
 *   () => reveal(alice.run('count', () => 12)),
 *   () => reveal(bob.run('count', () => 30)),
 * ]);
 * return mean(counts);
 */
export type Parallel = <const F extends readonly (() => unknown)[]>(
  branches: F & { readonly [K in keyof F]: AllAwaited<ReturnType<F[K]>> },
) => Promise<{ -readonly [K in keyof F]: Awaited<ReturnType<F[K]>> }>;

/**
 * Runs a part of the program among some of the parties `P`.
 * @example
 * const larger = await conclave([alice, bob], async ({ reveal }) => Math.max(await reveal(x), await reveal(y)));
 * return await reveal(larger); // carol has seen neither x nor y
 */
export type Conclave<P extends string, A, S> = <
  const M extends readonly [NamedParty<P>, ...NamedParty<P>[]],
  T,
>(
  members: M,
  code: ((context: JobContext<NameOf<M[number]> & P, A, S>) => T | Promise<T>) &
    ([Unsendable<T>] extends [never] ? unknown : NotSendable<Unsendable<T>>),
) => Promise<At<NameOf<M[number]>, T>>;

/**
 * Runs a part of the program for each of some parties.
 * @example
 * const of = [alice, bob, carol] as const;
 * const { present, absent, values } = await quorum({ of, atLeast: 2 }, async (party) => {
 *   const count = party.run('count', () => 12);
 *   return await reveal(count);
 * });
 * return { counts: present.map((party) => values[party]), missing: absent.map(({ party }) => party) };
 */
export type Quorum<P extends string, A, S> = <
  const Of extends readonly [NamedParty<P>, ...NamedParty<P>[]],
  T,
>(
  options: {
    /** The parties for each of which the function runs. */
    readonly of: Of;
    /** How many of them have to come through: 1 to all. */
    readonly atLeast: number;
  },
  code: (<Q extends NameOf<Of[number]> & P>(
    party: Party<Q, SettingsOf<S, NameOf<Of[number]>>>,
    context: JobContext<P, A, S>,
  ) => T | Promise<T>) &
    AllAwaited<T>,
) => Promise<QuorumResult<NameOf<Of[number]>, T>>;

/** What the job function receives. The function of a conclave receives the same, with fewer parties. */
export type JobContext<P extends string, A, S> = { readonly [K in P]: Party<K, SettingsOf<S, K>> } & {
  /** Public arguments, the same at every party. */
  readonly args: A;
  /**
   * Sends the value to every party that does not have it and resolves with it at all of them. All control flow of the
   * job has to depend on such public values only. Listed in the ledger.
   * @throws {UsageError} PRIVITY_HANDLE_EXPECTED, PRIVITY_HANDLE_FOREIGN
   * @throws {RunAbortedError} the run ended before the value was there
   * @example const count = await reveal(bob.run('count', { rows }, ({ rows }) => rows.length));
   */
  readonly reveal: Reveal<P>;
  /**
   * Runs functions of the job side by side; each numbers its steps by itself, so their order in time does not matter.
   * Resolves with their results in order. Await it before the next step of the same function.
   * At most `PARALLEL_BRANCHES_MAX` branches.
   * @example const [atAlice, atBob] = await parallel([() => reveal(x), () => reveal(y)]);
   */
  readonly parallel: Parallel;
  /**
   * Runs a part of the program that may fail: if anything in it fails at any party, it is cancelled everywhere, and
   * every party's `attempt` gives the same failure at this point of the program, so that all can go on together. Values
   * made in an attempt that failed do not exist.
   *
   * If a party is lost in it, the attempt fails with that loss and the run goes on without the party, provided that
   * those who are left are a majority (docs/failure-model.md). A failure outside of the attempt ends the run all the
   * same. Cost: one message to each other party.
   * @example
   * const tried = await attempt(async () => reveal(bob.run('rate', { rows }, ({ rows }) => mean(rows))));
   * const rate = tried.ok ? tried.value : 0;
   */
  readonly attempt: <T>(code: (() => T | Promise<T>) & AllAwaited<T>) => Promise<Attempted<T>>;
  /**
   * Attempts until one succeeds, and gives its value.
   * @throws {ScopeFailedError} at every party, when the last attempt has failed or the failure is not worth another
   * @throws {UsageError} PRIVITY_STEP_INVALID
   * @example const sum = await retry({ attempts: 3, delayMs: 100 }, () => reveal(x));
   */
  readonly retry: <T>(
    policy: RetryPolicy,
    code: ((attempt: number) => T | Promise<T>) & AllAwaited<T>,
  ) => Promise<T>;
  /**
   * An attempt that has to end within `ms` milliseconds at every party. The first clock that runs out counts, and all
   * agree.
   * @throws {ScopeFailedError} at every party: DEADLINE_EXCEEDED, or what else failed in it
   * @throws {UsageError} PRIVITY_STEP_INVALID
   * @example const sum = await deadline(60_000, () => reveal(x));
   */
  readonly deadline: <T>(ms: number, code: (() => T | Promise<T>) & AllAwaited<T>) => Promise<T>;
  /**
   * Runs a part of the program among some parties only. The others count one step and go on at once: they neither see
   * what happens inside nor wait for it. In it `reveal` tells the members only, and `attempt`, `retry` and `deadline`
   * are decided by them alone. Every member then has what the function returns; send it to others with `to`. Nothing
   * else leaves a conclave, and only values of its members enter it. What fails in it uncaught fails the scope around
   * it.
   *
   * Await it before the next step of the same function. Cost: one message between each two members.
   * @throws {UsageError} PRIVITY_STEP_INVALID, PRIVITY_STEP_PARTY_UNKNOWN, PRIVITY_PARTY_NOT_IN_CONCLAVE,
   *   PRIVITY_HANDLE_CONCLAVE
   * @example
   * // At<'alice' | 'bob', number>
   * const sum = await conclave([alice, bob], async ({ reveal }) => (await reveal(x)) + (await reveal(y)));
   * carol.run('use', { sum: sum.to(carol) }, ({ sum }) => sum);
   */
  readonly conclave: Conclave<P, A, S>;
  /**
   * Runs a part of the program for each of some parties, side by side, and goes on with those that come through: a
   * party whose part fails, or which is lost before the quorum has ended, is absent. Every party gets the same list of
   * who is present, who is absent and why, and what the function gave for those who are present: public values, or
   * handles.
   *
   * Lost parties are out of the run from then on: nothing waits for them any more, and a step that needs one fails.
   * Survivors go on only if they are a majority of the run's parties (docs/failure-model.md).
   *
   * Await it before the next step of the same function. Cost: two messages from each party to each other, and one for
   * each part.
   * @throws {ScopeFailedError} QUORUM_NOT_MET at every party, when fewer than `atLeast` are present
   * @throws {UsageError} PRIVITY_STEP_INVALID, PRIVITY_STEP_PARTY_UNKNOWN
   * @example
   * const of = [alice, bob, carol] as const;
   * const counts = await quorum({ of, atLeast: 2 }, (party) => reveal(party.run('count', () => 12)));
   * return mean(counts.present.map((party) => counts.values[party] ?? 0));
   */
  readonly quorum: Quorum<P, A, S>;
};
