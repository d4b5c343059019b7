/** What belongs to the objects that a job holds: the run of a party object, a handle or a secret. */
import { UsageError } from '../../../base/errors.ts';
import type { HandleRecord } from '../../steps/handle.ts';
import type { Scheduler } from '../../steps/scheduler.ts';
import type { SecureRuntime } from './runtime.ts';

export interface RunContext {
  readonly scheduler: Scheduler;
  readonly secure: SecureRuntime;
  readonly parties: readonly string[];
}

/** By what handles and parties keep of their run. */
export const contexts = new WeakMap<object, RunContext>();
export const partyNames = new WeakMap<object, { readonly name: string; readonly run: object }>();

/** The run that two handles belong to. @throws {UsageError} PRIVITY_HANDLE_FOREIGN */
export function contextOf(first: HandleRecord, second: HandleRecord): RunContext {
  const context = contexts.get(first.run);
  if (context === undefined || first.run !== second.run) {
    throw new UsageError(
      'PRIVITY_HANDLE_FOREIGN',
      'psi was given a handle of another run. Keep handles inside the job function.',
    );
  }
  return context;
}
