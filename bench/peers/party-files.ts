/** What `privity run` needs at each party: a key, a certificate, a party file, and the federation file of all. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/base/system.ts';
import { createIdentity, fingerprint } from '../../src/transport/index.ts';

export interface PartyPlace {
  readonly name: string;
  /** Where it listens, on the loopback. */
  readonly port: number;
  /** Where the others find it, if something stands between: a relay, for one. */
  readonly seenAt?: number;
}

/** Writes `NAME.yaml` and what it names into the folder. */
export async function writePartyFiles(folder: string, parties: readonly PartyPlace[]): Promise<void> {
  const members: Record<string, string>[] = [];
  for (const { name, port, seenAt = port } of parties) {
    const identity = await createIdentity({ party: name, days: 1, clock: systemClock });
    writeFileSync(join(folder, `${name}.key.pem`), identity.keyPem, { mode: 0o600 });
    writeFileSync(join(folder, `${name}.cert.pem`), identity.certPem);
    members.push({ name, address: `127.0.0.1:${seenAt}`, fingerprint: fingerprint(identity.certPem) });
  }
  writeFileSync(join(folder, 'federation.yaml'), stringify({ federation: 'peers', parties: members }));
  for (const { name, port } of parties) {
    const config = {
      party: name,
      federation: './federation.yaml',
      key: `./${name}.key.pem`,
      certificate: `./${name}.cert.pem`,
      listen: `127.0.0.1:${port}`,
    };
    writeFileSync(join(folder, `${name}.yaml`), stringify(config));
  }
}
