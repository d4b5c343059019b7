import { readdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import { type EndedWords, endedLine, type Given, parseGiven } from '../control/driving.ts';
import { OUTPUT_FLUSH_TIMEOUT_MS } from '../record/text-sink.ts';
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
  /** What the run is given. @throws {UsageError} PRIVITY_COMMAND_LINE: the process has gone without a word */
  given(): Promise<Given>;
}

/**
 * Heeds the process that started this one, and ends the run when that process ends, however it ended: its end of our
 * standard input closes.
 */
export function watchParent(shell: Shell): ParentWatch {
  const cancel = new AbortController();
  const kill = new AbortController();
  let gone = false;
  let take: (given: Given | undefined) => void = () => undefined;
  const taken = new Promise<Given | undefined>((resolve) => {
    take = resolve;
  });
  shell.onParent((line) => {
    if (line === 'cancel') cancel.abort('operator' satisfies CancelReason);
    else if (line === 'kill') kill.abort();
    else if (line !== null) {
      const words = parseGiven(line);
      if (words !== undefined) take(words);
    }
    if (line !== null) return;
    gone = true;
    take(undefined);
    cancel.abort('starter-gone' satisfies CancelReason);
    shell.clock.after(PARENT_GONE_KILL_MS, () => kill.abort());
    shell.clock.after(PARENT_GONE_EXIT_MS, () => shell.exitNow(1));
  });
  const given = async (): Promise<Given> => {
    const words = await taken;
    if (words !== undefined) return words;
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      'standard input has ended without saying what the run is given; --parent-pipe and --driven are for Privity itself',
    );
  };
  return { cancel: cancel.signal, kill: kill.signal, gone: () => gone, given };
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

/** Behind the last event; what was dropped because the reader is slow, is not this. */
export async function tellEnd(shell: Shell, words: EndedWords): Promise<void> {
  await shell.out.flush(OUTPUT_FLUSH_TIMEOUT_MS);
  shell.out.write(endedLine(words));
}
