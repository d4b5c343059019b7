/** Which records go, and how. The record of a run that goes on never does. */

import { rm, rmdir } from 'node:fs/promises';
import { ignored } from '../base/ignored.ts';
import { BOUND_MS_MAX } from '../config/run-bounds.ts';
import { ownerState, readClaim } from '../supervisor/machine/claim.ts';
import type { StoredParty, StoredRun } from './stored-run.ts';

/**
 * Whether a supervisor on another machine lives cannot be seen; after twice the longest run, and no word, it does not.
 */
const UNSEEN_MS = 2 * BOUND_MS_MAX;

export interface PurgeRule {
  /** The newest so many are kept. */
  readonly runs?: number;
  /** The newest that have together so many bytes are kept. */
  readonly bytes?: number;
  /** Those that began within so many milliseconds are kept. */
  readonly ageMs?: number;
  /** The newest run that has ended is kept, however large it is. */
  readonly keepsNewest?: boolean;
}

const mayRun = ({ state, writtenMs }: StoredParty, nowMs: number): boolean =>
  state === 'running' || (state === 'unknown' && nowMs - writtenMs < UNSEEN_MS);

export function isRunning(run: StoredRun, nowMs: number): boolean {
  return run.parties.some((party) => mayRun(party, nowMs));
}

/** The runs that a rule gives up. `runs`: newest first. Pure. */
export function choose(runs: readonly StoredRun[], rule: PurgeRule, nowMs: number): readonly StoredRun[] {
  const {
    runs: runsMax = Infinity,
    bytes: bytesMax = Infinity,
    ageMs = Infinity,
    keepsNewest = false,
  } = rule;
  const newest = keepsNewest ? runs.find((run) => !isRunning(run, nowMs)) : undefined;
  let bytes = 0;
  return runs.filter((run, index) => {
    bytes += run.bytes;
    if (isRunning(run, nowMs)) return false;
    if (nowMs - run.startedMs > ageMs) return true;
    return run !== newest && (index >= runsMax || bytes > bytesMax);
  });
}

/** Removes the records of a run. A party that has come to life since they were read keeps its own. */
export async function removeRun({ folder, parties }: StoredRun): Promise<void> {
  for (const party of parties) {
    const claim = readClaim(party.folder);
    if (claim !== undefined && ownerState(claim) === 'alive') continue;
    await rm(party.folder, { recursive: true, force: true, maxRetries: 3 });
  }
  await ignored(rmdir(folder), 'it stays where a party that lives is in it');
}
