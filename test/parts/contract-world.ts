/** One run of a job in the simulated world, under a contract or under none. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closeDatabase } from '../../src/data/index.ts';
import type { Contract } from '../../src/observe/contract/contract.ts';
import { JobCode } from '../../src/simulation/job-code.ts';
import { OutsideWork } from '../../src/simulation/outside-work.ts';
import { REALM_NAMES } from '../../src/simulation/realm.ts';
import type { BySetting } from '../../src/simulation/rehearse/rehearse.ts';
import { EXPLORE_BOUNDS } from '../../src/simulation/workshop.ts';
import { type SimulatedRun, World } from '../../src/simulation/world.ts';

export interface ContractRun {
  readonly job: string;
  readonly settings: BySetting<unknown>;
  readonly contract?: Contract | undefined;
  /** An empty folder. */
  readonly folder: string;
  readonly errorDetail?: 'redacted' | 'full';
}

export async function runUnder({
  job,
  settings,
  contract,
  folder,
  errorDetail,
}: ContractRun): Promise<SimulatedRun> {
  await import('../../src/psi/index.ts');
  const code = await JobCode.load(job, REALM_NAMES);
  const outside = new OutsideWork();
  outside.start();
  const world = new World({
    seed: 1,
    parties: [...code.loaded.job.parties].sort(),
    jobFile: code.loaded.path,
    jobHash: code.loaded.hash,
    jobOf: (_party, realm) => code.evaluate(realm),
    args: {},
    settings,
    bounds: EXPLORE_BOUNDS,
    errorDetail: errorDetail ?? 'redacted',
    contract,
    plan: [],
    limitMs: 600_000,
    outside,
    folderOf: (party) => {
      const path = join(folder, party);
      mkdirSync(path, { recursive: true });
      return {
        path,
        clean: () => {
          for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
        },
      };
    },
  });
  const run = await world.run();
  outside.stop();
  await closeDatabase();
  return run;
}
