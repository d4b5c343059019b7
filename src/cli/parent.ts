import { readdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ignored } from '../base/ignored.ts';
import { CLAIM_FILE } from '../supervisor/machine/claim.ts';
import type { CancelReason } from '../supervisor/seam/options.ts';
import type { Shell } from './shell.ts';

/** After the starting process is gone: how long the run may take to cancel in an orderly way. */
export const PARENT_GONE_KILL_MS = 3_000;
/** And how long after that until this process ends whatever the state: nobody is left to see it. */
export const PARENT_GONE_EXIT_MS = 10_000;

/** Folders of `privity local` begin so; nothing else is ever removed by a supervisor. */
export const LOCAL_FOLDER_PREFIX = 'privity-local-';

export interface ParentWatch {
  readonly cancel: AbortSignal;
  readonly kill: AbortSignal;
  readonly gone: () => boolean;
}

/**
 * Heeds the process that started this one, and ends the run when that process ends, however it ended: its end of our
 * standard input closes.
 */
export function watchParent(shell: Shell): ParentWatch {
  const cancel = new AbortController();
  const kill = new AbortController();
  let gone = false;
  shell.onParent((request) => {
    if (request === 'cancel') cancel.abort('operator' satisfies CancelReason);
    if (request === 'kill') kill.abort();
    if (request !== 'gone') return;
    gone = true;
    cancel.abort('starter-gone' satisfies CancelReason);
    shell.clock.after(PARENT_GONE_KILL_MS, () => kill.abort());
    shell.clock.after(PARENT_GONE_EXIT_MS, () => shell.exitNow(1));
  });
  return { cancel: cancel.signal, kill: kill.signal, gone: () => gone };
}

/**
 * Removes what a `local` that was killed can no longer remove: this party's folder, and the whole if it was the last.
 */
export async function removeLocalFolder(partyFile: string): Promise<void> {
  const folder = dirname(partyFile);
  const whole = dirname(folder);
  if (!basename(whole).startsWith(LOCAL_FOLDER_PREFIX)) return;
  await rm(folder, { recursive: true, force: true });
  await rm(`${whole}/federation.yaml`, { force: true });
  // Its claim stays until the last supervisor has gone: whose the rest is must be known for as long as there is a rest.
  const left = (await ignored(readdir(whole), 'another supervisor has removed it')) ?? [];
  if (left.every((name) => name === CLAIM_FILE)) await rm(whole, { recursive: true, force: true });
}
