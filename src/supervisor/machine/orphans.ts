/**
 * What supervisors have left that were killed before they could clear up: temporary folders, and processes of their
 * jobs. Only what carries the claim of an owner that is provably dead counts; a live run's things, and things of which
 * nothing is known, are left alone.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LAST_WORD_MS_MAX } from '../seam/bounds.ts';
import { type Claim, isSame, ownerState, readClaim } from './claim.ts';
import { groupMembers, LOCAL_MARK, MARK, markedProcesses, STAND_IN_MARK, treeGone } from './process-group.ts';

/** Folders of this program begin so. */
const FOLDER_PREFIX = 'privity-';
/**
 * What a supervisor that has just died leaves tells the peers and clears up by itself; it is given this long before
 * somebody else does it: the time for which it may live on, and some to end.
 */
const OWN_END_MS = LAST_WORD_MS_MAX + 500;
const POLL_MS = 25;
/** Files that are counted in a folder; a spill has hundreds. */
const COUNTED_FILES_MAX = 100_000;

export interface Orphan {
  readonly folder: string;
  readonly claim: Claim;
  readonly processes: readonly number[];
  readonly files: number;
  readonly bytes: number;
}

export interface Cleared {
  /** How many of each kind were removed. */
  readonly items: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
}

/** What dead owners have left in the folder for temporary files; the user's own only. */
export function findOrphans(base = tmpdir()): readonly Orphan[] {
  const folders = entries(base)
    .filter((name) => name.startsWith(FOLDER_PREFIX))
    .map((name) => join(base, name))
    .filter(isOwnFolder);
  return folders.flatMap((folder) => {
    const claim = readClaim(folder);
    if (claim === undefined || ownerState(claim) !== 'dead') return [];
    // Supervisors of a local run outlive the one that started them for a moment, and need its files until they have
    // ended.
    const isNeeded = process.env[LOCAL_MARK] === folder || markedProcesses(folder, LOCAL_MARK).length > 0;
    if (claim.kind === 'local' && isNeeded) return [];
    return [{ folder, claim, processes: processesOf(folder, claim), ...contents(folder) }];
  });
}

/** Ends the processes of an orphan and removes its folder. */
export async function clearOrphan({ folder, claim }: Orphan): Promise<Cleared> {
  const items: Record<string, number> = {};
  const leftovers: string[] = [];
  const deadline = performance.now() + OWN_END_MS;
  while (processesOf(folder, claim).length > 0 && performance.now() < deadline) await delay(POLL_MS);
  const processes = processesOf(folder, claim);
  for (const pid of processes) kill(pid);
  const staying = (await treeGone(0, folder)).map((pid) => `process ${pid}`);
  if (processes.length > staying.length) items.process = processes.length - staying.length;
  leftovers.push(...staying);
  const { files } = contents(folder);
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    items['temporary folder'] = 1;
    // The claim itself is no loss.
    if (files > 1) items.file = files - 1;
  } catch (error) {
    leftovers.push(`${folder}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be removed'}`);
  }
  return { items, leftovers };
}

/** In one sentence: who ended without clearing up, and what is left. */
export function orphanText({ claim, processes, files, bytes, folder }: Orphan): string {
  const { party, runId, owner, since, kind } = claim;
  const who = kind === 'local' ? 'a local run' : `the supervisor of ${party}`;
  const run = runId === '' ? '' : `, run ${runId}`;
  const living = processes.length === 0 ? '' : `, and processes ${processes.join(', ')}`;
  const left = `${folder} (${files} files, ${bytes} bytes)${living}`;
  return `${who}${run} (process ${owner.pid}, since ${since}) has ended without clearing up: ${left}`;
}

function processesOf(folder: string, { program }: Claim): readonly number[] {
  const group = program !== null && isSame(program) ? groupMembers(program.pid) : [];
  const marked = [MARK, STAND_IN_MARK].flatMap((mark) => markedProcesses(folder, mark));
  return [...new Set([...group, ...marked])];
}

/** A folder of another user, or a link to somewhere else, is nobody's to remove here. */
function isOwnFolder(path: string): boolean {
  try {
    const found = lstatSync(path);
    return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
  } catch {
    return false;
  }
}

function contents(folder: string): { readonly files: number; readonly bytes: number } {
  let files = 0;
  let bytes = 0;
  for (const name of entries(folder, true).slice(0, COUNTED_FILES_MAX)) {
    try {
      const found = lstatSync(join(folder, name));
      if (found.isDirectory()) continue;
      files += 1;
      bytes += found.size;
    } catch {
      // It is gone meanwhile.
    }
  }
  return { files, bytes };
}

function entries(folder: string, recursive = false): readonly string[] {
  try {
    return readdirSync(folder, { recursive, encoding: 'utf8' });
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
