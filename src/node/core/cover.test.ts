import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readContract } from '../../observe/contract/contract.ts';
import type { Dataset, Grant } from '../model/dataset.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import { coversOf, warningsOf } from './cover.ts';

const rehearsed = { runs: 1, completed: 1, rows: [3], args: {} };
const mean = { step: 'mean', kind: 'reveal', from: 'alice', to: ['bob'], what: 'number', times: 1 };
const contractWith = (change: object = {}, more: object = { rehearsed }) =>
  readContract({
    ...{ version: 1, parties: ['alice', 'bob'], steps: ['mean'], discloses: [{ ...mean, ...change }] },
    ...more,
  });

const document = (change: Partial<ProposalDocument> = {}): ProposalDocument => ({
  ...{
    version: 1,
    federation: 'f',
    proposer: 'bob',
    parties: ['alice', 'bob'],
    title: 't',
    purpose: 'study',
  },
  job: { file: 'job.ts', hash: 'a'.repeat(64), bundle: 'b'.repeat(64), bundleBytes: 1 },
  ...{ args: {}, datasets: { alice: { table: 'people', other: 'people' } }, outputs: {}, contract: null },
  ...{ attemptsMax: 1, createdAt: 1, expiresAt: 100, nonce: '0'.repeat(32) },
  ...change,
});

const grant = (change: Partial<Grant> = {}): Grant => ({
  ...{ id: 'g1', dataset: 'people', partner: 'bob', purpose: 'study', columns: ['id'], minimumRows: 0 },
  ...{ changedRowsMin: 0, refusalsMax: 2, until: 1_000, createdAt: 1, createdBy: 'person:olga' },
  ...{ revokedAt: null, uses: 1, refusals: 1, usesMax: 3 },
  ...change,
});

const columns = ['id', 'income'].map((name) => ({ name, type: 'VARCHAR' }));
const people = { name: 'people', schema: { columns } } as unknown as Dataset;
const covers = (grants: readonly Grant[], change: Partial<ProposalDocument> = {}) =>
  coversOf(document(change), 'alice', grants, new Map([['people', people]]), 10);
const warnings = (one: Grant, change: Partial<ProposalDocument> = {}) =>
  warningsOf(document(change), contractWith(), covers([one], change));

describe('the grants that would cover a proposal', () => {
  it('are told with what is left of them, and what they keep back', () => {
    const [first, second] = covers([grant()]);
    assert.deepEqual([first?.columns, first?.keptBack], [['id'], ['income']]);
    assert.deepEqual([first?.runsLeft, first?.refusalsLeft], [2, 1]);
    assert.deepEqual([first?.setting, second?.setting], ['table', 'other']);
    assert.equal(covers([grant({ usesMax: undefined } as never)])[0]?.runsLeft, null);
  });

  it('are none where none covers it, and for what this party proposes itself', () => {
    assert.deepEqual(covers([grant({ purpose: 'audit' })]), []);
    assert.deepEqual(covers([grant()], { proposer: 'alice' }), []);
  });
});

describe('what should be read before', () => {
  const schedule = { cron: '* * * * *', timezone: 'UTC', until: 90, occurrencesMax: 5 };

  it('is nothing where one run is asked for, and rehearsed', () => assert.deepEqual(warnings(grant()), []));

  it('is that a schedule is of more runs than the grant has left, told once', () => {
    const said = warnings(grant(), { schedule });
    assert.match(said.join('\n'), /up to 5 runs.*\n.*may run 5 times, and the grant g1 has 2 left/);
    assert.equal(said.length, 2);
    assert.equal(warnings(grant({ usesMax: 9 }), { schedule }).length, 1);
    assert.match(warnings(grant(), { attemptsMax: 3 }).join(), /may run 3 times/);
  });

  it('is that the grant ends before, has no refusals left, or is of some rows only', () => {
    assert.match(warnings(grant({ until: 99 })).join(), /g1 ends before the proposal does/);
    assert.match(warnings(grant({ refusals: 2 })).join(), /no refusals left/);
    assert.match(warnings(grant({ rows: 'income > 3' })).join(), /of people only rows with income > 3/);
  });

  it('is a contract without limit, or without rehearsal', () => {
    const said = (change: object, more?: object) => warningsOf(document(), contractWith(change, more), []);
    assert.match(said({ times: 'any' }).join(), /no limit .* in step "mean"/);
    assert.match(said({ what: 'number tensor [any]' }).join(), /no limit .* in step "mean"/);
    assert.match(said({}, {}).join(), /written by hand/);
    assert.deepEqual(said({}), []);
  });
});
