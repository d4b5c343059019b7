/** What the parts of the program room hand to the scheduler, and get from it. */
import type { TrailEntry } from '../coordination/failure.ts';
import type { StepRun } from './activity.ts';
import type { Branch } from './branch.ts';
import type { HandleRecord } from './handle.ts';
import type { Scope } from './scope.ts';

export interface OpenedScope {
  readonly entry: TrailEntry;
  /** The scope in which the step lies. */
  readonly outer: Scope;
  readonly branch: Branch;
  readonly child: Branch;
  readonly run: StepRun;
}

export interface TaskPlan {
  readonly party: string;
  readonly name: string;
  readonly inputs: readonly HandleRecord[];
  readonly source: string;
  /** Gets the scope in which the task was issued. */
  readonly code: (values: readonly unknown[], scope: Scope) => unknown;
}
