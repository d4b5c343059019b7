/**
 * How a command that runs parties comes by their records: which setting holds, where they lie, and what is said if
 * there can be none.
 */

import { randomBytes } from 'node:crypto';
import { ignored } from '../base/ignored.ts';
import {
  logBytesMax,
  parseRecordSetting,
  type RecordBounds,
  type RecordSetting,
  recordBounds,
} from '../config/record-bounds.ts';
import { inTime } from '../record/in-time.ts';
import { makeRunFolder } from '../record/record-folder.ts';
import { RECORD_TIMEOUT_MS, type RecordPlan, RunRecord } from '../record/run-record.ts';
import { keepHouse } from '../record/stored-runs.ts';
import type { Shell } from './shell.ts';

export interface RecordFlags {
  /** False for `--no-record`. */
  readonly record?: boolean;
  /** Set by `privity local`: the folder of the run, in which each party has one. */
  readonly recordDir?: string;
}

export type Warn = (message: string) => void;

/** Null: none is wanted. */
function boundsOf(shell: Shell, flags: RecordFlags, ofFile: RecordSetting | undefined): RecordBounds | null {
  const setting = flags.record === false ? 'off' : undefined;
  const bounds = recordBounds([setting, parseRecordSetting(shell.records.setting), ofFile]);
  return bounds === 'off' ? null : bounds;
}

function onceOnly(warn: Warn, folder: string): (reason: string) => void {
  let said = false;
  return (reason) => {
    if (said) return;
    said = true;
    warn(
      `the record of this run is not kept, or not whole: ${folder} cannot be written (${reason}); --no-record asks for none`,
    );
  };
}

const NO_HOME = 'the folder for records (no home and no XDG_STATE_HOME)';

/** A party's record and the housekeeping beside it, as `privity run` begins them. Undefined: there is none. */
export async function startRecord(
  shell: Shell,
  flags: RecordFlags,
  run: Pick<RecordPlan, 'party' | 'parties' | 'job' | 'runId'> & {
    readonly setting: RecordSetting | undefined;
  },
  warn: Warn,
): Promise<{ readonly record: RunRecord | undefined; tidied(): Promise<void> }> {
  const none = { record: undefined, tidied: () => Promise.resolve() };
  const bounds = boundsOf(shell, flags, run.setting);
  if (bounds === null) return none;
  const base = flags.recordDir ?? shell.records.folder;
  const onBroken = onceOnly(warn, base ?? NO_HOME);
  if (base === undefined) {
    onBroken('ENOENT');
    return none;
  }
  const { clock } = shell;
  const record = await RunRecord.open({
    ...run,
    base,
    isRunFolder: flags.recordDir !== undefined,
    logBytesMax: logBytesMax(bounds),
    clock,
    random: randomBytes(3).toString('hex'),
    onBroken,
  });
  // The one that has started this process looks after the others.
  if (flags.recordDir !== undefined) return { record, tidied: () => Promise.resolve() };
  return { record, tidied: tidy(shell, base, bounds) };
}

/**
 * The folder in which all parties of a local run keep their records. Undefined: there are none, and the parties are to
 * keep none.
 */
export async function startRunFolder(
  shell: Shell,
  flags: RecordFlags,
  runId: string,
  warn: Warn,
): Promise<{ readonly folder: string | undefined; tidied(): Promise<void> }> {
  const none = { folder: undefined, tidied: () => Promise.resolve() };
  const bounds = boundsOf(shell, flags, undefined);
  if (bounds === null) return none;
  const base = shell.records.folder;
  const onBroken = onceOnly(warn, base ?? NO_HOME);
  try {
    if (base === undefined) throw Object.assign(new Error('no home'), { code: 'ENOENT' });
    let folder: string | undefined;
    const making = makeRunFolder(base, runId).then((path) => {
      folder = path;
    });
    void ignored(making, 'it is told by the wait for it, or is late, which is told');
    if (!(await inTime(shell.clock, RECORD_TIMEOUT_MS, making)) || folder === undefined)
      throw Object.assign(new Error('late'), { code: `it takes longer than ${RECORD_TIMEOUT_MS} ms` });
    return { folder, tidied: tidy(shell, base, bounds) };
  } catch (error) {
    onBroken((error as NodeJS.ErrnoException).code ?? 'unknown reason');
    return none;
  }
}

/** Begins the housekeeping beside the run; what is returned waits for it, for a bounded time. */
function tidy(shell: Shell, base: string, bounds: RecordBounds): () => Promise<void> {
  const house = keepHouse(base, bounds, shell.clock.wallTime());
  const done = ignored(house, 'what could not be removed now is found by the next run again');
  return async () => {
    await inTime(shell.clock, RECORD_TIMEOUT_MS, done);
  };
}
