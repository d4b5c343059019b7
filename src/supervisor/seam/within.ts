/**
 * A bound on how long something outside of this process is waited for: a disk, a network file system, the system's
 * process table.
 */

import { EnvironmentError } from '../../base/errors.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import { ignored } from '../../base/ignored.ts';
import type { Timer } from '../../contracts/index.ts';
import type { EventLoop } from './platform.ts';

export interface Patience<T> {
  readonly ms: number;
  /** What is waited for, in the message: `making the folder DIR`. */
  readonly what: string;
  /** Gives back what comes too late. */
  readonly undo?: (late: T) => unknown;
  /** The caller does not want to wait any longer. */
  readonly stop?: AbortSignal | undefined;
  /** What the error stands for; default SETUP_FAILED. */
  readonly failure?: FailureCode;
}

/**
 * What `work` comes to, or an error when it takes longer than that.
 *
 * @throws {EnvironmentError} PRIVITY_MACHINE_STUCK; what `work` rejects with
 */
export async function within<T>(
  loop: Pick<EventLoop, 'hold'>,
  { ms, what, undo, stop, failure }: Patience<T>,
  work: Promise<T>,
): Promise<T> {
  let timer: Timer | undefined;
  let onStop: () => void = () => undefined;
  let isOver = false;
  const over = new Promise<never>((_, reject) => {
    const giveUp = (words: string, code: FailureCode | undefined): void => {
      isOver = true;
      reject(new EnvironmentError('PRIVITY_MACHINE_STUCK', `${what}: ${words}`, { failure: code }));
    };
    timer = loop.hold(ms, () => giveUp(`not done within ${ms / 1_000} s`, failure));
    onStop = () => giveUp('not done when the run was to end at once', 'CANCELLED');
    if (stop?.aborted) onStop();
    stop?.addEventListener('abort', onStop, { once: true });
  });
  // What comes too late is given back.
  const undone = work.then((value) => isOver && undo?.(value));
  void ignored(undone, 'the error of before has said what is wrong');
  try {
    return await Promise.race([work, over]);
  } finally {
    timer?.cancel();
    stop?.removeEventListener('abort', onStop);
  }
}
