/** Whether a job can be run at all, before anybody is dialled: others shall not wait for a mistyped path. */
import type { ErrorCode } from '../base/error-catalogue.ts';
import { PrivityError, UsageError } from '../base/errors.ts';
import type { SandboxChoice } from '../supervisor/sandbox/choose.ts';
import { findParties } from './local/find-parties.ts';
import type { Shell } from './shell.ts';

/** A job that takes longer to load is loaded while the peers are dialled. */
const CHECK_MS = 10_000;

/** What may be wrong with this machine rather than with the job: all parties hear of it, from the run. */
const TOLD_BY_RUN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PRIVITY_JOB_LOAD_FAILED',
  'PRIVITY_JOB_NOT_LOADED',
]);

/**
 * @throws {UsageError} PRIVITY_JOB_NOT_FOUND, PRIVITY_JOB_SYNTAX, PRIVITY_JOB_TOP_LEVEL_AWAIT, PRIVITY_JOB_NOT_A_JOB,
 *   PRIVITY_JOB_INVALID, PRIVITY_JOB_PARTIES_DIFFER
 */
export async function checkJob(
  shell: Shell,
  jobFile: string,
  parties: readonly string[],
  sandbox?: SandboxChoice,
): Promise<void> {
  let named: readonly string[];
  try {
    // What the job prints while it is loaded, it prints again in the run.
    named = await findParties(shell, jobFile, () => undefined, { timeoutMs: CHECK_MS, sandbox });
  } catch (error) {
    if (error instanceof PrivityError && TOLD_BY_RUN.has(error.code)) return;
    throw error;
  }
  if (named.length === parties.length && named.every((name) => parties.includes(name))) return;
  throw new UsageError(
    'PRIVITY_JOB_PARTIES_DIFFER',
    `${jobFile} is a job for ${named.join(', ')}; the federation is ${parties.join(', ')}.`,
  );
}
