import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PrivityError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { closeDatabase, readTable } from '../../src/data/index.ts';
import { describeSource } from '../../src/data/staging/stage.ts';
import { newLife, OpenProposal } from '../../src/node/core/open-proposal.ts';
import { Staging } from '../../src/node/core/staging.ts';
import type { Grant } from '../../src/node/model/dataset.ts';
import { type ProposalDocument, proposalId } from '../../src/node/model/proposal.ts';
import { RunFolders } from '../../src/node/runs/run-folders.ts';
import { type NodeStore, openStore } from '../../src/node/store/store.ts';
import { share } from '../effort.ts';

const HOUR = 3_600_000;
const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;

let folder: string;
let table: string;
let store: NodeStore;
let staging: Staging;
let asked = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privity-staging-'));
  table = join(folder, 'people.csv');
  await writeRows(100);
  store = await openStore({
    owner: { party: 'alice', fingerprint: 'sha256:a' },
    place: { folder },
    clock: systemClock,
  });
  const source = { kind: 'file' as const, path: table };
  const schema = await describeSource(source, {});
  await store.change((tx) =>
    tx.datasets.add({ name: 'people', source, schema, owner: 'ann', description: '', createdAt: 1 }),
  );
  staging = new Staging({
    self: 'alice',
    store,
    clock: systemClock,
    folders: new RunFolders(folder),
    memory: join(folder, 'memory'),
    packages: { check: async () => [] },
    options: {},
    lives: () => assert.fail('nobody is told here'),
    warn: () => undefined,
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Rows 0 to `count`, without the first `without`, each with an income and a secret column. */
async function writeRows(count: number, without = 0): Promise<void> {
  const rows = Array.from(
    { length: count - without },
    (_, index) => `p${index + without},${(index + without) * 10},canary${index}`,
  );
  await writeFile(table, `id,income,diagnosis\n${rows.join('\n')}\n`);
}

const grant = (change: Partial<Grant> = {}): Promise<void> =>
  store.change((tx) =>
    tx.grants.add({
      id: 'g1',
      dataset: 'people',
      partner: 'bob',
      purpose: 'study',
      columns: ['id', 'income'],
      minimumRows: 10,
      changedRowsMin: 5,
      refusalsMax: 100,
      until: Date.now() + HOUR,
      createdAt: 1,
      createdBy: 'ann',
      revokedAt: null,
      uses: 0,
      refusals: 0,
      ...change,
    }),
  );

type Tables = Promise<Readonly<Record<string, string>>>;

/** What a new proposal of bob's gets. */
const ask = (purpose?: string): Tables => stage(open(purpose));
const stage = async (proposal: OpenProposal): Tables =>
  (await staging.staged(proposal, { occurrence: 1, attempt: 1 })).tables;

function open(purpose = 'study'): OpenProposal {
  asked += 1;
  const document = {
    ...{ version: 1, federation: 'f', proposer: 'bob', parties: ['alice', 'bob'], title: 't', purpose },
    job: { file: 'job.ts', hash: 'a'.repeat(64), bundle: 'b'.repeat(64), bundleBytes: 1 },
    ...{ args: {}, datasets: { alice: { table: 'people' } }, outputs: {}, contract: null, attemptsMax: 1 },
    ...{ createdAt: asked, expiresAt: Date.now() + HOUR, nonce: asked.toString(16).padStart(32, '0') },
  } as ProposalDocument;
  const proposal = { id: proposalId(document), document, signature: '' };
  return new OpenProposal({ proposal, life: newLife(proposal, 'alice'), state: 'approved' }, 'alice');
}

describe('what a run gets of a dataset', () => {
  it('is what was granted, in a file that only this user reads, and nothing else', async () => {
    await grant({ rows: 'income < 500' });
    const { table: path = '' } = await ask();
    assert.equal((await stat(path)).mode & 0o077, 0);
    assert.ok(!(await readFile(path)).includes('diagnosis'));
    const rows = await readTable(path);
    assert.deepEqual([rows.columns.map(({ name }) => name), rows.rowCount], [['id', 'income'], 50]);
    await rows.drop();
    await closeDatabase();
  });

  it('is nothing without a grant that covers it', async () => {
    await assert.rejects(ask(), isCode('PRIVITY_GRANT_MISSING'));
    await grant();
    await assert.rejects(ask('something else'), isCode('PRIVITY_GRANT_MISSING'));
    await store.change((tx) => tx.grants.revoke('g1', 1));
    await assert.rejects(ask(), isCode('PRIVITY_GRANT_MISSING'));
  });

  it('is refused when the same is asked with one row fewer, however often', async () => {
    // More often than earlier uses are compared.
    const tries = share(22);
    await grant();
    await ask();
    await writeRows(100, 1);
    for (let time = 0; time < tries; time++) await assert.rejects(ask(), isCode('PRIVITY_GRANT_MEMORY'));
    assert.equal((await store.grants.get('g1'))?.refusals, tries);
    await writeRows(100, 6);
    await ask();
  });

  it('may be the same again: equal answers tell nothing new', async () => {
    await grant();
    await ask();
    await ask();
  });

  it('has a budget of runs, and one of refusals that depend on values', async () => {
    await grant({ usesMax: 1, changedRowsMin: 0 });
    await ask();
    await assert.rejects(ask(), isCode('PRIVITY_GRANT_MISSING'));
    await grant({ id: 'g2', minimumRows: 1_000, refusalsMax: 1, changedRowsMin: 0 });
    await assert.rejects(ask(), isCode('PRIVITY_ROWS_TOO_FEW'));
    await assert.rejects(ask(), isCode('PRIVITY_ROWS_TOO_FEW'));
    await assert.rejects(ask(), isCode('PRIVITY_GRANT_MISSING'));
  });

  it('may be staged again for a run that has noted its use, also when others have used the rest up', async () => {
    await grant({ usesMax: 2, changedRowsMin: 0 });
    const first = open();
    await stage(first);
    await ask();
    // As after a restart of the node: nothing of what was staged is known.
    staging.forget(`${first.id}-1-1`);
    await stage(first);
    await assert.rejects(ask(), isCode('PRIVITY_GRANT_MISSING'));
  });

  it('names a column that has changed since it was published', async () => {
    await grant();
    await writeFile(table, 'id,earnings,diagnosis\np1,1,x\n');
    await assert.rejects(
      ask(),
      (error: unknown) => isCode('PRIVITY_SCHEMA_CHANGED')(error) && /income/.test(String(error)),
    );
  });
});
