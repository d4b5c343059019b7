/** Keys of two parties are replaced: their store, what is on its way, and what was signed before still count. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { systemClock } from '../../src/base/system.ts';
import { type Federation, formatFederation, readFederationFile } from '../../src/config/federation-file.ts';
import { readNodeFile } from '../../src/config/node-file.ts';
import { checkEvidence, evidenceOf } from '../../src/node/core/check-evidence.ts';
import { signingOf } from '../../src/node/core/signing.ts';
import { bundleDigest, packBundle } from '../../src/node/model/bundle.ts';
import type { ProposalDocument } from '../../src/node/model/proposal.ts';
import { newRun } from '../../src/node/model/records.ts';
import { runIdOf } from '../../src/node/model/run-id.ts';
import { NODE_PROTOCOL } from '../../src/node/partners/words.ts';
import { serveNode } from '../../src/node/serve.ts';
import { createIdentity, fingerprint } from '../../src/transport/index.ts';
import { falsePartner } from './false-partner.ts';
import { loneNode } from './lone-node.ts';

const YEAR_MS = 366 * 24 * 60 * 60 * 1000;
const bundle = packBundle(new Map([['job.ts', Buffer.from('export default 1;')]]));
const contractOf = (parties: readonly string[]) => ({
  ...{ version: 1, parties, steps: [], discloses: [], errors: [], symbols: [] },
});

it('what parties have signed with keys that were replaced still counts, where the federation lists them', async () => {
  const node = await loneNode({ words: { selfApproval: true } });
  const file = join(node.folder, 'federation.yaml');
  const before = await readFederationFile(file);
  const bobsFormerKey = await readFile(join(node.folder, 'bob', 'key.pem'), 'utf8');
  const { id } = await node.admin.post<{ id: string }>('/proposals', {
    ...{ title: 'a study', purpose: 'research', parties: ['alice'], validMs: 3_600_000 },
    contract: contractOf(['alice']),
    job: { file: 'job.ts', hash: 'ab'.repeat(32) },
    bundle: bundle.toString('base64'),
    // Not before all of this is over.
    schedule: { cron: '0 0 1 1 *', timezone: 'UTC', until: Date.now() + YEAR_MS, occurrencesMax: 1 },
  });
  await node.admin.post(`/proposals/${id}/approve`, { reason: '' });
  await node.service.close(true);

  const renewed = await withNewKeys(node.folder, before);
  await writeFile(file, formatFederation(renewed));
  const config = await readNodeFile(join(node.folder, 'node.yaml'));
  const service = await serveNode({ config, entry: 'never-started', warn: () => undefined });
  const bob = await falsePartner(node.folder);
  try {
    await bob.hears(({ said }) => said.kind === 'node');
    bob.say({ kind: 'node', protocol: NODE_PROTOCOL, privity: '9.9.9', federation: 'x' });
    const signed = signingOf(bobsFormerKey, before.parties).sign('proposal', documentOfBob());
    bob.say({ kind: 'proposal', ...signed }, 'on its way', bundle);
    assert.equal(await bob.answer('on its way'), undefined);

    const nth = { occurrence: 1, attempt: 1 };
    await service.node.store.change((tx) => tx.runs.add(newRun(id, 'a study', nth, Date.now())));
    const evidence: unknown = await node.admin.get(`/runs/${runIdOf(id, 1, 1)}/evidence`);
    const doubts = (federation: Federation) =>
      checkEvidence(evidenceOf('alice.json', evidence), federation)
        .filter(({ holds }) => !holds)
        .map(({ says }) => says);
    assert.deepEqual(doubts(renewed), []);
    const forgetful = renewed.parties.map(({ former: _, ...member }) => member);
    assert.deepEqual(doubts({ ...renewed, parties: forgetful }), [
      `the proposal ${id} is signed by alice`,
      'alice has approved it, signed',
    ]);
  } finally {
    await bob.close();
    await service.close(true);
    await rm(node.folder, { recursive: true, force: true });
  }
});

/** The file of the federation lists the former ones. */
async function withNewKeys(folder: string, { name, parties }: Federation): Promise<Federation> {
  return {
    name,
    parties: await Promise.all(
      parties.map(async (member) => {
        const { certPem, keyPem } = await createIdentity({ party: member.name, clock: systemClock });
        await writeFile(join(folder, member.name, 'cert.pem'), certPem);
        await writeFile(join(folder, member.name, 'key.pem'), keyPem);
        return { ...member, fingerprint: fingerprint(certPem), former: [member.fingerprint] };
      }),
    ),
  };
}

function documentOfBob(): ProposalDocument {
  const now = Date.now();
  const parties = ['alice', 'bob'];
  return {
    ...{ version: 1, federation: 'study', proposer: 'bob', parties, contract: contractOf(parties) },
    ...{ title: 'a study', purpose: 'research', args: {}, datasets: {}, outputs: {} },
    job: { file: 'job.ts', hash: 'ab'.repeat(32), bundle: bundleDigest(bundle), bundleBytes: bundle.length },
    ...{ attemptsMax: 1, createdAt: now, expiresAt: now + 600_000, nonce: randomBytes(16).toString('hex') },
  };
}
