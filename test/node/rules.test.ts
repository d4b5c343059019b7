/** Rules decide about what a partner proposes, once each, signed, and no more than a person could. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PrivityError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import type { NodeClient } from '../../src/node/client/client.ts';
import { bundleDigest, packBundle } from '../../src/node/model/bundle.ts';
import { type Decision, type ProposalDocument, proposalId } from '../../src/node/model/proposal.ts';
import { openStore } from '../../src/node/store/store.ts';
import { contractDigest, readContract } from '../../src/observe/contract/contract.ts';
import { type FalsePartner, falsePartner } from './false-partner.ts';
import { type LoneNode, loneNode } from './lone-node.ts';
import { bundle, contract, documentOf, greeting } from './proposed.ts';

const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;
const HOUR = 3_600_000;

let node: LoneNode;
let bob: FalsePartner;
let olga: NodeClient;

beforeEach(async () => {
  node = await loneNode();
  bob = await falsePartner(node.folder);
  olga = await node.client('olga', 'approver');
  bob.say(greeting());
});
afterEach(async () => {
  await bob.close();
  await node.close();
});

interface View {
  readonly state: string;
  readonly decisions: readonly { readonly by: string; readonly answer: string; readonly reason: string }[];
  readonly ruledBy: { readonly id: string; readonly createdBy: string } | null;
  readonly rules: readonly { readonly id: string; readonly why: string }[];
}

const shown = (id: string): Promise<View> => node.admin.get<View>(`/proposals/${id}`);

/** Bob's node proposes, and alice's has it. */
async function proposed(change: Partial<ProposalDocument> = {}, files = bundle): Promise<string> {
  const document = documentOf(change);
  const id = proposalId(document);
  bob.say({ kind: 'proposal', ...bob.signing.sign('proposal', document) }, `proposal-${id}`, files);
  assert.equal(await bob.answer(`proposal-${id}`), undefined);
  return id;
}

/** What bob's node hears of alice's decision. */
async function decision(id: string): Promise<Decision['document']> {
  const { said } = await bob.hears(
    (one) => one.said.kind === 'decision' && (one.said as unknown as Decision).document.proposal === id,
  );
  return (said as unknown as Decision).document;
}

const approvedByHand = async (change: Partial<ProposalDocument> = {}): Promise<string> => {
  const id = await proposed(change);
  await olga.post(`/proposals/${id}/approve`, { reason: '' });
  return id;
};

const rule = (words: object, by: NodeClient = olga): Promise<{ id: string; uses: number }> =>
  by.post('/rules', { answer: 'approved', until: Date.now() + HOUR, ...words });
const refusing = { answer: 'refused', reason: 'under review' };

async function people(): Promise<void> {
  const path = join(node.folder, 'people.csv');
  await writeFile(path, 'id,income\n1,2\n2,3\n');
  await node.admin.post('/datasets', { name: 'people', source: { kind: 'file', path } });
}
const grant = { dataset: 'people', partner: 'bob', purpose: 'research', minimumRows: 0, changedRowsMin: 0 };
const granted = (): Promise<object> =>
  node.admin.post('/grants', { ...grant, refusalsMax: 9, until: Date.now() + HOUR });

describe('a rule', () => {
  it('approves what a person has approved before, in the name of the rule, so often and no more', async () => {
    const first = await approvedByHand();
    const { id } = await rule({ like: first.slice(0, 12), timesMax: 1, reason: 'as ever' });
    const again = await proposed();
    const { by, answer, reason } = await decision(again);
    assert.deepEqual([by, answer, reason], [`rule:${id}`, 'approved', 'as ever']);
    const { decisions, ruledBy } = await shown(again);
    assert.deepEqual([decisions.length, ruledBy?.id, ruledBy?.createdBy], [1, id, 'person:olga']);
    const third = await proposed();
    const waits = await shown(third);
    assert.deepEqual([waits.state, waits.decisions.length, waits.ruledBy], ['proposed', 0, null]);
    assert.equal((await olga.get<{ uses: number }>(`/rules/${id}`)).uses, 1);
    await olga.post(`/proposals/${third}/approve`, {});
    assert.equal((await decision(third)).by, 'person:olga');
  });

  it('says why it does not approve what is not the same', async () => {
    const { id } = await rule({ like: await approvedByHand() });
    const other = await proposed({ args: { rows: '3' } });
    const { rules, state } = await shown(other);
    assert.equal(state, 'proposed');
    assert.equal(rules[0]?.id, id);
    assert.match(rules[0]?.why ?? '', /its arguments are others/);
  });

  it('that refuses wins, and is asked about what waits already', async () => {
    await rule({ like: await approvedByHand() });
    const waits = await proposed({ purpose: 'something else' });
    const { id } = await rule({ ...refusing, partner: 'bob' });
    const { by, answer } = await decision(waits);
    assert.deepEqual([by, answer], [`rule:${id}`, 'refused']);
    assert.equal((await decision(await proposed())).answer, 'refused');
    await olga.delete(`/rules/${id}`);
    assert.equal((await decision(await proposed())).answer, 'approved');
  });

  it('needs a grant as a person does, and decides when there is one', async () => {
    await people();
    const datasets = { alice: { table: 'people' } };
    const digest = contractDigest(readContract(contract));
    const { id } = await rule({ partner: 'bob', purpose: 'research', contract: digest });
    const waits = await proposed({ datasets });
    const { state, rules } = await shown(waits);
    assert.equal(state, 'proposed');
    assert.match(rules[0]?.why ?? '', /would approve, but bob has no grant/);
    await granted();
    assert.equal((await decision(waits)).by, `rule:${id}`);
  });

  it('approves no job that imports what nobody has allowed', async () => {
    await rule({ partner: 'bob', purpose: 'research', contract: contractDigest(readContract(contract)) });
    const files = packBundle(new Map([['job.ts', Buffer.from("import 'left-pad';\nexport default 1;")]]));
    const job = { ...documentOf().job, bundle: bundleDigest(files), bundleBytes: files.length };
    const { state, rules } = await shown(await proposed({ job }, files));
    assert.equal(state, 'proposed');
    assert.match(rules[0]?.why ?? '', /imports the package left-pad, which is not on the list/);
  });

  it('decides once what arrived before the node was killed', async () => {
    const first = await approvedByHand();
    const waits = await proposed();
    const { member, party } = node.service.node.config.party;
    const words = { answer: 'approved', partner: 'bob', like: first, until: Date.now() + HOUR } as const;
    const made = { createdAt: 1, createdBy: 'person:olga', removedAt: null, uses: 0, reason: '' };
    // As if the node had been killed with both in its store, and nothing decided.
    const left = async (): Promise<void> => {
      const owner = { party, fingerprint: member.fingerprint };
      const place = { folder: join(node.folder, 'state') };
      const store = await openStore({ owner, place, clock: systemClock });
      await store.change((tx) => tx.rules.add({ ...words, ...made, id: 'r1' }));
      await store.close();
    };
    for (const meanwhile of [left, undefined]) {
      await node.again(meanwhile);
      await bob.close();
      bob = await falsePartner(node.folder);
      bob.say(greeting());
      assert.equal((await decision(waits)).by, 'rule:r1');
      const { decisions } = await shown(waits);
      assert.equal(decisions.map(({ by }) => by).join(), 'rule:r1');
    }
    assert.equal((await node.admin.get<{ uses: number }>('/rules/r1')).uses, 1);
  });

  it('of the one who has proposed does not approve for the same party', async () => {
    const ann = await node.client('ann', 'admin');
    const { title, purpose, parties, job } = documentOf();
    const body = { title, purpose, parties, job: { file: job.file, hash: job.hash }, contract };
    const own = async (): Promise<string> =>
      (
        await ann.post<{ id: string }>('/proposals', {
          ...{ ...body, bundle: bundle.toString('base64'), validMs: HOUR },
        })
      ).id;
    const first = await own();
    await olga.post(`/proposals/${first}/approve`, {});
    await rule({ like: first }, ann);
    const second = await own();
    assert.match((await shown(second)).rules[0]?.why ?? '', /person:ann, who has proposed it/);
    const { id } = await rule({ like: first });
    assert.equal((await decision(second)).by, `rule:${id}`);
  });

  it('is made by those who decide, with its maker in the audit log, and never one that approves anything', async () => {
    const first = await proposed();
    const wide = (code: string, words: object): Promise<void> => assert.rejects(rule(words), isCode(code));
    await wide('PRIVITY_RULE_INVALID', {});
    await wide('PRIVITY_RULE_INVALID', { partner: 'bob', purpose: 'research' });
    await wide('PRIVITY_RULE_INVALID', { like: first });
    await wide('PRIVITY_RULE_INVALID', { ...refusing, until: 1 });
    await wide('PRIVITY_PROPOSAL_UNKNOWN', { within: 'p0' });
    await wide('PRIVITY_PARTY_UNKNOWN', { ...refusing, partner: 'mallory' });
    await wide('PRIVITY_DATASET_UNKNOWN', { ...refusing, datasets: ['none'] });
    await wide('PRIVITY_API_INVALID', { ...refusing, colour: 'red' });
    for (const role of ['viewer', 'proposer']) {
      const client = await node.client(`a-${role}`, role);
      await assert.rejects(rule(refusing, client), isCode('PRIVITY_TOKEN_RIGHT'));
      assert.deepEqual((await client.get<{ rows: object[] }>('/rules')).rows, []);
    }
    const { id } = await rule({ ...refusing, purpose: 'audit' });
    await olga.delete(`/rules/${id}`);
    await assert.rejects(olga.delete(`/rules/${id}`), isCode('PRIVITY_RULE_UNKNOWN'));
    await assert.rejects(olga.get('/rules/r0'), isCode('PRIVITY_RULE_UNKNOWN'));
    const { rows } = await node.admin.get<{ rows: { what: string; by: string }[] }>('/audit', { about: id });
    assert.deepEqual(
      rows.map(({ what, by }) => [what, by]),
      [
        ['rule.added', 'person:olga'],
        ['rule.removed', 'person:olga'],
      ],
    );
  });
});
