import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { failureCodes } from '../base/failure-codes.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import type { Board, Outcome } from '../coordination/types.ts';
import type { RunReport, SealedContribution } from '../observe/report.ts';
import type { Reclaimed } from './reclaim.ts';
import type { Recorder } from './recorder.ts';

export interface ReportParts extends Pick<RunReport, 'runId' | 'party' | 'parties' | 'job'> {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly board: Board;
  readonly recorder: Recorder;
  readonly reclaimed: Reclaimed;
}

export function buildReport(parts: ReportParts): RunReport {
  const { outcome, recorder, reclaimed } = parts;
  return {
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
    absent: outcome.absent ?? [],
    steps: recorder.steps,
    disclosures: recorder.disclosures,
    disclosuresNotListed: recorder.droppedDisclosures,
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

/** Writes DIR/PARTY.json, complete or not at all, and returns its absolute path. */
export async function writeReport(dir: string, report: RunReport): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = resolve(join(dir, `${report.party}.json`));
  const draft = `${path}.${process.pid}.part`;
  await writeFile(draft, `${JSON.stringify(report, null, 2)}\n`);
  await rename(draft, path);
  return path;
}

/** The exit code of a party's process for an outcome. */
function exitCodeOf(outcome: Outcome): number {
  return outcome.failure ? failureCodes[outcome.failure.code].exit : 0;
}
