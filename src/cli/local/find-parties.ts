import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { onLines } from '../../control/lines.ts';
import { guardChannel } from '../../supervisor/machine/guarded-channel.ts';
import type { SandboxChoice } from '../../supervisor/sandbox/choose.ts';
import { type ConfinedJob, startConfined } from '../../supervisor/sandbox/confine.ts';
import { KILLED_MS } from '../../supervisor/seam/bounds.ts';
import type { JobFacts, JobRequest, Shell } from '../shell.ts';
import { type InspectMessage, readInspected } from './inspected.ts';

/** Loading and compiling a job with its imports. As generous as the same wait in a run. */
export const JOB_LOAD_TIMEOUT_MS = 30_000;

export interface Inspection {
  /** Default: {@link JOB_LOAD_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  /** In which the job is loaded, if there is one. */
  readonly sandbox?: SandboxChoice | undefined;
  /** Ends the process, also one that does not listen. */
  readonly signal?: AbortSignal;
}

/**
 * The parties of a job, and with a request what it will need, or whether it takes what it is given. A job's module is
 * user code, so it is loaded in a process of its own, which ends at once.
 *
 * @throws {UsageError} what `loadJob` finds wrong (PRIVITY_JOB_…), and what does not fit a request
 * @throws {EnvironmentError} PRIVITY_JOB_NOT_LOADED
 */
export async function inspectJob(
  shell: Shell,
  jobFile: string,
  request: JobRequest | undefined,
  notice: (text: string) => void,
  { timeoutMs = JOB_LOAD_TIMEOUT_MS, sandbox, signal }: Inspection = {},
): Promise<JobFacts> {
  if (sandbox?.kind !== 'bubblewrap')
    return inspectIn(shell, jobFile, request, notice, timeoutMs, undefined, signal);
  const tempDir = await mkdtemp(join(tmpdir(), 'privity-inspect-'));
  try {
    return await inspectIn(
      shell,
      jobFile,
      request,
      notice,
      timeoutMs,
      { path: sandbox.path, tempDir },
      signal,
    );
  } finally {
    await rm(tempDir, { recursive: true, force: true });
  }
}

async function startInspection(
  shell: Shell,
  jobFile: string,
  request: JobRequest | undefined,
  confined: Confined | undefined,
): Promise<ChildProcess> {
  const args = ['inspect-job', ...(request === undefined ? [] : ['--check']), '--', jobFile];
  if (confined) {
    const settings =
      request === undefined || request.asks === 'local' || request.asks === 'propose' ? {} : request.settings;
    return startConfined({ ...confined, jobFile, settings, flags: [], main: shell.entry, args });
  }
  return spawn(process.execPath, [shell.entry, ...args], {
    stdio: [request === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'ipc'],
  });
}

type Confined = Pick<ConfinedJob, 'path' | 'tempDir'>;

async function inspectIn(
  shell: Shell,
  jobFile: string,
  request: JobRequest | undefined,
  notice: (text: string) => void,
  timeoutMs: number,
  confined: Confined | undefined,
  signal: AbortSignal | undefined,
): Promise<JobFacts> {
  const child = await startInspection(shell, jobFile, request, confined);
  const end = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request === undefined ? '' : JSON.stringify(request));
  if (child.stdout) onLines(child.stdout, notice);
  if (child.stderr) onLines(child.stderr, notice);
  let message: InspectMessage | undefined;
  let violation: string | undefined;
  guardChannel(child, {
    onMessage: (received) => {
      // What code in a sandbox has tried is told by the error that it gets.
      message = readInspected(received) ?? message;
      if (message !== undefined) child.kill('SIGKILL');
    },
    onViolation: () => {
      violation = 'wrote to the channel to Privity';
      child.kill('SIGKILL');
    },
  });
  let late = false;
  let giveUp: (ending: string) => void = () => undefined;
  const timer = shell.clock.after(timeoutMs, () => {
    late = true;
    child.kill('SIGKILL');
    // One that waits for a dead disk does not even end when it is killed.
    shell.clock.after(KILLED_MS, () => giveUp(''));
  });
  const ending = await new Promise<string>((resolve) => {
    giveUp = resolve;
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(`could not be started (${error.code ?? 'unknown reason'})`),
    );
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was killed by ${signal}`),
    );
  });
  timer.cancel();
  if (message?.type === 'facts') return message.facts;
  if (message?.type === 'error') throw new UsageError(message.code, message.message);
  const reason = late ? `did not finish within ${timeoutMs} ms` : (violation ?? ending);
  throw new EnvironmentError(
    'PRIVITY_JOB_NOT_LOADED',
    `${jobFile}: the process that loads the job ${reason}`,
  );
}
