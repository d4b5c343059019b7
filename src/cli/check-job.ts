/** Whether a job can be run at all, before anybody is dialled: others shall not wait for a mistyped path. */
import { isDeepStrictEqual } from 'node:util';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { PrivityError, UsageError } from '../base/errors.ts';
import type { SandboxChoice } from '../supervisor/sandbox/choose.ts';
import { inspectJob } from './local/find-parties.ts';
import type { RunRequest, Shell } from './shell.ts';

/** A job that takes longer to load is loaded while the peers are dialled. */
const CHECK_MS = 10_000;

/** What may be wrong with this machine rather than with the job: all parties hear of it, from the run. */
const TOLD_BY_RUN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PRIVITY_JOB_LOAD_FAILED',
  'PRIVITY_JOB_NOT_LOADED',
]);

/**
 * @throws {UsageError} PRIVITY_JOB_NOT_FOUND, PRIVITY_JOB_SYNTAX, PRIVITY_JOB_TOP_LEVEL_AWAIT, PRIVITY_JOB_NOT_A_JOB,
 *   PRIVITY_JOB_INVALID, PRIVITY_JOB_PARTIES_DIFFER, PRIVITY_ARGS_INVALID, PRIVITY_SETTINGS_INVALID,
 *   PRIVITY_SETTING_MISSING
 */
export async function checkJob(
  shell: Shell,
  jobFile: string,
  parties: readonly string[],
  given: Omit<RunRequest, 'asks'>,
  sandbox?: SandboxChoice,
): Promise<void> {
  let named: readonly string[];
  try {
    const request = passes(given) ? { ...given, asks: 'run' as const } : undefined;
    // What the job prints while it is loaded, it prints again in the run.
    const facts = await inspectJob(shell, jobFile, request, () => undefined, {
      timeoutMs: CHECK_MS,
      sandbox,
    });
    named = facts.parties;
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

/** An infinite number of a party file is none in JSON: then the run itself checks what it was given. */
const passes = (given: Omit<RunRequest, 'asks'>): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(given)), given);
