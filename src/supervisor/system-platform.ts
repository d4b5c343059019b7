/** The machine that this process runs on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../base/errors.ts';
import { systemClock, systemRandom } from '../base/system.ts';
import { closeDatabase, configureDatabase } from '../data/index.ts';
import { loadJob } from '../program/load-job.ts';
import { OwnClaim } from './claim.ts';
import type { FromProgram } from './ipc.ts';
import { sayLastWord } from './last-word.ts';
import type { PartyOptions } from './options.ts';
import { clearOrphan, findOrphans, orphanText } from './orphans.ts';
import { openDataPlane, openPlanes } from './planes.ts';
import type { EventLoop, ProgramPlatform, SupervisorPlatform, TempFolder } from './platform.ts';
import { ProgramProcess } from './program-process.ts';
import { rehearse } from './rehearsal.ts';
import { createSigner } from './signer.ts';

const eventLoop: EventLoop = {
  clock: systemClock,
  random: systemRandom,
  later: (callback) => void setImmediate(callback),
  hold(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemSupervisor: SupervisorPlatform<ProgramProcess> = {
  ...eventLoop,
  pid: process.pid,
  async clearOrphans(warn) {
    for (const orphan of findOrphans()) {
      warn(`${orphanText(orphan)}; it is cleared now`);
      const { leftovers } = await clearOrphan(orphan);
      for (const left of leftovers) warn(`left behind by an earlier run, and still there: ${left}`);
    }
  },
  tempFolder: makeFolder,
  openPlanes,
  spawnProgram: (cwd, tempDir, handlers) => ProgramProcess.spawn(cwd, tempDir, handlers),
  createSigner,
  rehearse,
};

export const systemProgram: ProgramPlatform = {
  ...eventLoop,
  threads: availableParallelism(),
  send(message) {
    if (process.connected) process.send?.(message);
  },
  finish() {
    if (!process.connected) return;
    process.send?.({ type: 'news', news: [] } satisfies FromProgram, () => process.exit(0));
  },
  sayLastWord,
  print: (line) => void process.stderr.write(`${line}\n`),
  loadJob,
  openDataPlane,
  database: { configure: (tempDir) => configureDatabase({ tempDir }), close: closeDatabase },
};

/** A folder that carries this supervisor's claim, or none. */
async function makeFolder({ party, listen, runId = '' }: PartyOptions): Promise<TempFolder> {
  let path: string | undefined;
  try {
    path = await mkdtemp(join(tmpdir(), `privity-${party}-`));
    const { host, port } = listen;
    const facts = { kind: 'run', party, runId, listen: { host, port } } as const;
    const claim = new OwnClaim(path, facts, systemClock.wallTime());
    return {
      path,
      runIs: (id) => claim.runIs(id),
      programIs: (pid) => claim.programIs(pid),
      remove: removal(path),
    };
  } catch (cause) {
    if (path !== undefined) await removal(path)().catch(() => undefined);
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new EnvironmentError(
      'PRIVITY_TEMPORARY_FOLDER',
      `${tmpdir()}: no temporary folder can be made (${reason})`,
      { cause, ...(reason === 'ENOSPC' || reason === 'EDQUOT' ? { failure: 'RESOURCE_EXHAUSTED' } : {}) },
    );
  }
}

function removal(path: string): () => Promise<void> {
  return () => rm(path, { recursive: true, force: true });
}
