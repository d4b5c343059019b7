import { type ErrorCode, errorCatalogue } from '../base/error-catalogue.ts';
import { PrivityError } from '../base/errors.ts';
import { type FailureCode, failureCodes } from '../base/failure-codes.ts';
import { jsonLine } from '../base/steering.ts';

/** An error as commands report it: what and where, what to do, the stable code, and how the process ends. */
export interface ErrorReport {
  readonly error: ErrorCode;
  readonly failure: FailureCode;
  readonly message: string;
  readonly remedy: string;
  readonly exitCode: number;
  /** Only for defects of Privity: users are not shown the stack of their own mistakes. */
  readonly stack?: string;
}

export function reportOf(error: unknown): ErrorReport {
  const code =
    error instanceof PrivityError && Object.hasOwn(errorCatalogue, error.code)
      ? error.code
      : 'PRIVITY_INTERNAL';
  const failure = error instanceof PrivityError ? error.failure : 'INTERNAL';
  const report = {
    error: code,
    failure,
    message: error instanceof Error ? error.message : 'something that is not an error was thrown',
    remedy: errorCatalogue[code].remedy,
    exitCode: failureCodes[failure].exit,
  };
  const stack = code === 'PRIVITY_INTERNAL' && error instanceof Error ? error.stack : undefined;
  return stack === undefined ? report : { ...report, stack };
}

/** For programs: one line of JSON on standard error. */
export function errorLine(report: ErrorReport): string {
  return jsonLine(report);
}

/** Reads a line that {@link errorLine} wrote; undefined if it is any other text. */
export function parseErrorLine(line: string): ErrorReport | undefined {
  if (!line.startsWith('{"error":"PRIVITY_')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const report = value as ErrorReport;
    const known =
      Object.hasOwn(errorCatalogue, report.error) &&
      Object.hasOwn(failureCodes, report.failure) &&
      typeof report.message === 'string' &&
      typeof report.remedy === 'string' &&
      Number.isInteger(report.exitCode);
    return known ? report : undefined;
  } catch {
    return undefined;
  }
}
