/** What people see of a proposal before they decide, and what becomes of one that a partner will not take. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ProposalDocument, proposalId } from '../../src/node/model/proposal.ts';
import { newRun } from '../../src/node/model/records.ts';
import { here } from '../cli/here.ts';
import { type FalsePartner, falsePartner } from './false-partner.ts';
import { type LoneNode, loneNode } from './lone-node.ts';
import { bundle, contract, documentOf, greeting } from './proposed.ts';

const entry = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const PARTIES = ['alice', 'bob', 'carol'];
const HOUR = 3_600_000;

let node: LoneNode;
let bob: FalsePartner;

beforeEach(async () => {
  node = await loneNode({ names: PARTIES });
  bob = await falsePartner(node.folder);
  bob.say(greeting());
});
afterEach(async () => {
  await bob.close();
  await node.close();
});

const privity = (...args: string[]) => here(args, { cwd: node.folder, entry });

async function proposed(change: Partial<ProposalDocument>): Promise<string> {
  const document = documentOf({ parties: PARTIES, contract: { ...contract, parties: PARTIES }, ...change });
  const id = proposalId(document);
  bob.say({ kind: 'proposal', ...bob.signing.sign('proposal', document) }, id, bundle);
  assert.equal(await bob.answer(id), undefined);
  return id;
}

it('names what every other party has learnt before, the grants, and what should be read', async () => {
  const path = join(node.folder, 'people.csv');
  await writeFile(path, 'id,income\n1,2\n2,3\n');
  await node.admin.post('/datasets', { name: 'people', source: { kind: 'file', path } });
  const grant = { dataset: 'people', partner: 'bob', purpose: 'research', columns: ['id'], usesMax: 3 };
  const limits = { minimumRows: 2, changedRowsMin: 0, refusalsMax: 4, until: Date.now() + HOUR };
  const { id: granted } = await node.admin.post<{ id: string }>('/grants', { ...grant, ...limits });
  const before = await proposed({});
  const nth = { occurrence: 1, attempt: 1 };
  const line = {
    dataset: 'people',
    partner: 'carol',
    step: 'mean',
    kind: 'reveal',
    type: 'number',
    shape: null,
  };
  await node.service.node.store.change(async (tx) => {
    await tx.runs.add({ ...newRun(before, 't', nth, 1), state: 'completed' });
    await tx.learnt.add(`${before}-1-1`, [{ ...line, at: 1 }]);
  });
  const schedule = {
    cron: '0 6 * * 1',
    timezone: 'UTC',
    until: Date.now() + HOUR * 24 * 300,
    occurrencesMax: 8,
  };
  const id = await proposed({ datasets: { alice: { table: 'people' } }, schedule });
  const { stdout } = await privity('proposals', 'show', id);
  const inOrder = [
    /What it would tell/,
    /What each has learnt of these datasets before\nbob: nothing, from runs of this node\ncarol: of people, number in step "mean", 1 time/,
    new RegExp(
      `Grants that cover it\npeople: grant ${granted} for "research"; columns id \\(kept back: income\\); at least 2 rows; 3 runs left; 4 refusals left; until `,
    ),
    /may run 8 times, and the grant g\w+ has 3 left/,
    /ends before the proposal does/,
    /Decisions\nalice: waits/,
  ];
  const places = inOrder.map((part) => stdout.search(part));
  assert.ok(!places.includes(-1), stdout);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  const shown = await node.admin.get<{ grants: { runsLeft: number }[]; warnings: string[]; reader: string }>(
    `/proposals/${id}`,
  );
  assert.deepEqual([shown.grants[0]?.runsLeft, shown.reader], [3, 'alice']);
  assert.ok(shown.warnings.length >= 3);
});

it('says that a partner will not take a proposal, and does not wait for it', async () => {
  const { title, purpose, job } = documentOf();
  const body = {
    title,
    purpose,
    parties: ['alice', 'bob'],
    job: { file: job.file, hash: job.hash },
    contract,
  };
  const { id } = await node.admin.post<{ id: string }>('/proposals', {
    ...{ ...body, bundle: bundle.toString('base64'), validMs: HOUR },
  });
  await bob.hears(({ said }) => said.kind === 'proposal');
  const waiting = privity('runs', 'follow', id);
  const refused = { code: 'PRIVITY_PROPOSAL_FLOOD', message: '200 proposals of alice wait' };
  bob.say({ kind: 'ack', id: `proposal-${id}`, refused });
  const followed = await waiting;
  const words = 'the node of bob does not take it: PRIVITY_PROPOSAL_FLOOD: 200 proposals of alice wait';
  assert.ok(followed.stdout.includes(words), followed.stdout);
  assert.notEqual(followed.code, 0);
  assert.ok((await privity('proposals', 'show', id)).stdout.includes(`✖ ${words}`));
  const { notTaken } = await node.admin.get<{ notTaken: { party: string; code: string }[] }>(
    `/proposals/${id}`,
  );
  assert.deepEqual(
    notTaken.map(({ party, code }) => [party, code]),
    [['bob', 'PRIVITY_PROPOSAL_FLOOD']],
  );
});
