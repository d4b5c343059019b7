/**
 * What every process sees to that holds data or keys: whatever it leaves on a disk, by intent or by a crash, is nobody
 * else's to read.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** Of files and folders: nothing for the group, nothing for others. */
const PRIVATE_UMASK = 0o077;
/** For a program that lowers one number of this process. It is waited for before the run. */
const PRLIMIT_TIMEOUT_MS = 2_000;

/** For this process and all that it starts from now on. */
export function keepPrivate(): void {
  process.umask(PRIVATE_UMASK);
  leaveNoCore();
}

/**
 * No core dump has memory in it. Node cannot lower its own limit. On Linux, a process may write what of its memory goes
 * into a dump, which is nothing from here on, also where dumps go to another program, which the limit does not bind;
 * and the limit is lowered from outside, by util-linux, if it is there. Elsewhere nothing can be done from within:
 * there the limit is the operator's (docs/operations.md).
 */
function leaveNoCore(): void {
  if (process.platform !== 'linux' || coreState() === 'none') return;
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // No /proc, or not writable: doctor says so.
  }
  const ofThis = ['--pid', String(process.pid), '--core=0:0'];
  spawnSync('prlimit', ofThis, { stdio: 'ignore', timeout: PRLIMIT_TIMEOUT_MS });
}

/**
 * What a crash of this process would leave: no file, a file without memory in it, or a copy of its memory; undefined:
 * cannot be told.
 */
export function coreState(): 'none' | 'empty' | 'memory' | undefined {
  try {
    const isEmpty = Number.parseInt(readFileSync('/proc/self/coredump_filter', 'utf8'), 16) === 0;
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const isNone = /^Max core file size +0 +0 /m.test(limits);
    return isEmpty ? (isNone ? 'none' : 'empty') : 'memory';
  } catch {
    return undefined;
  }
}
