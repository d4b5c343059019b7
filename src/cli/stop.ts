import type { Shell, StopSignal } from './shell.ts';

export const signalNumbers: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** What a person, or the system, asks for by signals: the first asks to cancel, the second to skip the grace period. */
export interface Stopping {
  readonly cancel: AbortSignal;
  readonly kill: AbortSignal;
  /** The signal that asked first, if any did. */
  first(): StopSignal | undefined;
  dispose(): void;
}

/**
 * @param note told what each signal does now, for the person who sent it
 */
export function watchStopSignals(shell: Shell, note: (text: string) => void): Stopping {
  const cancel = new AbortController();
  const kill = new AbortController();
  let first: StopSignal | undefined;
  let received = 0;
  const dispose = shell.onStopSignal((signal) => {
    received += 1;
    first ??= signal;
    if (received === 1) {
      note(`${signal}: cancelling for all parties; once more skips the clean-up of jobs`);
      cancel.abort(signal);
    } else if (received === 2) {
      note(`${signal}: ending the program now; once more ends everything at once`);
      kill.abort(signal);
    } else {
      shell.exitNow(128 + signalNumbers[signal]);
    }
  });
  return { cancel: cancel.signal, kill: kill.signal, first: () => first, dispose };
}

/** The exit code after a cancellation: the verdict's, but a party that was told by SIGTERM says so (143). */
export function exitCodeAfter(exitCode: number, cancelled: number, first: StopSignal | undefined): number {
  return exitCode === cancelled && first !== undefined ? 128 + signalNumbers[first] : exitCode;
}

/** A command was stopped while it waited for an answer: it ends with the code of the signal, and has nothing to say. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + signalNumbers[signal];
  }
}
