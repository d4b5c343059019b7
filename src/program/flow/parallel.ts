/** Parts of the program side by side: each numbers its steps by itself, so their order in time does not matter. */
import type { Branch } from '../state/branch.ts';
import type { Scheduler } from '../steps/scheduler.ts';

/** Resolves with the results in order, when all branches have ended. */
export function parallel(
  scheduler: Scheduler,
  branches: readonly (() => unknown)[],
): Promise<readonly unknown[]> {
  const { state, lockstep } = scheduler;
  const branch = scheduler.begin([], []);
  scheduler.settle(branch, false);
  const source = String(branches.length);
  const plan = { kind: 'parallel', name: 'parallel', places: branch.parties, inputs: [], source } as const;
  const entry = scheduler.issue(branch, plan);
  const run = state.activity.begin(entry, true);
  run.start();
  const children = lockstep.fork(branch, entry.stepId, branches.length);
  const results = children.map((child, index) => runBranch(scheduler, child, branches[index]));
  const joined = Promise.allSettled(results).then(() => lockstep.join(branch, children));
  return branch.scope.promise((resolve, reject) => {
    Promise.all(results).then(
      async (values) => {
        await joined;
        run.finish('completed');
        resolve(values);
      },
      (error: unknown) => {
        state.fail(error, entry, branch.scope);
        reject(error);
        void joined.then(() => run.finish(branch.scope.aborted ? 'aborted' : 'failed'));
      },
    );
  });
}

async function runBranch(
  scheduler: Scheduler,
  child: Branch,
  code: (() => unknown) | undefined,
): Promise<unknown> {
  try {
    const result = await scheduler.lockstep.inBranch(child, async () => code?.());
    scheduler.settle(child, true);
    return result;
  } finally {
    scheduler.closeBranch(child);
  }
}
