/**
 * Where the program of this party is: its branches, which of them issues the next step, and which steps are still to
 * come.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { UsageError } from '../../base/errors.ts';
import type { TrailEntry } from '../../coordination/failure.ts';
import { Branch, positionOf, type StepPlan } from '../state/branch.ts';
import type { Scope } from '../state/scope.ts';

/** What code is running: a branch of the job function, or a task. */
type Place = { readonly branch: Branch } | { readonly task: TrailEntry };

/** All runs of a process share it: a step belongs to the run whose code issues it. */
const places = new AsyncLocalStorage<Place>();

export class Lockstep {
  readonly root: Branch;
  readonly #open = new Map<string, Branch>();
  /** Steps whose scope has been cancelled: what peers still send for them is nobody's. */
  readonly #dropped = new Set<string>();

  constructor(seed: Buffer, scope: Scope) {
    this.root = new Branch('', null, seed, scope, scope.parties);
    this.#open.set('', this.root);
  }

  /**
   * The branch in which the caller's next step goes.
   * @throws {UsageError} PRIVITY_STEP_INSIDE_TASK, PRIVITY_STEP_OUTSIDE_RUN, PRIVITY_BRANCH_BUSY
   */
  current(): Branch {
    const place = places.getStore();
    if (place !== undefined && 'task' in place) {
      throw new UsageError(
        'PRIVITY_STEP_INSIDE_TASK',
        `The code of task "${place.task.name}" tried to issue a step. Only the job function can: return the value from the task instead.`,
        { stepId: place.task.stepId },
      );
    }
    const branch = place?.branch;
    if (branch === undefined || this.#open.get(branch.path) !== branch || branch.closed) {
      throw new UsageError(
        'PRIVITY_STEP_OUTSIDE_RUN',
        'A step was issued outside the running job function. Issue steps in the job function or in functions that it awaits.',
      );
    }
    if (branch.forkedAt !== null) {
      throw new UsageError(
        'PRIVITY_BRANCH_BUSY',
        `A step was issued while the branches of parallel (step ${branch.forkedAt}) are running. Await parallel(...) first, or make the step a branch of it.`,
        { stepId: branch.forkedAt },
      );
    }
    return branch;
  }

  /** The innermost scopes of the branches that are open. */
  scopes(): ReadonlySet<Scope> {
    return new Set([...this.#open.values()].map(({ scope }) => scope));
  }

  /** The branch that a step lies in; undefined once that is over. */
  branchOf({ branch }: TrailEntry): Branch | undefined {
    return this.#open.get(branch);
  }

  issue(plan: StepPlan): TrailEntry {
    return this.current().issue(plan);
  }

  fork(
    branch: Branch,
    stepId: string,
    count: number,
    scope?: Scope,
    members?: readonly string[],
  ): readonly Branch[] {
    const branches = branch.fork(stepId, count, scope, members);
    for (const child of branches) this.#open.set(child.path, child);
    return branches;
  }

  join(branch: Branch, branches: readonly Branch[]): void {
    for (const child of branches) this.#open.delete(child.path);
    branch.join(branches);
  }

  /** The conclave that a branch forked into is over at this party. */
  leave(branch: Branch, child: Branch): void {
    child.close();
    this.#open.delete(child.path);
    branch.resume();
  }

  /** The scope that a step opened is cancelled, or will be when it is opened. */
  drop(stepId: string): void {
    this.#dropped.add(stepId);
  }

  /** The scope of a branch has failed at all parties. */
  abandon(branch: Branch, child: Branch, failure: string): void {
    for (const path of this.#open.keys()) {
      if (path === child.path || path.startsWith(`${child.path}/`)) this.#open.delete(path);
    }
    branch.abandon(failure);
  }

  inBranch<T>(branch: Branch, code: () => T): T {
    return places.run({ branch }, code);
  }

  inTask<T>(task: TrailEntry, code: () => T): T {
    return places.run({ task }, code);
  }

  /** Runs code that belongs to no step, so that what it starts does not keep a branch's context. */
  outside<T>(code: () => T): T {
    return places.exit(code);
  }

  /**
   * `past`: this party has issued the step. `never`: its program goes another way. `dropped`: its scope has been
   * cancelled.
   */
  whereIs(stepId: string): 'past' | 'future' | 'never' | 'dropped' {
    if (this.#dropped.size > 0 && this.#isDropped(stepId)) return 'dropped';
    const { branch: path, position } = positionOf(stepId);
    const branch = this.#open.get(path);
    if (branch !== undefined) {
      if (position < branch.next) return 'past';
      return branch.closed ? 'never' : 'future';
    }
    const parallel = path.slice(0, path.lastIndexOf('/'));
    return this.whereIs(parallel) === 'future' ? 'future' : 'never';
  }

  #isDropped(stepId: string): boolean {
    for (let cut = stepId.lastIndexOf('/'); cut > 0; cut = stepId.lastIndexOf('/', cut - 1)) {
      if (this.#dropped.has(stepId.slice(0, cut))) return true;
    }
    return false;
  }
}
