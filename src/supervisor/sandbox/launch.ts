/** Finds out whether a sandbox can be had on this machine, and starts Node.js in one. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { bwrapArguments, permissionArguments } from './bubblewrap.ts';
import { seccompFilter } from './seccomp.ts';
import { sandboxView, type View } from './view.ts';

/** Starting Node.js once. Generous, because machines that start many parties are busy. */
const PROBE_TIMEOUT_MS = 10_000;
/** Characters of what bubblewrap says when it fails. */
const REASON_CHARS_MAX = 200;

export type FoundSandbox =
  | { readonly kind: 'bubblewrap'; readonly path: string }
  | { readonly kind: 'none'; readonly reason: string };

/** Tries it, because whether users may make namespaces is decided in many places. */
export async function findSandbox(env: NodeJS.ProcessEnv = process.env): Promise<FoundSandbox> {
  if (process.platform !== 'linux') return { kind: 'none', reason: `there is none for ${process.platform}` };
  const path = onPath('bwrap', env.PATH ?? '');
  if (path === undefined) return { kind: 'none', reason: 'bubblewrap is not installed' };
  const given = bwrapArguments({
    view: sandboxView([], {}),
    tempDir: tmpdir(),
    cwd: '/',
    environment: {},
    node: ['--version'],
    execPath: process.execPath,
    filterAt: undefined,
  });
  return new Promise((resolve) => {
    execFile(path, [...given], { env: {}, timeout: PROBE_TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null && stdout.trim() === process.version) return resolve({ kind: 'bubblewrap', path });
      const said = (stderr.trim().split('\n')[0] ?? '').slice(0, REASON_CHARS_MAX);
      resolve({ kind: 'none', reason: `bubblewrap does not work here (${said || 'no answer'})` });
    });
  });
}

export interface Confinement {
  /** bubblewrap's. */
  readonly path: string;
  readonly view: View;
  /** The only folders that the process can write to. */
  readonly tempDir: string;
  readonly resultsDir?: string | undefined;
  /** Of one file that it writes. Default: {@link FILE_BYTES_MAX}. */
  readonly fileBytesMax?: number | undefined;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ConfinedNode {
  readonly flags: readonly string[];
  readonly main: string;
  readonly args: readonly string[];
}

/** One file of a program: more than any table that is spilled here, and less than a disk. */
export const FILE_BYTES_MAX = 64 * 1024 ** 3;

/** Where the channel to the parent is, and behind it the filter. */
const [CHANNEL_AT, FILTER_AT] = [3, 4];

/** A child of node:child_process with a channel, in a sandbox. Its standard input is a pipe. */
export function spawnConfined(confinement: Confinement, node: ConfinedNode): ChildProcess {
  const { path, view, tempDir, resultsDir, fileBytesMax = FILE_BYTES_MAX, cwd, environment } = confinement;
  const filter = openFilter(tempDir);
  const knows = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);
  const guard = new URL('./guard.js', import.meta.url).href;
  const channel = { NODE_CHANNEL_FD: String(CHANNEL_AT), NODE_CHANNEL_SERIALIZATION_MODE: 'json' };
  const given = bwrapArguments({
    view,
    tempDir,
    resultsDir,
    cwd,
    environment: {
      ...environment,
      TMPDIR: tempDir,
      TZ: Intl.DateTimeFormat().resolvedOptions().timeZone,
      ...channel,
    },
    node: [...permissionArguments(knows), '--import', guard, ...node.flags, node.main, ...node.args],
    execPath: process.execPath,
    filterAt: filter === undefined ? undefined : FILTER_AT,
  });
  const prlimit = onPath('prlimit', process.env.PATH ?? '');
  const fileLimit = `--fsize=${fileBytesMax}:${fileBytesMax}`;
  const [command, ...rest] = prlimit === undefined ? [path, ...given] : [prlimit, fileLimit, path, ...given];
  try {
    return spawn(command, rest, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'ipc', ...(filter === undefined ? [] : [filter])],
      // What bubblewrap has in its own would be in the sandbox's /proc/1.
      env: {},
    });
  } finally {
    if (filter !== undefined) closeSync(filter);
  }
}

/** A descriptor, since bubblewrap reads it from one; there is no such file any more. */
function openFilter(tempDir: string): number | undefined {
  const filter = seccompFilter();
  if (filter === undefined) return undefined;
  const path = join(tempDir, 'seccomp');
  writeFileSync(path, filter, { mode: 0o600 });
  const descriptor = openSync(path, 'r');
  rmSync(path);
  return descriptor;
}

/** bubblewrap ends with 128 and the number of the signal that ended what it has started. */
export const SIGNAL_EXIT_BASE = 128;

function onPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
