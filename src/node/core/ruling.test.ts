import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contractDigest, readContract } from '../../observe/contract/contract.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import type { Rule, RuleWords } from '../model/rule.ts';
import { type AskedOfRules, rulesNothing, ruleText, rulingOf } from './ruling.ts';

const mean = { step: 'mean', kind: 'reveal', from: 'alice', to: ['bob'], what: 'number', times: 1 };
const contract = { version: 1, parties: ['alice', 'bob'], steps: ['mean'], discloses: [mean] };
const more = { ...contract, discloses: [mean, { ...mean, what: 'boolean' }] };
const less = { ...contract, discloses: [] };

const document = (change: Partial<ProposalDocument> = {}): ProposalDocument => ({
  ...{
    version: 1,
    federation: 'f',
    proposer: 'bob',
    parties: ['alice', 'bob'],
    title: 't',
    purpose: 'Study',
  },
  job: { file: 'job.ts', hash: 'a'.repeat(64), bundle: 'b'.repeat(64), bundleBytes: 1 },
  ...{ args: { n: 1 }, datasets: { alice: { table: 'people' } }, outputs: {}, contract, attemptsMax: 1 },
  ...{ createdAt: 1, expiresAt: 100, nonce: '0'.repeat(32) },
  ...change,
});

const rule = (change: Partial<Rule>): Rule => ({
  ...{ answer: 'approved', reason: '', until: 1_000, uses: 0 },
  ...{ id: 'r1', createdAt: 1, createdBy: 'person:olga', removedAt: null },
  ...change,
});
const again = (change: Partial<Rule> = {}): Rule => rule({ partner: 'bob', like: 'p1', ...change });
const no = (change: Partial<Rule> = {}): Rule => rule({ id: 'r0', answer: 'refused', ...change });

const rulingFor = (rules: readonly Rule[], change: Partial<AskedOfRules> = {}) =>
  rulingOf(rules, {
    ...{ self: 'alice', document: document(), proposedBy: 'partner:bob', problems: [], now: 10 },
    ...{ examples: new Map([['p1', document()]]), selfApproval: false },
    ...change,
  });
const decides = (rules: readonly Rule[], change: Partial<AskedOfRules> = {}): string | undefined =>
  rulingFor(rules, change).rule?.id;
const why = (one: Rule, change: Partial<AskedOfRules> = {}): string =>
  rulingFor([one], change)
    .whys.map((said) => said.why)
    .join();

describe('a rule that approves', () => {
  it('approves the same again, whenever and under whatever title', () => {
    const same = document({ createdAt: 7, expiresAt: 900, nonce: '1'.repeat(32), title: 'another week' });
    assert.equal(decides([again()], { document: same }), 'r1');
  });

  const others: readonly (readonly [string, Partial<ProposalDocument>, RegExp])[] = [
    ['files', { job: { ...document().job, bundle: 'c'.repeat(64) } }, /files/],
    ['arguments', { args: { n: 2 } }, /arguments/],
    ['datasets here', { datasets: { alice: { table: 'loans' } } }, /datasets/],
    ["datasets of its proposer's", { datasets: { ...document().datasets, bob: { t: 'x' } } }, /datasets/],
    ['a contract with more', { contract: more }, /contract/],
    ['a contract with less', { contract: less }, /contract/],
    ['outputs', { outputs: { bob: { model: 'm.json' } } }, /writes/],
    ['attempts', { attemptsMax: 2 }, /at most 1 run .* has 2/],
    [
      'a schedule',
      { schedule: { cron: '* * * * *', timezone: 'UTC', until: 9, occurrencesMax: 5 } },
      /at most 1 run .* has 5/,
    ],
  ];
  for (const [what, change, words] of others)
    it(`does not approve other ${what}, and says so`, () => {
      const asked = { document: document(change) };
      assert.equal(decides([again()], asked), undefined);
      assert.match(why(again(), asked), words);
    });

  it('approves what is within a contract, by whatever job, and nothing beyond it', () => {
    const within = rule({ partner: 'bob', within: 'p1' });
    const changed = { job: { ...document().job, bundle: 'c'.repeat(64) }, args: {} };
    assert.equal(decides([within], { document: document({ ...changed, contract: less }) }), 'r1');
    assert.equal(decides([within], { document: document({ ...changed, contract: more }) }), undefined);
    const elsewhere = document({ datasets: { alice: { table: 'loans' } } });
    assert.equal(decides([within], { document: elsewhere }), undefined);
  });

  it('is for a partner, a purpose, datasets, a time, and so many proposals', () => {
    assert.equal(decides([again({ partner: 'carol' })]), undefined);
    assert.equal(decides([again({ purpose: ' study ' })]), 'r1');
    assert.match(why(again({ purpose: 'audit' })), /is for "audit"/);
    assert.match(why(again({ datasets: ['loans'] })), /not for the dataset people/);
    assert.match(why(again({ until: 10 })), /ended/);
    assert.match(why(again({ timesMax: 2, uses: 2 })), /has decided 2/);
    assert.equal(decides([again({ timesMax: 2, uses: 1 })]), 'r1');
    assert.equal(decides([again({ removedAt: 5 })]), undefined);
  });

  it('needs all that a person needs: what keeps a person keeps it', () => {
    assert.match(
      why(again(), { problems: ['grant g1 is used up'] }),
      /would approve, but grant g1 is used up/,
    );
  });

  it('does not approve what its maker has proposed, unless the node file says so', () => {
    const own = { document: document({ proposer: 'alice' }), proposedBy: 'person:olga' };
    const mine = again({ partner: 'alice' });
    assert.match(why(mine, own), /person:olga, who has proposed/);
    assert.equal(decides([mine], { ...own, proposedBy: 'person:ann' }), 'r1');
    assert.equal(decides([mine], { ...own, selfApproval: true }), 'r1');
  });

  it('by the digest of a contract needs a partner and a purpose', () => {
    const digest = contractDigest(readContract(contract));
    const byDigest = rule({ partner: 'bob', purpose: 'study', contract: digest });
    assert.equal(decides([byDigest]), 'r1');
    assert.equal(decides([byDigest], { document: document({ contract: more }) }), undefined);
  });

  it('is none where it would approve anything', () => {
    const words: RuleWords = { answer: 'approved', until: 1, reason: '' };
    for (const wide of [
      words,
      { ...words, partner: 'bob', purpose: 'x' },
      { ...words, contract: 'a' },
      { ...words, contract: 'a', partner: 'bob' },
      { ...words, contract: 'a', purpose: 'x' },
      { ...words, files: 'a', datasets: ['people'], partner: 'bob', purpose: 'x' },
      { ...words, like: 'p1', within: 'p2' },
    ])
      assert.ok(rulesNothing(wide), JSON.stringify(wide));
    assert.equal(rulesNothing({ ...words, like: 'p1' }), undefined);
    assert.equal(rulesNothing({ ...words, answer: 'refused' }), undefined);
  });
});

describe('a rule that refuses', () => {
  it('wins over one that approves, wherever it stands', () => {
    for (const rules of [
      [again(), no()],
      [no(), again()],
    ])
      assert.equal(decides(rules), 'r0');
  });

  it('may be as broad as its maker likes, and is about partners unless it names its own party', () => {
    assert.equal(decides([no()], { problems: ['no grant'] }), 'r0');
    assert.equal(decides([no({ datasets: ['loans', 'people'] })]), 'r0');
    assert.equal(decides([no({ datasets: ['loans'] })]), undefined);
    assert.equal(decides([no({ runsMax: 1 })]), undefined);
    assert.equal(decides([no({ runsMax: 1 })], { document: document({ attemptsMax: 2 }) }), 'r0');
    const own = { document: document({ proposer: 'alice' }), proposedBy: 'person:ann' };
    assert.equal(decides([no()], own), undefined);
    assert.equal(decides([no({ partner: 'alice' })], own), 'r0');
  });
});

it('a rule reads as a sentence', () => {
  assert.equal(
    ruleText(again({ purpose: 'study', timesMax: 3 })),
    'approves what bob proposes for "study", if it is p1 again: the same files, arguments, datasets and contract, at most 1 run of each, at most 3 proposals',
  );
  assert.equal(
    ruleText(no({ datasets: ['a', 'b'], runsMax: 4 })),
    'refuses what any partner proposes, of any of a, b, with more than 4 runs',
  );
});
