/**
 * The record that a party keeps of its run: its log as it happens, its report, and what it came to. Written beside the
 * run: a folder that cannot be written costs the record and one warning, never the run, and never more time than a
 * bound.
 */

import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EnvironmentError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import { reasonOf } from '../base/system-error.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { LOG_RESERVE_BYTES } from '../config/record-bounds.ts';
import type { Clock } from '../contracts/clock.ts';
import type { RunEvent } from '../observe/events.ts';
import type { RunReport } from '../observe/report.ts';
import { CLAIM_FILE, OwnClaim } from '../supervisor/machine/claim.ts';
import type { ErrorReport } from './error-report.ts';
import { recordLine } from './event-line.ts';
import { type FileSink, openFileSink } from './file-sink.ts';
import { inTime } from './in-time.ts';
import { createLogLines, type LogLines, levelOf } from './log-lines.ts';
import {
  factsAfter,
  LOG_FILE,
  REPORT_FILE,
  type RecordFacts,
  writePrivate,
  writeRecordFile,
} from './record-file.ts';
import { makeFolder, makePendingFolder, moveToRun } from './record-folder.ts';

/** Longest that a run waits for its record before it begins, and after its end: as long as for a log. */
export const RECORD_TIMEOUT_MS = 2_000;

/** Bytes of the log that wait for a slow disk before lines are left out. Some 30,000 events. */
const LOG_BACKLOG_BYTES_MAX = 8 * 1024 * 1024;

export interface RecordPlan {
  /** The folder of all records, or of this run where all its parties keep theirs together. */
  readonly base: string;
  readonly isRunFolder: boolean;
  readonly party: string;
  readonly parties: readonly string[];
  readonly job: string;
  /** Empty until the parties have agreed on one. */
  readonly runId: string;
  readonly logBytesMax: number;
  readonly clock: Clock;
  /** A few letters by which runs that begin in the same second differ. */
  readonly random: string;
  /** Called once, if there is no record, or no more of it. */
  readonly onBroken: (reason: string) => void;
}

export interface RecordEnd {
  readonly exitCode: number;
  readonly report?: RunReport;
  /** What a person is shown. */
  readonly summary?: string;
  /** What kept the run from existing. */
  readonly error?: ErrorReport;
}

export class RunRecord {
  readonly #plan: RecordPlan;
  readonly #log: FileSink;
  /** Bytes that were given to the log. */
  #logBytes = 0;
  readonly #lines: LogLines;
  #folder: string;
  #facts: RecordFacts;
  /** Work on the folder, one after the other. Never rejects. */
  #work: Promise<void> = Promise.resolve();
  #isSaving = false;

  private constructor(plan: RecordPlan, folder: string, log: FileSink, facts: RecordFacts) {
    this.#plan = plan;
    this.#folder = folder;
    this.#log = log;
    this.#facts = facts;
    this.#lines = createLogLines(plan.clock);
  }

  /** Undefined if there can be no record; `onBroken` has then been told why. Never rejects. */
  static async open(plan: RecordPlan): Promise<RunRecord | undefined> {
    let record: RunRecord | undefined;
    const opening = begin(plan).then((opened) => {
      record = opened;
    });
    try {
      if (await inTime(plan.clock, RECORD_TIMEOUT_MS, opening)) return record;
      plan.onBroken(`it takes longer than ${RECORD_TIMEOUT_MS} ms`);
      void ignored(opening, 'it was told that there is no record');
    } catch (error) {
      plan.onBroken(reasonOf(error instanceof EnvironmentError ? error.cause : error));
    }
    return undefined;

    async function begin(plan: RecordPlan): Promise<RunRecord> {
      const { base, party, parties, job, runId, clock } = plan;
      const startedMs = clock.wallTime();
      const startedAt = new Date(startedMs).toISOString();
      const folder = plan.isRunFolder
        ? join(base, party)
        : await makePendingFolder(base, party, startedAt, plan.random);
      await makeFolder(folder);
      // First of all: whose it is, so that nobody takes the folder for left over.
      new OwnClaim(folder, { kind: 'run', party, runId, listen: null }, startedMs);
      const facts: RecordFacts = {
        recordVersion: 1,
        runIds: runId === '' ? [] : [runId],
        party,
        parties: [...parties],
        job,
        privityVersion: PRIVITY_VERSION,
        startedAt,
        endedAt: null,
        ending: null,
        exitCode: null,
        verdict: null,
        incidents: [],
        error: null,
        linesLeftOut: 0,
      };
      await writeRecordFile(folder, facts);
      const log = await openFileSink(join(folder, LOG_FILE), 'log of the record', {
        backlogBytesMax: LOG_BACKLOG_BYTES_MAX,
        onLost: plan.onBroken,
      });
      const opened = new RunRecord(plan, folder, log, facts);
      if (runId !== '') opened.#move(runId);
      return opened;
    }
  }

  /**
   * Where it is, and the name of its run among the records: it may move while the run begins, and no longer when it has
   * ended.
   */
  get place(): { readonly folder: string; readonly name: string } {
    return { folder: this.#folder, name: basename(dirname(this.#folder)) };
  }

  event(event: RunEvent): void {
    const before = this.#facts;
    this.#facts = factsAfter(before, event);
    const runId = this.#facts.runIds.at(-1);
    if (runId !== undefined && runId !== before.runIds.at(-1)) this.#move(runId);
    if (this.#facts !== before) this.#save();
    // Progress is to be watched; what it came to has a line of its own.
    if (levelOf(event) !== 'debug') this.#write(this.#lines.event(event), isWorthReading(event));
  }

  notice(party: string, text: string): void {
    this.#write(this.#lines.output(party, text), false);
  }

  /** Completes the record. Resolves when that is done, or after a bounded time; never rejects. */
  async end({ exitCode, report, summary, error }: RecordEnd): Promise<void> {
    const { clock } = this.#plan;
    if (error !== undefined) this.#write(this.#errorLine(error), true);
    if (summary !== undefined) this.#write(this.#lines.summary(summary), true);
    await this.#log.close(RECORD_TIMEOUT_MS);
    this.#facts = {
      ...this.#facts,
      endedAt: new Date(clock.wallTime()).toISOString(),
      ending: error === undefined ? 'ended' : 'refused',
      exitCode,
      error: error === undefined ? null : { code: error.error, message: error.message },
    };
    this.#queue(async () => {
      if (report !== undefined)
        await writePrivate(this.#folder, REPORT_FILE, `${JSON.stringify(report, null, 2)}\n`);
    });
    this.#queue(() => writeRecordFile(this.#folder, this.#facts));
    this.#queue(() => rm(join(this.#folder, CLAIM_FILE), { force: true }));
    await inTime(clock, RECORD_TIMEOUT_MS, this.#work);
  }

  #errorLine({ error, failure, message, stack }: ErrorReport): string {
    const about = {
      time: new Date(this.#plan.clock.wallTime()).toISOString(),
      runId: this.#facts.runIds.at(-1) ?? '',
    };
    const { party } = this.#plan;
    return recordLine({
      level: 'error',
      event: 'error',
      ...about,
      party,
      incident: null,
      error,
      failure,
      message,
      stack,
    });
  }

  #write(line: string, isImportant: boolean): void {
    const room = this.#plan.logBytesMax + (isImportant ? LOG_RESERVE_BYTES : 0);
    const size = Buffer.byteLength(line);
    if (this.#logBytes + size <= room && this.#log.write(line)) {
      this.#logBytes += size;
      return;
    }
    this.#facts = { ...this.#facts, linesLeftOut: this.#facts.linesLeftOut + 1 };
  }

  #move(runId: string): void {
    if (this.#plan.isRunFolder) return;
    this.#queue(async () => {
      this.#folder = await moveToRun(this.#plan.base, this.#folder, runId);
    });
  }

  /** What is known when it is written, so that many changes are one. */
  #save(): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    this.#queue(async () => {
      this.#isSaving = false;
      await writeRecordFile(this.#folder, this.#facts);
    });
  }

  /** A step that fails is made up for by the next, or by the reader, and the log has told of a disk that is full. */
  #queue(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: NodeJS.ErrnoException) => {
      this.#plan.onBroken(error.code ?? 'unknown reason');
    });
  }
}

/** What a log is read for: it is written also when the log is full. */
function isWorthReading({ event }: RunEvent): boolean {
  return ['failure', 'verdict', 'party.absent', 'reclaimed', 'process.exited', 'run.started'].includes(event);
}
