/** What a partner with its real key may try: altered, replayed and made-up messages, floods, another protocol. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { NODE_LIMITS } from '../../src/node/model/limits.ts';
import { type ProposalDocument, proposalId } from '../../src/node/model/proposal.ts';
import { SAMPLES_ANSWERED_MAX } from '../../src/node/partners/link-gauge.ts';
import { NODE_PROTOCOL } from '../../src/node/partners/words.ts';
import { type FalsePartner, falsePartner } from './false-partner.ts';
import { type LoneNode, loneNode } from './lone-node.ts';
import { bundle, contract, documentOf, greeting } from './proposed.ts';

let node: LoneNode;
let bob: FalsePartner;

beforeEach(async () => {
  node = await loneNode();
  bob = await falsePartner(node.folder);
});
afterEach(async () => {
  await bob.close();
  await node.close();
});

const proposed = (document: ProposalDocument): object => ({
  kind: 'proposal',
  ...bob.signing.sign('proposal', document),
});
const decided = (proposal: string, party = 'bob', answer: 'approved' | 'refused' = 'approved'): object => ({
  kind: 'decision',
  ...bob.signing.sign('decision', { proposal, party, answer, by: 'person:x', reason: '', at: 1 }),
});

it('exchanges nothing with a node of another protocol, and says which of the two is to be upgraded', async () => {
  await bob.hears(({ said }) => said.kind === 'node');
  bob.say(greeting({ protocol: NODE_PROTOCOL + 1, saysMore: true }));
  bob.say(proposed(documentOf()), 'from-the-future', bundle);
  await partnerIs('refused');
  const { rows } = await node.admin.get<{ rows: { why: string }[] }>('/partners');
  assert.match(rows[0]?.why ?? '', /bob speaks version 2 .*9\.9\.9.*alice version 1 .*upgrade alice/);
  const own = documentOf({ proposer: 'alice' });
  const { title, purpose, parties, job } = own;
  const body = {
    title,
    purpose,
    parties,
    job: { file: job.file, hash: job.hash },
    contract,
    validMs: 60_000,
  };
  await node.admin.post('/proposals', { ...body, bundle: bundle.toString('base64') });
  const found = await node.admin.get<{ rows: { proposer: string }[] }>('/proposals');
  assert.deepEqual(
    found.rows.map(({ proposer }) => proposer),
    ['alice'],
    'nothing of the other node was taken',
  );
  assert.deepEqual(
    bob.heard.map(({ said }) => said.kind).filter((kind) => kind !== 'node'),
    [],
    'and nothing was told to it',
  );
});

it('takes what fits once, however often it comes, and refuses what is altered or made up', async () => {
  bob.say(greeting());
  const document = documentOf();
  const id = proposalId(document);
  bob.say(proposed(document), 'one', bundle);
  assert.equal(await bob.answer('one'), undefined);
  bob.say(proposed(document), 'one again', bundle);
  assert.equal(await bob.answer('one again'), undefined);
  const cases: readonly (readonly [name: string, said: object, code: string, body?: Uint8Array])[] = [
    ['another bundle', proposed(documentOf()), 'PRIVITY_PROPOSAL_INVALID', Buffer.from('other files')],
    [
      'changed after it was signed',
      { ...proposed(document), document: documentOf() },
      'PRIVITY_NODE_MESSAGE',
      bundle,
    ],
    ['of another party', proposed(documentOf({ proposer: 'alice' })), 'PRIVITY_NODE_MESSAGE', bundle],
    ['expired', proposed(documentOf({ expiresAt: 1 })), 'PRIVITY_PROPOSAL_INVALID', bundle],
    ['the yes of alice', decided(id, 'alice'), 'PRIVITY_NODE_MESSAGE'],
    ['the yes of nobody', decided(id, 'mallory'), 'PRIVITY_NODE_MESSAGE'],
    ['a yes to nothing', decided('p0'), 'PRIVITY_PROPOSAL_UNKNOWN'],
    ['no message', { kind: 'nonsense' }, 'PRIVITY_NODE_MESSAGE'],
  ];
  for (const [name, said, code, body] of cases) {
    bob.say(said, name, body);
    assert.equal(await bob.answer(name), code, name);
  }
  const { rows } = await node.admin.get<{ rows: { id: string; state: string }[] }>('/proposals');
  assert.deepEqual(
    rows.map(({ id, state }) => ({ id, state })),
    [{ id, state: 'proposed' }],
  );
  assert.equal(await decisionsOf(id), 0);
});

it('takes a withdrawal that comes again after the proposal is over', async () => {
  bob.say(greeting());
  const document = documentOf();
  const proposal = proposalId(document);
  bob.say(proposed(document), 'one', bundle);
  const said = { proposal, party: 'bob', by: 'person:x', reason: '', at: 1 };
  const withdrawal = { kind: 'withdrawal', ...bob.signing.sign('withdrawal', said) };
  for (const name of ['first', 'first', 'second']) {
    bob.say(withdrawal, name);
    assert.equal(await bob.answer(name), undefined);
  }
  const { rows } = await node.admin.get<{ rows: { state: string }[] }>('/proposals');
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['withdrawn'],
  );
});

it('turns a flood of proposals away, by name, and goes on', async () => {
  bob.say(greeting());
  for (let nth = 1; nth <= NODE_LIMITS.openProposalsMax + 1; nth++)
    bob.say(proposed(documentOf()), `flood ${nth}`, bundle);
  assert.equal(await bob.answer(`flood ${NODE_LIMITS.openProposalsMax}`), undefined);
  assert.equal(await bob.answer(`flood ${NODE_LIMITS.openProposalsMax + 1}`), 'PRIVITY_PROPOSAL_FLOOD');
  const status = await node.admin.get<{ waitingForDecision: number }>('/status');
  assert.equal(status.waitingForDecision, NODE_LIMITS.openProposalsMax);
});

it('bounds what a partner proposes and withdraws without end', async () => {
  bob.say(greeting());
  // All but one of what the day allows.
  await node.service.node.store.change(async (tx) => {
    for (let nth = 1; nth < NODE_LIMITS.proposalsPerDayMax; nth++) {
      const document = documentOf();
      const proposal = { id: proposalId(document), document, signature: '' };
      await tx.proposals.add(proposal, { state: 'withdrawn', life: {}, at: document.createdAt });
    }
  });
  const last = documentOf();
  bob.say(proposed(last), 'the last', bundle);
  assert.equal(await bob.answer('the last'), undefined);
  const said = { proposal: proposalId(last), party: 'bob', by: 'person:x', reason: '', at: 1 };
  bob.say({ kind: 'withdrawal', ...bob.signing.sign('withdrawal', said) }, 'withdrawn');
  bob.say(proposed(documentOf()), 'one more', bundle);
  assert.equal(await bob.answer('one more'), 'PRIVITY_PROPOSAL_FLOOD');
});

it('measures the link by samples that a partner of this version acknowledges, and answers no flood of them', async () => {
  bob.say(greeting({ samples: true }));
  for (let nth = 1; nth <= 2; nth++) {
    const { said } = await bob.hears((heard) => heard.said.kind === 'sample' && heard.said.nth === nth);
    bob.say({ kind: 'taken', nth: said.nth });
  }
  let measured: Measured | undefined;
  while (measured?.bytesPerSecond == null) [measured] = await partnersOf();
  assert.ok(measured.bytesPerSecond > 1_000, `${measured.bytesPerSecond} bytes a second`);
  assert.ok(Math.abs((measured.measuredAt ?? 0) - Date.now()) < 60_000);
  for (let nth = 1; nth <= 100; nth++) bob.say({ kind: 'sample', nth }, undefined, Buffer.alloc(1_000));
  bob.say(proposed(documentOf()), 'behind them', bundle);
  assert.equal(await bob.answer('behind them'), undefined);
  assert.equal(bob.heard.filter(({ said }) => said.kind === 'taken').length, SAMPLES_ANSWERED_MAX);
});

it('sends no sample to a partner of a version that does not know them', async () => {
  bob.say(greeting());
  bob.say(proposed(documentOf()), 'one', bundle);
  assert.equal(await bob.answer('one'), undefined);
  assert.deepEqual(
    bob.heard.filter(({ said }) => said.kind === 'sample'),
    [],
  );
  const [partner] = await partnersOf();
  assert.equal(partner?.bytesPerSecond, null);
});

interface Measured {
  readonly bytesPerSecond: number | null;
  readonly measuredAt: number | null;
}

const partnersOf = async (): Promise<readonly Measured[]> =>
  (await node.admin.get<{ rows: Measured[] }>('/partners')).rows;

async function decisionsOf(id: string): Promise<number> {
  return (await node.admin.get<{ decisions: object[] }>(`/proposals/${id}`)).decisions.length;
}

async function partnerIs(state: string): Promise<void> {
  const { service } = node;
  while (![...service.node.partners()].some((partner) => partner.state.state === state))
    await new Promise<void>((resolve) => setImmediate(resolve));
}
