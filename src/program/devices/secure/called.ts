/**
 * Where a job has called an operation. What it does happens later, in an exchange with others; an error of that has no
 * line of the job on its stack by itself.
 */

/** Some 2 µs a call; the text is made when it is first read. */
export interface Called {
  readonly stack?: string;
}

/** What stands below `callee` on the stack: the function that the job has called. */
export function calledFrom(callee: (...args: never[]) => unknown): Called {
  const called: Called = {};
  Error.captureStackTrace(called, callee);
  return called;
}

/** The same error, and how the job came there at the end of its stack. */
export function inCall(error: unknown, called: Called | undefined): unknown {
  if (!(error instanceof Error) || called?.stack === undefined) return error;
  const frames = called.stack.split('\n').filter((line) => /^\s+at /.test(line));
  error.stack = [error.stack ?? `${error}`, ...frames].join('\n');
  return error;
}
