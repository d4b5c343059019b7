/** The records of past and present runs, as they are found on the disk. */

import { lstat, open, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignored } from '../base/ignored.ts';
import { DAY_MS, type RecordBounds } from '../config/record-bounds.ts';
import { CLAIM_FILE, type Claim, ownerState, readClaim } from '../supervisor/machine/claim.ts';
import { recordLine } from './event-line.ts';
import { choose, removeRun } from './purge.ts';
import { lastLineOf } from './read-log.ts';
import { appendLine, LOG_FILE, type RecordFacts, readRecordFile, writeRecordFile } from './record-file.ts';
import type { RecordState, StoredParty, StoredRun } from './stored-run.ts';

/** Between the making of a folder and the claim on it; a run waits for its record far shorter than that. */
const MOVING_IN_MS = 60_000;

/** Newest first. No folder is no run. */
export async function readRuns(base: string, nowMs: number): Promise<readonly StoredRun[]> {
  const runs: StoredRun[] = [];
  for (const name of await foldersIn(base)) {
    const run = await readRun(join(base, name), nowMs);
    if (run !== undefined) runs.push(run);
  }
  return runs.sort((a, b) => b.startedMs - a.startedMs);
}

/** The record of one run in its folder; undefined if there is none. */
export async function readRun(folder: string, nowMs: number): Promise<StoredRun | undefined> {
  const parties: StoredParty[] = [];
  for (const party of await foldersIn(folder)) {
    const found = await readParty(join(folder, party), party, nowMs);
    if (found !== undefined) parties.push(found);
  }
  if (parties.length === 0) return undefined;
  const ids = parties.map(({ facts }) => facts?.runIds.at(-1) ?? '');
  return {
    name: basename(folder),
    folder,
    runId: ids.find((id) => id !== '') ?? '',
    parties,
    startedMs: Math.min(
      ...parties.map(({ facts, writtenMs }) => (facts ? Date.parse(facts.startedAt) : writtenMs)),
    ),
    bytes: parties.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function readParty(folder: string, party: string, nowMs: number): Promise<StoredParty | undefined> {
  const facts = await readRecordFile(folder);
  const claim = facts === undefined || facts.ending === null ? readClaim(folder) : undefined;
  let bytes = 0;
  let writtenMs = (await ignored(lstat(folder), 'it has gone meanwhile'))?.mtimeMs;
  if (writtenMs === undefined) return undefined;
  for (const name of (await ignored(readdir(folder), 'it has gone meanwhile')) ?? []) {
    const found = await ignored(lstat(join(folder, name)), 'it has gone meanwhile');
    if (found === undefined || !found.isFile()) continue;
    bytes += found.size;
    writtenMs = Math.max(writtenMs, found.mtimeMs);
  }
  return {
    folder,
    party,
    facts,
    state: facts?.ending ?? stateBy(claim, facts, nowMs - writtenMs),
    bytes,
    writtenMs,
  };
}

function stateBy(claim: Claim | undefined, facts: RecordFacts | undefined, idleMs: number): RecordState {
  // Without a claim nobody lives here, but somebody may be about to move in.
  if (claim === undefined) return facts === undefined && idleMs < MOVING_IN_MS ? 'unknown' : 'killed';
  const owner = ownerState(claim);
  return owner === 'alive' ? 'running' : owner === 'dead' ? 'killed' : 'unknown';
}

/**
 * Writes into the records of supervisors that were killed that they were, so that each tells its end wherever it is
 * read. Resolves to whether there was one: what was read of it before is then out of date.
 */
export async function completeKilled(runs: readonly StoredRun[], nowMs: number): Promise<boolean> {
  const killed = runs
    .flatMap((run) => run.parties)
    .filter(({ facts, state }) => state === 'killed' && facts?.ending === null);
  for (const { folder, writtenMs } of killed) {
    const because = 'another completes it, or it cannot be written and is read as it is';
    await ignored(complete(folder, writtenMs, nowMs), because);
  }
  return killed.length > 0;
}

/** Beside a record while it is completed, so that two readers do not tell its end twice. */
const COMPLETING_FILE = 'completing';
/** Completing writes two small files; a process that has not done so after this long is dead. */
const COMPLETING_MS = 10_000;

async function complete(folder: string, writtenMs: number, nowMs: number): Promise<void> {
  const mark = join(folder, COMPLETING_FILE);
  const marked = await ignored(lstat(mark), 'nobody completes it');
  if (marked !== undefined && nowMs - marked.mtimeMs > COMPLETING_MS) await rm(mark, { force: true });
  const file = await open(mark, 'wx', 0o600);
  try {
    await file.close();
    // Another reader may have completed it since it was found.
    const facts = await readRecordFile(folder);
    if (facts?.ending === null) await tellEnd(folder, facts, writtenMs);
  } finally {
    await rm(mark, { force: true });
  }
}

async function tellEnd(folder: string, facts: RecordFacts, writtenMs: number): Promise<void> {
  const claim = readClaim(folder);
  // What the log says goes before the times of files, which a copy has anew.
  const lastHeard = (await lastLineOf(folder))?.time ?? new Date(writtenMs).toISOString();
  const about = { time: lastHeard, runId: facts.runIds.at(-1) ?? '', party: facts.party };
  const incident = facts.verdict?.incident ?? facts.incidents[0] ?? null;
  const owner = claim === undefined ? 'the supervisor' : `the supervisor (process ${claim.owner.pid})`;
  const text = `${owner} ended without a word after this: it was killed or crashed, or the machine went down`;
  await appendLine(
    join(folder, LOG_FILE),
    recordLine({ level: 'error', event: 'supervisor.gone', ...about, incident, text }),
  );
  await writeRecordFile(folder, { ...facts, ending: 'killed', endedAt: lastHeard });
  await rm(join(folder, CLAIM_FILE), { force: true });
}

/**
 * What every run does beside its own work: completes the records of the killed, and removes what is beyond the bounds.
 */
export async function keepHouse(
  base: string,
  { runs, bytes, days }: RecordBounds,
  nowMs: number,
): Promise<void> {
  const found = await readRuns(base, nowMs);
  await completeKilled(found, nowMs);
  const rule = { runs, bytes, ageMs: days * DAY_MS, keepsNewest: true };
  for (const run of choose(found, rule, nowMs)) await removeRun(run);
}

async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await ignored(readdir(path, { withFileTypes: true }), 'no folder, no records');
  return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
