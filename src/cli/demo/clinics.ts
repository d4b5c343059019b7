/** Three clinics on this machine: keys, federation, node files, and tables that are made up. */
import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { formatFederation } from '../../config/federation-file.ts';
import { partyFileText } from '../../config/party-file-text.ts';
import type { Clock } from '../../contracts/clock.ts';
import { createIdentity, fingerprint } from '../../transport/identity/certificate.ts';
import { PACKAGE_FOLDER } from '../init/package-source.ts';
import { freePorts } from '../local/ports.ts';

export const CLINICS = ['alice', 'bob', 'carol'] as const;
export type Clinic = (typeof CLINICS)[number];

const LOOPBACK = '127.0.0.1';
/** Of each clinic, and some more at each next one. */
const PATIENTS = 200;
/** Keys of a demonstration are worthless afterwards. */
const CERTIFICATE_DAYS = 2;

/** Waiting times in minutes, other ones at each clinic. */
function tableOf(clinic: number): string {
  const rows = Array.from(
    { length: PATIENTS + 40 * clinic },
    (_, at) => `${100 * clinic + at},${5 + ((at * 17 + clinic * 11) % 60)}`,
  );
  return `${['patient,minutes', ...rows].join('\n')}\n`;
}

/** Writes the folder of each clinic, and the job into that of the first one. */
export async function writeClinics(folder: string, clock: Clock): Promise<void> {
  const ports = await freePorts(LOOPBACK, 2 * CLINICS.length, (below) => randomInt(below));
  const identities = await Promise.all(
    CLINICS.map((party) => createIdentity({ party, days: CERTIFICATE_DAYS, clock })),
  );
  const federation = formatFederation({
    name: 'clinics',
    parties: identities.map(({ certPem }, nth) => ({
      name: CLINICS[nth] ?? '',
      host: LOOPBACK,
      port: ports[nth] ?? 0,
      fingerprint: fingerprint(certPem),
    })),
  });
  for (const [nth, { certPem, keyPem }] of identities.entries()) {
    const party = CLINICS[nth] ?? '';
    const own = join(folder, party);
    await mkdir(own, { mode: 0o700 });
    const node = {
      party: `${party}.party.yaml`,
      state: 'state',
      api: `${LOOPBACK}:${ports[CLINICS.length + nth] ?? 0}`,
      sandbox: 'preferred',
      selfApproval: true,
    };
    const files = {
      [`${party}.key.pem`]: keyPem,
      [`${party}.cert.pem`]: certPem,
      [`${party}.party.yaml`]: partyFileText(party),
      'federation.yaml': federation,
      'node.yaml': stringify(node),
      'waits.csv': tableOf(nth),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text, { mode: 0o600 });
  }
  const job = await readFile(join(PACKAGE_FOLDER, 'templates', 'nodes', 'job.ts'));
  await writeFile(join(folder, CLINICS[0], 'job.ts'), job);
}
