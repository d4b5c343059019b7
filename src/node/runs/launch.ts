/** Starts the supervisor of a run as a process that outlives this one. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxPolicy } from '../../supervisor/sandbox/policy.ts';

export interface LaunchPlan {
  /** The module of the command line, started with this `node`. */
  readonly entry: string;
  readonly partyFile: string;
  readonly jobFile: string;
  readonly orderFile: string;
  readonly runId: string;
  /** The folder of the run's record. */
  readonly record: string;
  readonly sandbox: SandboxPolicy;
}

/** What a supervisor says before it has a record, which is where to look if it never gets one. */
export const START_LOG = 'start.log';

/** Resolves with its process id; rejects if the system starts none. It says itself whether the run was begun before. */
export function launch(plan: LaunchPlan): Promise<number> {
  mkdirSync(plan.record, { recursive: true, mode: 0o700 });
  const log = openSync(join(plan.record, START_LOG), 'a', 0o600);
  const words = ['run', plan.jobFile, '--config', plan.partyFile, '--run-id', plan.runId, '--json'];
  const own = ['--node-order', plan.orderFile, '--record-dir', plan.record, '--sandbox', plan.sandbox];
  try {
    const child = spawn(process.execPath, [plan.entry, ...words, ...own], {
      detached: true,
      stdio: ['ignore', 'ignore', log],
    });
    child.unref();
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
  } finally {
    closeSync(log);
  }
}
