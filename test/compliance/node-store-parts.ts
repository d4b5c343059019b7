/** What the tests of the node's store write into it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Dataset, Grant } from '../../src/node/model/dataset.ts';
import {
  type Decision,
  type Proposal,
  type ProposalDocument,
  proposalId,
} from '../../src/node/model/proposal.ts';
import type { LearntRow, RunRow } from '../../src/node/model/records.ts';
import type { Rule } from '../../src/node/model/rule.ts';
import type { NodeStore, StoreChange } from '../../src/node/store/store.ts';

export const ALICE = { party: 'alice', fingerprint: 'a'.repeat(64) } as const;

/** A moment; what comes later is so many milliseconds after it. */
export const NOON = 1_796_040_000_000;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The `n`-th proposal of bob, each another. */
export function proposal(n: number, change: Partial<ProposalDocument> = {}): Proposal {
  const document: ProposalDocument = {
    version: 1,
    federation: 'clinics',
    proposer: 'bob',
    parties: ['alice', 'bob'],
    title: `Shared patients ${n}`,
    purpose: 'research',
    job: { file: 'job.ts', hash: digest('job'), bundle: digest(`bundle ${n}`), bundleBytes: 1_000 },
    args: { rounds: 3, label: 'nul \0 and half \ud800' },
    datasets: { alice: { table: 'patients' } },
    outputs: {},
    contract: { entries: [] },
    attemptsMax: 2,
    createdAt: NOON,
    expiresAt: NOON + 1_000,
    nonce: n.toString(16).padStart(32, '0'),
    ...change,
  };
  return { id: proposalId(document), document, signature: `signature ${n}` };
}

export const decision = (
  id: string,
  party: string,
  answer: 'approved' | 'refused' = 'approved',
): Decision => ({
  document: { proposal: id, party, answer, by: 'ann', reason: 'as agreed', at: NOON },
  signature: `${party}: ${answer}`,
});

export const runRow = (proposal: string, occurrence: number, change: Partial<RunRow> = {}): RunRow => ({
  runId: `${proposal}-${occurrence}-1`,
  proposal,
  title: 'Shared patients',
  occurrence,
  attempt: 1,
  state: 'waiting',
  createdAt: NOON + occurrence,
  startedAt: null,
  endedAt: null,
  code: null,
  origin: null,
  incident: null,
  reportDigest: null,
  ...change,
});

export const grant = (id: string, change: Partial<Grant> = {}): Grant => ({
  id,
  dataset: 'patients',
  partner: 'bob',
  purpose: 'research',
  minimumRows: 10,
  changedRowsMin: 5,
  refusalsMax: 3,
  until: NOON + 1_000,
  createdAt: NOON,
  createdBy: 'ann',
  revokedAt: null,
  uses: 0,
  refusals: 0,
  ...change,
});

export const dataset: Dataset = {
  name: 'patients',
  source: { kind: 'csv', path: 'patients.csv' },
  schema: { columns: [{ name: 'age', type: 'INTEGER', gaps: false }], rows: 20 },
  owner: 'ann',
  description: 'All of 2025',
  createdAt: NOON,
};

export const line = (step: string, change: Partial<LearntRow> = {}): Omit<LearntRow, 'runId'> => ({
  dataset: 'patients',
  partner: 'bob',
  step,
  kind: 'reveal',
  type: 'number',
  shape: null,
  at: NOON,
  ...change,
});

export const rule = (id: string): Rule => ({
  ...{ id, answer: 'approved', partner: 'bob', like: 'p1', reason: '', until: NOON + 1 },
  ...{ createdAt: NOON, createdBy: 'person:olga', removedAt: null, uses: 0 },
});

/** One decision, as a node makes it: what it reads, what it writes, and what it tells. */
export async function decide(store: NodeStore, id: string, n: number): Promise<void> {
  await store.change(async (tx) => {
    const known = await tx.proposals.get(id);
    if (known === undefined) throw new Error(`no proposal ${id}`);
    await tx.proposals.set(id, { state: 'approved', life: { approvals: n }, at: NOON + n });
    await tx.proposals.decide(decision(id, 'alice'));
    for (const partner of ['bob', 'carol'])
      await tx.outbox.put({
        partner,
        messageId: `decision-${n}`,
        body: JSON.stringify({ id, n }),
        createdAt: NOON,
      });
    await audit(tx, n);
  });
}

export const audit = (tx: StoreChange, n: number) =>
  tx.audit.add({ at: NOON + n, by: 'person:ann', what: 'proposal.approved', about: `p${n}`, detail: { n } });

/** Adds proposals of bob. @returns their ids */
export async function propose(store: NodeStore, from: number, to: number): Promise<readonly string[]> {
  const ids: string[] = [];
  await store.change(async (tx) => {
    for (let n = from; n < to; n++) {
      const one = proposal(n);
      ids.push(one.id);
      await tx.proposals.add(one, { state: 'proposed', life: {}, at: NOON });
    }
  });
  return ids;
}

/** The `n`-th change of a row of them, each in several tables. */
export async function writeNumber(store: NodeStore, n: number): Promise<void> {
  await store.change(async (tx) => {
    await tx.outbox.put({ partner: 'bob', messageId: String(n), body: 'first', createdAt: NOON });
    const one = proposal(n);
    await tx.proposals.add(one, { state: 'proposed', life: { n }, at: NOON });
    await tx.proposals.decide(decision(one.id, 'alice'));
    await audit(tx, n);
    await tx.outbox.put({ partner: 'carol', messageId: String(n), body: 'last', createdAt: NOON });
  });
}

/**
 * What {@link writeNumber} has left: which numbers stand in each table.
 *
 * @throws where a number stands in one and not in another, one is missing, or the audit log is broken
 */
export async function numbersIn(store: NodeStore): Promise<number> {
  const { seq: written } = await store.audit.head();
  const expected = Array.from({ length: written }, (_, n) => n);
  for (const partner of ['bob', 'carol']) {
    const messages = await store.outbox.next(partner, Number.POSITIVE_INFINITY);
    assert.deepEqual(
      messages.map(({ messageId }) => Number(messageId)),
      expected,
      `messages to ${partner}`,
    );
  }
  const { rows } = await store.proposals.list({ limit: Number.POSITIVE_INFINITY });
  assert.deepEqual(
    rows.map(({ life }) => (life as { n: number }).n),
    [...expected].reverse(),
  );
  for (const { id } of rows) assert.equal((await store.proposals.answers(id)).decisions.length, 1);
  assert.equal((await store.audit.verify()).isIntact, true);
  return written;
}
