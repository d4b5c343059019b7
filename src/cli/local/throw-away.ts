import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { formatFederation } from '../../config/federation-file.ts';
import { memorySize } from '../../config/memory-size.ts';
import type { Clock } from '../../contracts/clock.ts';
import { makeTempFolder } from '../../supervisor/machine/folders.ts';
import type { SandboxPolicy } from '../../supervisor/sandbox/policy.ts';
import type { Bounds } from '../../supervisor/seam/bounds.ts';
import type { ErrorDetail } from '../../supervisor/seam/options.ts';
import { createIdentity, fingerprint } from '../../transport/identity/certificate.ts';
import { LOCAL_FOLDER_PREFIX } from '../parent.ts';
import { freePorts } from './ports.ts';

const LOOPBACK = '127.0.0.1';

/** Certificates of a local run live this long: longer than any run, and worthless afterwards anyway. */
const LOCAL_CERTIFICATE_DAYS = 2;

export interface ThrowAwayPlan {
  readonly runId: string;
  readonly parties: readonly string[];
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly bounds: Partial<Bounds>;
  /** Of each party. */
  readonly memoryMaxBytes: number;
  readonly errorDetail: ErrorDetail;
  readonly sandbox: SandboxPolicy;
  readonly clock: Clock;
}

/** A federation for one local run, in a temporary folder that only this user can enter. */
export interface ThrowAwayFederation {
  readonly folder: string;
  partyFile(party: string): string;
  reportDir(party: string): string;
  remove(): Promise<void>;
}

export async function createThrowAway(plan: ThrowAwayPlan): Promise<ThrowAwayFederation> {
  // Should this process and all its supervisors be killed at once, the next run finds whose the keys were.
  const facts = { kind: 'local', party: null, runId: plan.runId, listen: null } as const;
  const { path: folder, remove } = await makeTempFolder(LOCAL_FOLDER_PREFIX, facts, plan.clock.wallTime());
  try {
    const ports = await freePorts(LOOPBACK, plan.parties.length, (below) => randomInt(below));
    const members = await Promise.all(
      plan.parties.map(async (name, index) => {
        const { certPem, keyPem } = await createIdentity({
          party: name,
          days: LOCAL_CERTIFICATE_DAYS,
          clock: plan.clock,
        });
        await mkdir(join(folder, name), { mode: 0o700 });
        await writePrivate(join(folder, name, 'cert.pem'), certPem);
        await writePrivate(join(folder, name, 'key.pem'), keyPem);
        await writePrivate(join(folder, name, 'party.yaml'), partyYaml(plan, name));
        return { name, host: LOOPBACK, port: ports[index] ?? 0, fingerprint: fingerprint(certPem) };
      }),
    );
    await writePrivate(
      join(folder, 'federation.yaml'),
      formatFederation({ name: 'local', parties: members }),
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    folder,
    partyFile: (party) => join(folder, party, 'party.yaml'),
    reportDir: (party) => join(folder, party, 'report'),
    remove,
  };
}

function partyYaml(plan: ThrowAwayPlan, party: string): string {
  return stringify({
    party,
    federation: '../federation.yaml',
    key: './key.pem',
    certificate: './cert.pem',
    settings: plan.settings[party] ?? {},
    bounds: plan.bounds,
    memoryMax: memorySize(plan.memoryMaxBytes),
    errorDetail: plan.errorDetail,
    sandbox: plan.sandbox,
  });
}

const writePrivate = (path: string, text: string): Promise<void> =>
  writeFile(path, text, { mode: 0o600, flag: 'wx' });
