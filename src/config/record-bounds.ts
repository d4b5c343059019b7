/** How much is kept of past runs. Every bound is of all records of one user on one machine. */
import { UsageError } from '../base/errors.ts';

export const DAY_MS = 24 * 3_600_000;

export interface RecordBounds {
  /** Runs. */
  readonly runs: number;
  /** Bytes of all their files. */
  readonly bytes: number;
  /** Days since a run began. */
  readonly days: number;
}

export const DEFAULT_RECORD_BOUNDS: RecordBounds = {
  /** A week of a run an hour, and still a list that somebody can read. */
  runs: 200,
  /** A hundredth of a small disk. A usual record has some 100 KB, so the number of runs is what counts first. */
  bytes: 1024 ** 3,
  /**
   * The failure of last month's run is still there when the other party asks. Details of failures are private, so no
   * longer.
   */
  days: 30,
};

export const RECORD_BOUND_MAX: RecordBounds = { runs: 100_000, bytes: 1024 ** 4, days: 3_650 };

/** `off`: no record is kept. */
export type RecordSetting = 'off' | Partial<RecordBounds>;

/** Of one party's log at most: a job that prints without end must not push out the records of all other runs. */
const LOG_BYTES_MAX = 64 * 1024 ** 2;
const LOG_SHARE = 16;
/** Beyond it, for what a log is read for: failures, the verdict, the end. A run has a few hundred at the most. */
export const LOG_RESERVE_BYTES = 4 * 1024 ** 2;

export function logBytesMax({ bytes }: RecordBounds): number {
  return Math.min(LOG_BYTES_MAX, Math.floor(bytes / LOG_SHARE));
}

/** The setting that holds: the command line before the environment, the environment before the party file. */
export function recordBounds(settings: readonly (RecordSetting | undefined)[]): RecordBounds | 'off' {
  const setting = settings.find((one) => one !== undefined) ?? {};
  return setting === 'off' ? 'off' : { ...DEFAULT_RECORD_BOUNDS, ...setting };
}

const expected = 'expected off, or bounds such as runs=50,bytes=500M,days=7';
const units: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/**
 * Reads the environment variable: `off`, or `runs=50,bytes=500M,days=7`. Empty is as good as not there.
 *
 * @throws {UsageError} PRIVITY_COMMAND_LINE
 */
export function parseRecordSetting(text: string | undefined): RecordSetting | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  if (text.trim() === 'off') return 'off';
  const bounds: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, name = '', digits = '', unit = ''] =
      /^\s*(runs|bytes|days)=(\d{1,15})([KMG]?)\s*$/.exec(part) ?? [];
    const value = Number(digits) * (units[unit] ?? Number.NaN);
    const max = RECORD_BOUND_MAX[name as keyof RecordBounds];
    if (name === '' || (unit !== '' && name !== 'bytes') || value < 1 || value > max)
      throw new UsageError('PRIVITY_COMMAND_LINE', `the environment variable PRIVITY_RECORDS: ${expected}`);
    bounds[name] = value;
  }
  return bounds;
}
