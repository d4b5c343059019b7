/** What a run is given by a program, and how that reaches the command. */

import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../base/errors.ts';
import type { OptionNames } from '../base/options.ts';
import { memorySize } from '../config/memory-size.ts';
import type { SandboxPolicy } from '../supervisor/sandbox/policy.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';

/** What `run` and `local` share. Relative paths count from the current folder. */
export interface CommonOptions {
  /** The job file. */
  readonly job: string;
  /** Public arguments, the same at every party: values that JSON has, or text, as the job's schema takes them. */
  readonly args?: Readonly<Record<string, unknown>> | undefined;
  /** A contract file: nothing is disclosed that it does not list. The same at every party. */
  readonly contract?: string | undefined;
  /** A folder for PARTY.json: steps, disclosures, verdict. The end of the run has it, too. */
  readonly report?: string | undefined;
  /** A name for the run, the same at every party: 1 to 64 letters, digits, hyphens or underscores. */
  readonly runId?: string | undefined;
  /** Bounds of the run, in milliseconds. */
  readonly bounds?: Partial<Bounds> | undefined;
  /** What a party's program may hold of the memory, in bytes. Default: by the machine. */
  readonly memoryMaxBytes?: number | undefined;
  /** Whether the code of the job runs in a sandbox; the stricter of this and the party file counts. Default: `off`. */
  readonly sandbox?: SandboxPolicy | undefined;
  /** Whether a record is kept, for `privity runs`. Default: as the environment and the party file say. */
  readonly record?: boolean | undefined;
  /**
   * Aborting cancels the run for all parties, as Ctrl-C does: the job's clean-up runs, the parties agree on the code
   * `CANCELLED`, and `result` resolves when everything is given back. Aborted before the start, `result` rejects with
   * its reason.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Of both calls: see {@link OptionNames}. */
export const COMMON_OPTIONS = {
  job: 'needed text',
  args: 'optional',
  contract: 'optional',
  report: 'optional',
  runId: 'optional',
  bounds: 'optional',
  memoryMaxBytes: 'optional',
  sandbox: 'optional',
  record: 'optional',
  signal: 'optional',
} as const satisfies OptionNames<CommonOptions>;

/** As options of a command. What is private is not among them: others on this machine see a command line. */
export function flagsOf(options: CommonOptions): string[] {
  const { contract, report, runId, bounds = {}, memoryMaxBytes, sandbox, record } = options;
  const flag = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`--${name}=${value}`];
  return [
    ...flag('contract', contract),
    ...flag('report', report),
    ...flag('run-id', runId),
    ...Object.entries(bounds).flatMap(([name, ms]) => flag('bound', ms === undefined ? ms : `${name}=${ms}`)),
    ...flag('memory-max', memoryMaxBytes === undefined ? undefined : memorySize(memoryMaxBytes)),
    ...flag('sandbox', sandbox),
    ...(record === false ? ['--no-record'] : []),
    '--',
    options.job,
  ];
}

/** Files among private settings: where they lie does not depend on who opens them. */
export const filesOf = (inputs: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(inputs).map(([key, file]) => [key, resolve(file)]));

/**
 * Values as they reach another process, without those that are undefined.
 *
 * @throws {UsageError} PRIVITY_ARGS_INVALID, PRIVITY_SETTINGS_INVALID: one is none that JSON has
 */
export function jsonValues(
  what: 'args' | 'settings',
  values: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  for (const [key, value] of known)
    if (!isJson(value))
      throw new UsageError(
        what === 'args' ? 'PRIVITY_ARGS_INVALID' : 'PRIVITY_SETTINGS_INVALID',
        `${what}.${key}: expected a value that JSON has: text, a finite number, true, false, null, lists and records of them`,
      );
  return Object.fromEntries(known);
}

function isJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}
