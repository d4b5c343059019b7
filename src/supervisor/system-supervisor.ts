/** The machine that this supervisor runs on. It loads nothing that only programs need, such as the database. */
import { createRunIdentity } from '../transport/index.ts';
import { makeTempFolder } from './folders.ts';
import { machineMemoryMax } from './machine-memory.ts';
import { clearOrphan, findOrphans, orphanText } from './orphans.ts';
import { openPlanes } from './planes.ts';
import type { SupervisorPlatform } from './platform.ts';
import { ProgramProcess } from './program-process.ts';
import { rehearse } from './rehearsal.ts';
import { createSigner } from './signer.ts';
import { startStandIn } from './stand-in.ts';
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
