/** Gives up what is old: runs of the history with their files, then packed jobs that nothing asks for any more. */
import { rm } from 'node:fs/promises';
import type { Clock } from '../../contracts/index.ts';
import type { RunFolders } from '../runs/run-folders.ts';
import type { OldRuns } from '../store/runs.ts';
import type { NodeStore } from '../store/store.ts';
import type { Bundles } from './bundles.ts';

export interface HistoryParts {
  readonly store: NodeStore;
  readonly folders: RunFolders;
  readonly bundles: Bundles;
  readonly clock: Clock;
}

export interface Purged {
  /** Ids of runs. */
  readonly runs: readonly string[];
  /** How many packed jobs. */
  readonly jobs: number;
  /** There are more: ask again. */
  readonly more: boolean;
}

/**
 * One portion. Files go first: a node that is killed in the middle has runs without files, which the next one purges.
 * What partners have learnt, uses of grants, proposals with their decisions, and the audit log stay.
 */
export async function purgeRuns(parts: HistoryParts, rule: OldRuns, by: string): Promise<Purged> {
  const { store, folders, clock } = parts;
  const runs = await store.runs.old(rule);
  for (const runId of runs) await rm(folders.record(runId), { recursive: true, force: true, maxRetries: 3 });
  if (runs.length > 0)
    await store.change(async (tx) => {
      const at = clock.wallTime();
      await tx.runs.purge(runs);
      await tx.audit.add({
        at,
        by,
        what: 'runs.purged',
        about: 'runs',
        detail: { runs: runs.length, ...rule },
      });
    });
  const more = runs.length > 0 && (await store.runs.old(rule)).length > 0;
  return { runs, jobs: more ? 0 : await purgeJobs(parts), more };
}

/** In a change, so that no proposal comes between the question and the removal. */
async function purgeJobs({ store, bundles }: HistoryParts): Promise<number> {
  let removed = 0;
  for (const digest of await bundles.digests())
    await store.change(async (tx) => {
      if (!(await tx.proposals.needsBundle(digest)) && bundles.remove(digest)) removed += 1;
    });
  return removed;
}
