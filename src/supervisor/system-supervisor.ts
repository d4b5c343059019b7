/** The machine that this supervisor runs on. It loads nothing that only programs need, such as the database. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../base/errors.ts';
import { ignored } from '../base/ignored.ts';
import { OwnClaim } from './claim.ts';
import type { PartyOptions } from './options.ts';
import { clearOrphan, findOrphans, orphanText } from './orphans.ts';
import { openPlanes } from './planes.ts';
import type { SupervisorPlatform, TempFolder } from './platform.ts';
import { ProgramProcess } from './program-process.ts';
import { rehearse } from './rehearsal.ts';
import { createSigner } from './signer.ts';
import { systemLoop } from './system-loop.ts';

export const systemSupervisor: SupervisorPlatform<ProgramProcess> = {
  ...systemLoop,
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

/** A folder that carries this supervisor's claim, or none. */
async function makeFolder({ party, listen, runId = '' }: PartyOptions): Promise<TempFolder> {
  let path: string | undefined;
  try {
    path = await mkdtemp(join(tmpdir(), `privity-${party}-`));
    const { host, port } = listen;
    const facts = { kind: 'run', party, runId, listen: { host, port } } as const;
    const claim = new OwnClaim(path, facts, systemLoop.clock.wallTime());
    return {
      path,
      runIs: (id) => claim.runIs(id),
      programIs: (pid) => claim.programIs(pid),
      remove: removal(path),
    };
  } catch (cause) {
    if (path !== undefined) await ignored(removal(path)(), 'the cause is thrown below');
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
