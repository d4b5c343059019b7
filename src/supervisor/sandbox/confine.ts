/** Starts a module of Privity's that loads a job, in a sandbox that shows it this job and what it was given. */
import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { spawnConfined } from './launch.ts';
import { sandboxView } from './view.ts';

export interface ConfinedJob {
  /** Of bubblewrap. */
  readonly path: string;
  readonly jobFile: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Paths of all code that it may load: nothing else is there. Default: what its source names. */
  readonly code?: readonly string[] | undefined;
  readonly tempDir: string;
  readonly resultsDir?: string | undefined;
  /** Of one file that it writes. Default: FILE_BYTES_MAX. */
  readonly fileBytesMax?: number;
  /** Of Node.js, the module that it runs, and what that is given. */
  readonly flags: readonly string[];
  readonly main: string;
  readonly args?: readonly string[];
  /** Further variables of its environment. */
  readonly mark?: Readonly<Record<string, string>>;
}

/** @throws {UsageError} PRIVITY_JOB_NOT_FOUND, PRIVITY_JOB_LOAD_FAILED: where its code is not given */
export async function startConfined(job: ConfinedJob): Promise<ChildProcess> {
  const { path: jobPath, files } = job.code
    ? { path: job.jobFile, files: job.code }
    : await named(job.jobFile);
  await mkdir(job.tempDir, { mode: 0o700, recursive: true });
  const { path, tempDir, resultsDir, fileBytesMax, settings, flags, main, args = [], mark = {} } = job;
  const view = sandboxView(files, settings);
  return spawnConfined(
    { path, view, tempDir, resultsDir, cwd: dirname(jobPath), environment: mark, fileBytesMax },
    { flags, main, args },
  );
}

/** Finds what the job imports, and brings the compiler for that; others do not need it here. */
async function named(jobFile: string): Promise<{ readonly path: string; readonly files: readonly string[] }> {
  const { bundleOf } = await import('../../program/loading/job-bundle.ts');
  return bundleOf(jobFile);
}
