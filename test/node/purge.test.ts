import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PrivityError } from '../../src/base/errors.ts';
import type { Purged } from '../../src/node/core/history.ts';
import type { Nth } from '../../src/node/life/life-types.ts';
import { packBundle } from '../../src/node/model/bundle.ts';
import { newRun, type RunState } from '../../src/node/model/records.ts';
import { type LoneNode, loneNode } from './lone-node.ts';

const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;

let node: LoneNode;
before(async () => {
  node = await loneNode();
});
after(() => node.close());

async function propose(source: string): Promise<string> {
  const bundle = packBundle(new Map([['job.ts', Buffer.from(source)]]));
  const contract = { version: 1, parties: ['alice', 'bob'], steps: [], discloses: [] };
  const { id } = await node.admin.post<{ id: string }>('/proposals', {
    ...{ title: 'a study', purpose: 'research', parties: ['alice', 'bob'], contract, validMs: 60_000 },
    job: { file: 'job.ts', hash: 'ab'.repeat(32) },
    bundle: bundle.toString('base64'),
  });
  return id;
}

/** A run as it is when it has ended, or goes on. */
async function run(proposal: string, nth: Nth, state: RunState, endedAt: number | null): Promise<string> {
  const row = newRun(proposal, 'a study', nth, 1);
  const { store, folders } = node.service.node;
  await store.change(async (tx) => {
    await tx.runs.add({ ...row, state, endedAt });
    await tx.learnt.add(row.runId, [
      {
        dataset: 'members',
        partner: 'bob',
        step: 'mean',
        kind: 'reveal',
        type: 'number',
        shape: null,
        at: 1,
      },
    ]);
  });
  await mkdir(join(folders.record(row.runId), 'alice'), { recursive: true });
  await writeFile(join(folders.record(row.runId), 'alice', 'report.json'), '{}');
  return row.runId;
}

describe('the history of a node is purged', () => {
  it('of runs that have ended, with their files, and nothing that is memory', async () => {
    const { store, folders } = node.service.node;
    const proposal = await propose('export default 1;');
    const ids = [
      await run(proposal, { occurrence: 1, attempt: 1 }, 'completed', 100),
      await run(proposal, { occurrence: 2, attempt: 1 }, 'failed', 200),
      await run(proposal, { occurrence: 3, attempt: 1 }, 'running', null),
    ];
    const old = await node.admin.post<Purged>('/runs/purge', { endedBefore: 200 });
    assert.deepEqual(old, { runs: [ids[0]], jobs: 0, more: false });
    const all = await node.admin.post<Purged>('/runs/purge', { keep: 0 });
    assert.deepEqual(all.runs, [ids[1]]);
    assert.deepEqual(await readdir(folders.records), [ids[2]]);
    await assert.rejects(node.admin.get(`/runs/${ids[0]}/report`), isCode('PRIVITY_RUN_UNKNOWN'));
    assert.equal((await store.learnt.summary('members', 'bob'))[0]?.times, 3);
    const [line] = await store.audit.newest({ limit: 1 });
    assert.deepEqual([line?.what, line?.detail], ['runs.purged', { runs: 1, keep: 0 }]);
  });

  it('and packed jobs of which nothing can come, once partners have heard of them', async () => {
    const { store, config } = node.service.node;
    const packed = (): Promise<readonly string[]> => readdir(join(config.state, 'bundles'));
    const before = (await packed()).length;
    const id = await propose('export default 2;');
    await node.admin.post(`/proposals/${id}/withdraw`);
    const waits = await node.admin.post<Purged>('/runs/purge', { keep: 1_000 });
    assert.deepEqual([waits.jobs, (await packed()).length], [0, before + 1]);
    await store.change((tx) => tx.outbox.acknowledged('bob', `proposal-${id}`));
    const over = await node.admin.post<Purged>('/runs/purge', { keep: 1_000 });
    assert.deepEqual([over.jobs, (await packed()).length], [1, before]);
    await assert.rejects(node.admin.get(`/proposals/${id}/files`), isCode('PRIVITY_PROPOSAL_STATE'));
  });

  it('not without saying which, and not by everybody', async () => {
    for (const body of [{}, { keep: 1, endedBefore: 1 }, { keep: -1 }])
      await assert.rejects(node.admin.post('/runs/purge', body), isCode('PRIVITY_API_INVALID'));
    const proposer = await node.client('ann', 'proposer');
    await assert.rejects(proposer.post('/runs/purge', { keep: 0 }), isCode('PRIVITY_TOKEN_RIGHT'));
  });
});
