/**
 * The steps of a program. Each call numbers its step at once, at every party, and what this party has to do for it
 * begins as soon as its inputs are there; nothing here waits.
 */
import { invariant, UsageError } from '../../base/errors.ts';
import type { Failure, StepKind, TrailEntry } from '../../coordination/failure.ts';
import { inlineEngine, type TaskEngine } from '../../engine/task-engine.ts';
import { MemberChannel } from '../data-plane/channel.ts';
import { Delivery } from '../data-plane/delivery.ts';
import type { Exchange, Expectation } from '../data-plane/exchange.ts';
import { PartyAbsentError, type RunAbortedError } from '../model/abort.ts';
import type { Handle } from '../model/handle-types.ts';
import type { StepRun } from '../state/activity.ts';
import type { Branch, StepPlan } from '../state/branch.ts';
import { Cell, whenAll } from '../state/cell.ts';
import type { RunState } from '../state/run-state.ts';
import { Scope } from '../state/scope.ts';
import { addCopy, type Copy, copyAt, type HandleRecord, type LocatedValue, makeHandle } from './handle.ts';
import type { Lockstep } from './lockstep.ts';
import type { StepInput } from './placement.ts';
import { checkBorder, checkMembers } from './placement.ts';
import type { OpenedConclave, OpenedScope, TaskPlan } from './plans.ts';

interface Issued {
  readonly branch: Branch;
  readonly entry: TrailEntry;
}

export class Scheduler {
  readonly state: RunState;
  readonly lockstep: Lockstep;
  readonly #exchange: Exchange;
  readonly #delivery: Delivery;
  /** Of each party in a scope: where the party's loss is tolerated, its tasks fail with it nevertheless. */
  readonly #firstTasks = new WeakMap<Scope, Map<string, Issued>>();
  readonly #settling: ((branch: Branch, ended: boolean) => void)[] = [];
  readonly #resolveTo: (record: HandleRecord, parties: readonly unknown[]) => Handle;

  /** `resolveTo` is what the method `to` of a handle does; it checks the parties and calls {@link transfer}. */
  constructor(
    state: RunState,
    lockstep: Lockstep,
    exchange: Exchange,
    resolveTo: (record: HandleRecord, parties: readonly unknown[]) => Handle,
  ) {
    this.state = state;
    this.lockstep = lockstep;
    this.#exchange = exchange;
    this.#delivery = new Delivery(state, exchange);
    this.#resolveTo = resolveTo;
  }

  task(plan: TaskPlan): Handle {
    const { party, name, inputs, source } = plan;
    const branch = this.begin(inputs, [party]);
    const ids = inputs.map(({ value }) => value.id);
    const entry = this.#issue(branch, { kind: 'task', name, places: [party], inputs: ids, source });
    if (branch.scope.tolerates.includes(party)) this.#rememberFirst(party, branch, entry);
    this.#require(branch, entry, [party]);
    const cell = party === this.state.party ? new Cell() : undefined;
    if (cell !== undefined)
      this.whenReady(entry, branch.scope, inputs, cell, (values) => plan.code(values, branch.scope), true);
    const copies = new Map([[party, [{ branch, cell }]]]);
    return this.#handle({ id: entry.stepId, name, copies }, [party], cell, branch);
  }

  /** Sends a value to parties that do not have it yet; gives a handle to it there. */
  transfer(record: HandleRecord, targets: readonly string[]): Handle {
    const branch = this.begin([record], targets);
    const { entry, cell } = this.#move(branch, 'transfer', record, targets);
    this.#require(branch, entry, targets);
    return this.#handle(record.value, targets, targets.includes(this.state.party) ? cell : undefined, branch);
  }

  reveal(record: HandleRecord): Promise<unknown> {
    const branch = this.begin([record]);
    this.settle(branch, false);
    const { entry, cell } = this.#move(branch, 'reveal', record, branch.parties);
    return branch.scope.promise((resolve) => {
      cell?.when(
        (value) => {
          // Also where it has just arrived: later steps may take the same object as an input.
          this.#delivery
            .publish(value, entry)
            .then(resolve, (error: unknown) => this.state.fail(error, entry, branch.scope));
        },
        // The failure has been reported where it happened; this ends with the verdict.
        () => {},
      );
    });
  }

  /** Ends a branch of `parallel`: it issues no further steps. */
  closeBranch(child: Branch): void {
    child.close();
    this.#exchange.recheckEarly();
  }

  /** A step that opens a scope of its own, and the branch in which the code of the scope runs. */
  openScope(name: string, detail: string, tolerates: readonly string[] = []): OpenedScope {
    const branch = this.begin([]);
    this.settle(branch, false);
    const plan = { kind: 'attempt', name, places: branch.parties, inputs: [], source: detail } as const;
    const entry = this.#issue(branch, plan, [], tolerates);
    const run = this.state.activity.begin(entry, true);
    run.start();
    const scope = new Scope(entry.stepId, branch.scope, branch.parties, tolerates);
    const [child] = this.lockstep.fork(branch, entry.stepId, 1, scope);
    invariant(child, 'a scope has one branch');
    return { entry, outer: branch.scope, branch, child, run };
  }

  /** Ends what runs in a scope; what peers still send for it is dropped. */
  cancelScope(scope: Scope, reason: RunAbortedError): void {
    this.lockstep.drop(scope.path);
    scope.abort(reason);
    this.state.disclosures.cancel(scope);
    this.state.activity.abortWaiting(scope);
    this.#exchange.drop(scope);
  }

  /** The parties have agreed on the outcome of a scope, and on who was lost before it ended. */
  closeScope(branch: Branch, child: Branch, failure: Failure | null, absent: readonly string[]): void {
    if (failure === null) this.lockstep.join(branch, [child]);
    else this.lockstep.abandon(branch, child, failure.incident);
    branch.lose(absent.filter((party) => branch.parties.includes(party)));
    this.#exchange.recheckEarly();
  }

  /** A step that only its members execute any further. `own` is there at a member. */
  openConclave(members: readonly string[]): OpenedConclave {
    const branch = this.begin([], members);
    this.settle(branch, false);
    const plan = { kind: 'conclave', name: 'conclave', places: members, inputs: [], source: '' } as const;
    const entry = this.#issue(branch, plan);
    this.#require(branch, entry, members);
    const cell = members.includes(this.state.party) ? new Cell() : undefined;
    const result = this.locate({ id: entry.stepId, name: 'conclave', owners: members, cell, branch });
    if (cell === undefined) return { entry, branch, result, own: null };
    const run = this.state.activity.begin(entry, true);
    run.start();
    const [child] = this.lockstep.fork(branch, entry.stepId, 1, branch.scope, members);
    invariant(child, 'a conclave has one branch');
    return { entry, branch, result, own: { run, child, cell } };
  }

  /** This party is through with a conclave. */
  closeConclave(branch: Branch, child: Branch): void {
    this.lockstep.leave(branch, child);
    this.#exchange.recheckEarly();
  }

  /** See {@link Delivery.publish}. */
  publish(value: unknown, entry: TrailEntry): Promise<unknown> {
    return this.#delivery.publish(value, entry);
  }

  /**
   * For steps that gather before they run (src/program/devices/secure/runtime.ts): called where a branch may wait, and
   * at its end.
   */
  onSettle(listener: (branch: Branch, ended: boolean) => void): void {
    this.#settling.push(listener);
  }

  settle(branch: Branch, ended: boolean): void {
    for (const listener of this.#settling) listener(branch, ended);
  }

  /** Numbers a step that its caller executes. */
  issue(branch: Branch, plan: StepPlan, expectations?: readonly Expectation[]): TrailEntry {
    const entry = this.#issue(branch, plan, expectations);
    this.#require(branch, entry, plan.kind === 'parallel' ? [] : plan.places);
    return entry;
  }

  /** A channel for a step that has not been issued yet. */
  memberChannel(members: readonly string[], signal: AbortSignal): MemberChannel {
    return new MemberChannel(this.state.party, members, this.#exchange, signal);
  }

  /** A handle to what a step has left at its owners. */
  locate(at: {
    readonly id: string;
    readonly name: string;
    readonly owners: readonly string[];
    readonly cell: Cell | undefined;
    readonly branch: Branch;
  }): Handle {
    const { id, name, owners, cell, branch } = at;
    const copies = owners.map((party): [string, Copy[]] => [
      party,
      [{ branch, cell: party === this.state.party ? cell : undefined }],
    ]);
    return this.#handle({ id, name, copies: new Map(copies) }, owners, cell, branch);
  }

  /**
   * Every step begins here: none is issued after the end of its scope, with a value of a scope that has failed, or
   * across the border of a conclave.
   */
  begin(inputs: readonly StepInput[], places: readonly string[] = []): Branch {
    const branch = this.lockstep.current();
    branch.scope.throwIfAborted();
    checkMembers(branch, places);
    for (const input of inputs) {
      const { branch: home, value } = input;
      checkBorder(branch, input);
      if (!home.scope.aborted || home.scope === branch.scope) continue;
      throw new UsageError(
        'PRIVITY_HANDLE_SCOPE_FAILED',
        `"${value.name}" was made in an attempt that has failed, so it does not exist. Return public values or handles from attempts that succeeded.`,
      );
    }
    return branch;
  }

  /** The run goes on without a party. What waits for it fails; what is sent to it counts as sent. */
  exclude(party: string, failure: Failure): void {
    this.state.exclude(party, failure);
    for (const entry of this.#exchange.exclude(party)) {
      const branch = this.lockstep.branchOf(entry);
      if (branch) this.#require(branch, entry, [party]);
    }
    for (const scope of this.lockstep.scopes()) {
      const task = this.#firstTasks.get(scope)?.get(party);
      if (task && !scope.aborted) this.#require(task.branch, task.entry, [party]);
    }
  }

  #rememberFirst(party: string, branch: Branch, entry: TrailEntry): void {
    const tasks = this.#firstTasks.get(branch.scope) ?? new Map<string, Issued>();
    this.#firstTasks.set(branch.scope, tasks);
    if (!tasks.has(party)) tasks.set(party, { branch, entry });
  }

  /** Fails a step that needs a party without which the run goes on. */
  #require(branch: Branch, entry: TrailEntry, parties: readonly string[]): void {
    for (const party of parties) {
      const loss = this.state.lossOf(party);
      if (loss) return void this.state.fail(new PartyAbsentError(loss), entry, branch.scope);
    }
  }

  #issue(
    branch: Branch,
    plan: StepPlan,
    expectations: readonly Expectation[] = [],
    tolerates: readonly string[] = [],
  ): TrailEntry {
    this.state.guard.issuing(plan.kind, plan.name);
    const entry = branch.issue(plan);
    this.state.host.stepIssued(tolerates.length > 0 ? { ...entry, tolerates } : entry);
    this.#exchange.issued(entry, expectations);
    return entry;
  }

  #handle(value: LocatedValue, owners: readonly string[], cell: Cell | undefined, branch: Branch): Handle {
    const record: HandleRecord = { run: this.state, value, owners, cell, branch };
    return makeHandle(record, (...parties) => this.#resolveTo(record, parties));
  }

  /** Moves a value from the first of its owners to every target that does not have it, and says where it is here. */
  #move(
    branch: Branch,
    kind: StepKind,
    record: HandleRecord,
    targets: readonly string[],
  ): { readonly entry: TrailEntry; readonly cell: Cell | undefined } {
    const { value, owners } = record;
    const source = owners.find((owner) => branch.parties.includes(owner)) ?? owners[0] ?? '';
    const me = this.state.party;
    const lacking = targets.filter((party) => !owners.includes(party) && !copyAt(value, party, branch));
    const arriving = lacking.includes(me) ? new Cell() : undefined;
    const here = arriving ?? record.cell ?? copyAt(value, me, branch)?.cell;
    let run: StepRun | undefined;
    const plan: StepPlan = {
      kind,
      name: value.name,
      places: this.state.parties.filter((party) => party === source || targets.includes(party)),
      inputs: [value.id],
      source,
    };
    this.state.guard.expects({ step: value.name, kind, from: source, to: lacking });
    const expectation: Expectation = {
      peer: source,
      kind: 'value',
      deliver: (mail) => {
        this.#exchange.fulfilled(source, mail.frame.stepId);
        if (run && arriving) void this.#delivery.receive(run, mail, arriving, branch.scope);
      },
    };
    const entry = this.#issue(branch, plan, arriving ? [expectation] : []);
    if (lacking.some((party) => !this.state.lossOf(party))) this.#require(branch, entry, [source]);
    for (const party of lacking) addCopy(value, party, { branch, cell: party === me ? arriving : undefined });
    if (arriving) {
      run = this.state.activity.begin(entry, false);
      run.start();
    } else if (source === me && lacking.length > 0) {
      if (record.cell) this.#sendWhenReady(entry, branch.scope, record.cell, lacking);
    } else if (plan.places.includes(me)) {
      // The value is here, and others are not given it from here: the party's part is done.
      run = this.state.activity.begin(entry, false);
      run.start();
      run.finish('completed');
    }
    return { entry, cell: here };
  }

  #sendWhenReady(entry: TrailEntry, scope: Scope, cell: Cell, to: readonly string[]): void {
    const disclosure = this.state.declare(entry, to);
    const run = this.state.activity.begin(entry, false);
    cell.when(
      (value) => {
        if (scope.aborted) return run.finish('aborted');
        run.start();
        this.#delivery.send(entry, value, to, scope, disclosure).then(
          () => run.finish('completed'),
          (error: unknown) => {
            const failed = this.state.fail(error, entry, scope);
            if (failed) disclosure.refuse(error);
            run.finish(failed ? 'failed' : 'aborted');
          },
        );
      },
      () => run.finish('aborted'),
    );
  }

  /**
   * Runs code for a step when its inputs are there, and puts what it gives into the cell. `task`: the code is of the
   * job, and the run's engine says when it begins; what members do together begins at once, since others wait for it.
   */
  whenReady(
    entry: TrailEntry,
    scope: Scope,
    inputs: readonly HandleRecord[],
    cell: Cell,
    code: (values: readonly unknown[]) => unknown,
    task = false,
  ): void {
    const engine = task ? (this.state.options.engine ?? inlineEngine) : inlineEngine;
    const run = this.state.activity.begin(entry, true);
    whenAll(
      inputs.map((input) => input.cell ?? new Cell()),
      // Not at once: the job function goes on issuing steps before the code of the first one runs.
      (values) => queueMicrotask(() => void this.#execute(run, scope, engine, () => code(values), cell)),
      () => {
        cell.die();
        run.finish('aborted');
      },
    );
  }

  async #execute(
    run: StepRun,
    scope: Scope,
    engine: TaskEngine,
    code: () => unknown,
    cell: Cell,
  ): Promise<void> {
    if (scope.aborted) {
      cell.die();
      return run.finish('aborted');
    }
    const { stepId, name } = run.entry;
    try {
      const value = await engine.run({ stepId, name, signal: scope.signal }, () => {
        run.start();
        return this.lockstep.inTask(run.entry, async () => {
          this.state.options.beforeTask?.(run.entry);
          return code();
        });
      });
      cell.set(value);
      run.finish('completed');
    } catch (error) {
      const failed = this.state.fail(error, run.entry, scope);
      cell.die();
      run.finish(failed ? 'failed' : 'aborted');
    }
  }
}
