/**
 * Conclaves: parts of the program that only some parties execute. The others count one step and go on; what happens
 * inside, its steps, public values and failures as values, stays among the members.
 */

import { UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Handle } from '../model/handle-types.ts';
import type { Branch } from '../state/branch.ts';
import { isHandle } from '../steps/handle.ts';
import type { OpenedConclave } from '../steps/plans.ts';
import type { Scheduler } from '../steps/scheduler.ts';

/**
 * Resolves with a handle to the result, which every member has: at once for others, at the conclave's end for members.
 */
export function conclave(
  scheduler: Scheduler,
  members: readonly string[],
  code: () => unknown,
): Promise<Handle> {
  const opened = scheduler.openConclave(members);
  const { entry, branch, result, own } = opened;
  if (own === null) return Promise.resolve(result);
  // Also when the scope has ended meanwhile: the step is open, and this ends it.
  const ended = runMember(scheduler, opened, own.child, code).then(
    (value) => {
      own.cell.set(value);
      own.run.finish('completed');
    },
    (error: unknown) => {
      const failed = scheduler.state.fail(error, entry, branch.scope);
      own.cell.die();
      own.run.finish(failed ? 'failed' : 'aborted');
      throw error;
    },
  );
  void ignored(ended, 'its awaiter is told');
  return branch.scope.promise((resolve, reject) => void ended.then(() => resolve(result), reject));
}

async function runMember(
  scheduler: Scheduler,
  { entry, branch }: OpenedConclave,
  child: Branch,
  code: () => unknown,
): Promise<unknown> {
  const { state, lockstep } = scheduler;
  state.enterConclave(entry);
  try {
    branch.scope.throwIfAborted();
    const value = await lockstep.inBranch(child, async () => code());
    scheduler.settle(child, true);
    if (isHandle(value)) {
      throw new UsageError(
        'PRIVITY_HANDLE_CONCLAVE',
        `The conclave of step ${entry.stepId} returned a handle. Its result is a plain value that every member has: reveal it in the conclave first.`,
      );
    }
    await state.activity.idle({ contains: (stepId) => stepId.startsWith(`${entry.stepId}/`) });
    branch.scope.throwIfAborted();
    const result = await scheduler.publish(value, entry);
    state.host.conclaveLeft(entry.stepId, child.members, { steps: child.next, digest: child.digest });
    state.leaveConclave(entry);
    return result;
  } finally {
    scheduler.closeConclave(branch, child);
  }
}
