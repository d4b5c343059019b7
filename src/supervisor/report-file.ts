import { constants } from 'node:fs';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EnvironmentError } from '../base/errors.ts';
import { failureCodes } from '../base/failure-codes.ts';
import { ignored } from '../base/ignored.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import type { Board, Outcome } from '../coordination/types.ts';
import { REPORT_VERSION, type RunReport, type SealedContribution } from '../observe/report.ts';
import type { Chronicle } from './chronicle.ts';
import type { Reclaimed } from './reclaim.ts';
import type { Recorder } from './recorder.ts';
import type { Waits } from './waits.ts';

export interface ReportParts extends Pick<RunReport, 'runId' | 'party' | 'parties' | 'job'> {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly board: Board;
  readonly recorder: Recorder;
  readonly chronicle: Chronicle;
  readonly waits: Waits;
  readonly reclaimed: Reclaimed;
}

export function buildReport(parts: ReportParts): RunReport {
  const { outcome, recorder, chronicle, waits, reclaimed } = parts;
  return {
    reportVersion: REPORT_VERSION,
    runId: parts.runId,
    party: parts.party,
    parties: parts.parties,
    job: parts.job,
    privityVersion: PRIVITY_VERSION,
    startedAt: new Date(parts.startedAt).toISOString(),
    endedAt: new Date(parts.endedAt).toISOString(),
    outcome: outcome.result,
    verdict: {
      digest: outcome.digest,
      failure: outcome.failure,
      attached: outcome.attached,
      contributions: sealed(parts),
    },
    code: outcome.failure?.code ?? null,
    ...(outcome.unconfirmed ? { unconfirmed: true } : {}),
    absent: outcome.absent ?? [],
    failures: chronicle.failures,
    waits: waits.atTheEnd,
    longestWaits: waits.longest,
    timeline: chronicle.timeline,
    steps: recorder.steps,
    disclosures: recorder.disclosures,
    disclosuresNotListed: recorder.droppedDisclosures,
    ...(recorder.secure.length > 0 ? { secure: recorder.secure } : {}),
    reclaimed: reclaimed.items,
    leftovers: reclaimed.leftovers,
    exitCode: exitCodeOf(outcome),
  };
}

function sealed({ board, parties, outcome }: ReportParts): readonly SealedContribution[] {
  if (outcome.result === 'completed') return [];
  return board.contributions.flatMap((contribution, party) =>
    contribution ? [{ party: parties[party] ?? '?', ...contribution }] : [],
  );
}

/**
 * Before the run: a folder that cannot be written is better found now than after hours of work.
 *
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function prepareReportDir(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cannotWrite(dir, cause);
  }
}

/**
 * Writes DIR/PARTY.json, complete or not at all, and returns its absolute path.
 *
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function writeReport(dir: string, report: RunReport): Promise<string> {
  const path = resolve(join(dir, `${report.party}.json`));
  const draft = `${path}.${process.pid}.part`;
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(draft, `${JSON.stringify(report, null, 2)}\n`);
    await rename(draft, path);
    return path;
  } catch (cause) {
    await ignored(rm(draft, { force: true }), 'the cause is thrown below');
    throw cannotWrite(path, cause);
  }
}

function cannotWrite(path: string, cause: unknown): EnvironmentError {
  const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
  return new EnvironmentError('PRIVITY_FILE_WRITE', `${path}: the report cannot be written (${reason})`, {
    cause,
  });
}

/** The exit code of a party's process for an outcome. */
function exitCodeOf(outcome: Outcome): number {
  return outcome.result === 'completed' ? 0 : failureCodes[outcome.failure?.code ?? 'INTERNAL'].exit;
}
