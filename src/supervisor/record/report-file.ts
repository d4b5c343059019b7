import { constants } from 'node:fs';
import { access, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import { ignored } from '../../base/ignored.ts';
import { steeringEscaped } from '../../base/steering.ts';
import { reasonOf } from '../../base/system-error.ts';
import { PRIVITY_VERSION } from '../../base/version.ts';
import type { Hellos } from '../../coordination/handshake.ts';
import { NO_FACTS } from '../../coordination/hello-facts.ts';
import type { Board, Outcome } from '../../coordination/types.ts';
import { REPORT_VERSION, type RunReport, type SealedContribution } from '../../observe/report.ts';
import { makeFolders } from '../machine/folders.ts';
import type { Chronicle } from './chronicle.ts';
import type { Reclaimed } from './reclaim.ts';
import type { Recorder } from './recorder.ts';
import type { ReportPage } from './report-page.ts';
import type { Waits } from './waits.ts';

type Given = Required<Pick<RunReport, 'runId' | 'ownRunId' | 'versions' | 'party' | 'parties' | 'job'>>;

export interface ReportParts extends Given {
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
    ownRunId: parts.ownRunId,
    versions: parts.versions,
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
    ...(waits.busy.longest.length > 0 ? { longestBusy: waits.busy.longest } : {}),
    ...(chronicle.standstills.length > 0 ? { standstills: chronicle.standstills } : {}),
    timeline: chronicle.timeline,
    steps: recorder.steps,
    disclosures: recorder.ledger.disclosures,
    withheld: recorder.ledger.withheld(outcome.result === 'failed'),
    disclosuresNotListed: recorder.ledger.notListed,
    ...(recorder.secure.length > 0 ? { secure: recorder.secure } : {}),
    reclaimed: reclaimed.items,
    leftovers: reclaimed.leftovers,
    exitCode: exitCodeOf(outcome),
  };
}

/** What each party has said of the versions under which it runs. */
export function versionsOf(hellos: Hellos): NonNullable<RunReport['versions']> {
  return [...hellos].map(([party, { version, protocol, facts = NO_FACTS }]) => {
    const { node, duckdb, lockfile } = facts;
    return { party, privity: version, protocol, node, duckdb, lockfile };
  });
}

function sealed({ board, parties, outcome }: ReportParts): readonly SealedContribution[] {
  if (outcome.result === 'completed') return [];
  return board.contributions.flatMap((contribution, party) =>
    contribution ? [{ party: parties[party] ?? '?', ...contribution }] : [],
  );
}

/**
 * Before the run: a folder that cannot be written is better found now than after hours of work, and so is a file that
 * is in the way.
 *
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 * @throws {UsageError} PRIVITY_FILE_EXISTS: a file that is no report has the name that the report is to have
 */
export async function prepareReportDir(dir: string, party: string): Promise<void> {
  try {
    await makeFolders(dir, 0o700);
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cannotWrite(dir, cause);
  }
  const path = pathIn(dir, party);
  const earlier = await earlierReport(path);
  const inTheWay = earlier === 'no report' ? path : pageOf(path);
  if (earlier === 'no report' || (earlier === 'none' && (await exists(inTheWay))))
    throw new UsageError(
      'PRIVITY_FILE_EXISTS',
      `${inTheWay}: is not a report, and is not overwritten by one`,
    );
}

/**
 * Writes DIR/PARTY.json, readable by this user only, complete or not at all, and returns its absolute path. The report
 * of an earlier run that has this name is moved to DIR/RUN/PARTY.json first, where the reports of one run are together
 * again; `notice` is told of it. A page goes with its report, as DIR/PARTY.html.
 *
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function writeReport(
  dir: string,
  report: RunReport,
  notice: (text: string) => void = () => undefined,
  page?: Pick<ReportPage, 'of'>,
): Promise<string> {
  const path = pathIn(dir, report.party);
  const draft = `${path}.${process.pid}.part`;
  try {
    await makeFolders(dir, 0o700);
    await writeFile(draft, `${steeringEscaped(JSON.stringify(report, null, 2))}\n`, { mode: 0o600 });
    const moved = await moveAside(path);
    await rename(draft, path);
    if (moved !== undefined) notice(moved);
    const bytes = page?.of(report);
    if (bytes === undefined) return path;
    await writeFile(draft, bytes, { mode: 0o600, flag: 'wx' });
    await rename(draft, pageOf(path));
    notice(`the page of the job is ${pageOf(path)}`);
    return path;
  } catch (cause) {
    await ignored(rm(draft, { force: true }), 'the cause is thrown below');
    throw cannotWrite(path, cause);
  }
}

const pathIn = (dir: string, party: string): string => resolve(join(dir, `${party}.json`));

/** The page beside a report. */
const pageOf = (report: string): string => `${report.slice(0, -'.json'.length)}.html`;

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cannotWrite(path, error);
  }
}

/** Bytes of a file in which the run's id is looked for: it is the second field of a report. */
const REPORT_HEAD_BYTES = 1_024;
/** Runs of one id whose reports of one party are kept beside each other: far more than anybody gives the same id. */
const SAME_ID_MAX = 1_000;

/** The run that the report at a path is of; empty if that run had no id. */
async function earlierReport(path: string): Promise<{ readonly runId: string } | 'none' | 'no report'> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw cannotWrite(path, error);
  });
  if (file === undefined) return 'none';
  try {
    const head = Buffer.alloc(REPORT_HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const found = /^\{\s*"reportVersion":\s*\d+,\s*"runId":\s*"([\w-]*)"/.exec(
      head.toString('utf8', 0, bytesRead),
    );
    return found === null ? 'no report' : { runId: found[1] ?? '' };
  } catch (error) {
    throw cannotWrite(path, error);
  } finally {
    await file.close();
  }
}

/** Keeps what another run has written under this name. The sentence that says so; undefined if there was nothing. */
async function moveAside(path: string): Promise<string | undefined> {
  const earlier = await earlierReport(path);
  const hasPage = await exists(pageOf(path));
  if (earlier === 'none' && !hasPage) return undefined;
  if (earlier === 'none' || earlier === 'no report')
    throw Object.assign(new Error('in the way'), { code: 'EEXIST, it is no report' });
  const { mtime } = await stat(path);
  const name = earlier.runId || `run-of-${mtime.toISOString().replaceAll(/[:.]/g, '-')}`;
  for (let n = 1; n <= SAME_ID_MAX; n++) {
    const folder = join(dirname(path), n === 1 ? name : `${name}.${n}`);
    const aside = join(folder, basename(path));
    await makeFolders(folder, 0o700);
    if ((await earlierReport(aside)) !== 'none') continue;
    if (hasPage) await rename(pageOf(path), pageOf(aside));
    await rename(path, aside);
    return `the report of an earlier run, ${earlier.runId || 'without an id'}, is kept as ${aside}`;
  }
  throw Object.assign(new Error('in the way'), { code: `EEXIST, ${SAME_ID_MAX} times` });
}

function cannotWrite(path: string, cause: unknown): EnvironmentError {
  if (cause instanceof EnvironmentError) return cause;
  const text = `${path}: the report cannot be written (${reasonOf(cause)})`;
  return new EnvironmentError('PRIVITY_FILE_WRITE', text, { cause });
}

/** The exit code of a party's process for an outcome. */
function exitCodeOf(outcome: Outcome): number {
  return outcome.result === 'completed' ? 0 : failureCodes[outcome.failure?.code ?? 'INTERNAL'].exit;
}
