/** The machine that this supervisor runs on. It loads nothing that only programs need, such as the database. */
import { createRunIdentity } from '../transport/index.ts';
import { makeTempFolder } from './machine/folders.ts';
import { machineMemoryMax } from './machine/machine-memory.ts';
import { clearOrphan, findOrphans, orphanText } from './machine/orphans.ts';
import { ProgramProcess } from './machine/program-process.ts';
import { systemLoop } from './machine/system-loop.ts';
import { rehearse } from './party/rehearsal.ts';
import { createSigner } from './party/signer.ts';
import { openPlanes } from './planes/planes.ts';
import type { SupervisorPlatform } from './seam/platform.ts';
import { startStandIn } from './stand-in/stand-in.ts';

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
  tempFolder: ({ party, listen: { host, port }, runId = '' }) => {
    const facts = { kind: 'run', party, runId, listen: { host, port } } as const;
    return makeTempFolder(`privity-${party}-`, facts, systemLoop.clock.wallTime());
  },
  openPlanes,
  spawnProgram: (...given) => ProgramProcess.spawn(...given),
  startStandIn,
  createRunIdentity,
  defaultMemoryMax: () => machineMemoryMax(1),
  createSigner,
  rehearse,
};
