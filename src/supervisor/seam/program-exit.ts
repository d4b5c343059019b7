/** What the end of a program process tells: how it ended, and whether it had run out of memory. Pure. */
import type { FailureCode } from '../../base/failure-codes.ts';
import { memoryText } from './memory-limit.ts';

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last words on standard error were that there is no memory left. */
  readonly outOfMemory: boolean;
}

/** Signals with which a process ends itself when it cannot go on; only then its last words are worth waiting for. */
const CRASH_SIGNALS: readonly NodeJS.Signals[] = ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGBUS', 'SIGSEGV'];

export function isCrash(signal: NodeJS.Signals | null): boolean {
  return signal !== null && CRASH_SIGNALS.includes(signal);
}

/**
 * Whether a line of standard error is V8's, Node's or the C++ library's last one before it gives up because memory is
 * full. A job can print such a line, too; it counts only together with the signal that follows it.
 */
export function isOutOfMemoryLine(line: string): boolean {
  return /^(FATAL ERROR: .*out of memory|#? *Fatal .*out of memory|.*'std::bad_alloc')/i.test(line);
}

/** What peers are told of a process that ended before it had said goodbye; `facts` are static words. */
export function describeExit(
  exit: ProgramExit,
  memoryMaxBytes?: number,
): { readonly code: FailureCode; readonly facts: string } {
  if (exit.outOfMemory && isCrash(exit.signal)) {
    const limit = memoryMaxBytes === undefined ? '' : `; its memoryMax is ${memoryText(memoryMaxBytes)}`;
    return { code: 'RESOURCE_EXHAUSTED', facts: `the program process ran out of memory${limit}` };
  }
  const how = exit.signal ? `was killed by ${exit.signal}` : 'exited before it was through';
  return { code: 'PROCESS_KILLED', facts: `the program process ${how}` };
}

/** Why Privity itself ends a program: behind `was ended by Privity`. */
export const endedBecause = {
  grace: (graceMs: number): string => `after the grace period of ${graceMs / 1_000} s`,
  asked: 'without a grace period, as its operator wished',
  memory: (maxBytes: number): string => `for holding more than its memoryMax of ${memoryText(maxBytes)}`,
  channel: 'because its code wrote to the channel to the supervisor',
  noRun: 'because the run could not begin',
} as const;
