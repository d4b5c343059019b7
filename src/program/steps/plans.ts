/** What the parts of the program room hand to the scheduler, and get from it. */
import type { TrailEntry } from '../../coordination/failure.ts';
import type { Handle } from '../model/handle-types.ts';
import type { StepRun } from '../state/activity.ts';
import type { Branch } from '../state/branch.ts';
import type { Cell } from '../state/cell.ts';
import type { Scope } from '../state/scope.ts';
import type { HandleRecord } from './handle.ts';

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

export interface OpenedConclave {
  readonly entry: TrailEntry;
  /** The branch in which the step lies. */
  readonly branch: Branch;
  readonly result: Handle;
  readonly own: { readonly run: StepRun; readonly child: Branch; readonly cell: Cell } | null;
}
