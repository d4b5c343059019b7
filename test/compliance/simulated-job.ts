/**
 * A job on a secure device in the simulated world: all parties' supervisors and programs, over the simulated network,
 * without faults.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replay, type SimulatedParty } from '../../src/testing/index.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { calledBy, checkSecureJob, type SecureJob, type Shown, shownOf } from './secure-jobs.ts';

/** Holds what it gives to plain arithmetic and to the declared costs. */
export async function checkSimulated(job: SecureJob): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'privity-compliance-'));
  try {
    const { run, violations } = await replay({ job: writeJob(job, folder), plan: [], seed: 7 });
    assert.deepEqual(violations, []);
    await checkSecureJob(job, new Map(run.parties.map((party) => [party.name, shownBy(party)])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A job file of its own, which has all that it calls: so it loads nothing of what it tests. */
function writeJob(job: SecureJob, folder: string): string {
  const { name, parties, protocol, members } = job;
  const file = join(folder, `${name}.ts`);
  const made = [calledBy(job), parties, protocol, members].map((one) => JSON.stringify(one)).join(', ');
  const from = JSON.stringify(join(projectRoot, 'test/compliance/jobs/operations.ts'));
  writeFileSync(file, `import { operationsJob } from ${from};\n\nexport default operationsJob(${made});\n`);
  return file;
}

function shownBy({ report, events }: SimulatedParty): Shown {
  const result = events.find((event) => event.event === 'result');
  return shownOf(result?.event === 'result' && result.value, report?.secure ?? []);
}
