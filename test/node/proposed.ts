/** Proposals as bob's node would make them, for a node that never runs them. */
import { randomBytes } from 'node:crypto';
import { bundleDigest, packBundle } from '../../src/node/model/bundle.ts';
import type { ProposalDocument } from '../../src/node/model/proposal.ts';
import { NODE_PROTOCOL } from '../../src/node/partners/words.ts';

export const bundle = packBundle(new Map([['job.ts', Buffer.from('export default 1;')]]));
export const contract = {
  ...{ version: 1, parties: ['alice', 'bob'], steps: [], discloses: [], errors: [], symbols: [] },
};

export function documentOf(change: Partial<ProposalDocument> = {}): ProposalDocument {
  const now = Date.now();
  return {
    ...{ version: 1, federation: 'study', proposer: 'bob', parties: ['alice', 'bob'] },
    ...{ title: 'a study', purpose: 'research', args: {}, datasets: {}, outputs: {}, contract },
    job: { file: 'job.ts', hash: 'ab'.repeat(32), bundle: bundleDigest(bundle), bundleBytes: bundle.length },
    ...{ attemptsMax: 1, createdAt: now, expiresAt: now + 600_000, nonce: randomBytes(16).toString('hex') },
    ...change,
  };
}

/** The first word of a node. */
export const greeting = (change: object = {}): object => ({
  ...{ kind: 'node', protocol: NODE_PROTOCOL, privity: '9.9.9', federation: 'x' },
  ...change,
});
