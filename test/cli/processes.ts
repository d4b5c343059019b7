/** Starts the built command line as a child process, the way a person or a script does. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonLine } from '../../src/base/steering.ts';

export const fakeMain = fileURLToPath(new URL('./fake-main.js', import.meta.url));

/** Far more than any command here takes, on a machine however loaded; a command that hangs is ended and seen. */
const COMMAND_TIMEOUT_MS = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output and error together contain the text so many times. */
  said(text: string, times?: number): Promise<void>;
}

export interface StartOptions {
  readonly cwd: string;
  /** The temporary folder that the command uses, so that a test can see what is left in it. */
  readonly tmp: string;
  readonly main?: string;
  /** What to start instead of node with `main`. */
  readonly command?: string;
  /** Default {@link COMMAND_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  /** On top of the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
}

export function start(args: readonly string[], options: StartOptions): Started {
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const node = [options.main ?? fakeMain, ...args];
  const { command } = options;
  const child = spawn(command ?? process.execPath, command === undefined ? node : [...args], {
    cwd: options.cwd,
    // Beside the test, should nobody have said where records of runs go: never in a home.
    env: { XDG_STATE_HOME: join(options.cwd, 'state'), ...env, TMPDIR: options.tmp, ...options.env },
    timeout: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const listener of listeners) listener();
  });
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  const said = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (`${stdout}\n${stderr}`.split(text).length <= times) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without saying "${text}":\n${stdout}\n${stderr}`)));
    });
  return { child, ended, said };
}

export const run = (args: readonly string[], options: StartOptions): Promise<Ended> =>
  start(args, options).ended;

/** Processes whose command line contains a text, as /proc has them. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
}

/** Processes that were started in a folder, or below it. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
      } catch {
        return false;
      }
    });
}

/** Resolves when no process has the text in its command line any more; rejects after `timeoutMs`. */
export async function noProcessWith(text: string, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = processesWith(text);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`processes ${left.join(', ')} are still there`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The events of `--json`, or the lines of a log; throws if a line is anything else, or has a key twice. */
export function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const value = JSON.parse(line) as Record<string, unknown>;
      if (jsonLine(value).trimEnd().length !== line.length) throw new Error(`a key stands twice: ${line}`);
      return value;
    });
}
