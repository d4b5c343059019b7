import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PrivityError } from '../../src/base/errors.ts';
import { mayDo, RIGHTS, type Right } from '../../src/node/api/route.ts';
import { bundleDigest, packBundle } from '../../src/node/model/bundle.ts';
import { NODE_LIMITS } from '../../src/node/model/limits.ts';
import { ROLES } from '../../src/node/model/records.ts';
import { type LoneNode, loneNode } from './lone-node.ts';

const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;

let node: LoneNode;
before(async () => {
  node = await loneNode();
});
after(() => node.close());

/** A request as somebody else would make it. */
function ask(
  path: string,
  headers: Record<string, string>,
  host?: string,
): Promise<{ status: number; text: string }> {
  const url = new URL(path, node.service.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { headers: { ...headers, ...(host === undefined ? {} : { host }) } },
      (response) => {
        let text = '';
        response.on('data', (part) => {
          text += String(part);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

const bundle = packBundle(new Map([['job.ts', Buffer.from('export default 1;')]]));
const contract = {
  version: 1,
  parties: ['alice', 'bob'],
  steps: [],
  discloses: [],
  errors: [],
  symbols: [],
};
const proposal = (change: object = {}) => ({
  title: 'a study',
  purpose: 'research',
  parties: ['alice', 'bob'],
  job: { file: 'job.ts', hash: 'ab'.repeat(32) },
  bundle: bundle.toString('base64'),
  contract,
  validMs: 60_000,
  ...change,
});

describe('who may ask a node', () => {
  it('nobody without a token, and which reason it is stays with the node', async () => {
    const { token } = await node.admin.post<{ token: { id: string } }>('/tokens', {
      name: 'gone',
      role: 'viewer',
      validMs: 60_000,
    });
    await node.admin.delete(`/tokens/${token.id}`);
    const answers = await Promise.all([
      ask('/api/v1/status', {}),
      ask('/api/v1/status', { authorization: 'Bearer nonsense' }),
      ask('/api/v1/status', { authorization: `Bearer privity_${token.id}_${'A'.repeat(43)}` }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 401],
    );
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  });

  it('each role what it may, and nothing else', async () => {
    const tries: Record<Right, (client: LoneNode['admin']) => Promise<unknown>> = {
      read: (client) => client.get('/status'),
      propose: (client) => client.post('/proposals/p0/withdraw'),
      decide: (client) => client.post('/proposals/p0/refuse'),
      own: (client) => client.delete('/datasets/none'),
      operate: (client) => client.post('/runs/none/stop'),
      administer: (client) => client.get('/tokens'),
    };
    for (const role of ROLES) {
      const client = await node.client(`a-${role}`, role);
      for (const right of Object.keys(RIGHTS) as Right[]) {
        const error = await tries[right](client).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.equal(isCode('PRIVITY_TOKEN_RIGHT')(error), !mayDo(role, right), `${role} ${right}: ${error}`);
      }
    }
  });

  it('no page of another site, and nobody who calls this machine by another name', async () => {
    const authorization = `Bearer ${(await readFile(join(node.folder, 'state', 'admin.token'), 'utf8')).trim()}`;
    assert.equal((await ask('/api/v1/status', { authorization })).status, 200);
    assert.equal(
      (await ask('/api/v1/status', { authorization, origin: 'https://evil.example' })).status,
      403,
    );
    assert.equal((await ask('/api/v1/status', { authorization }, 'evil.example')).status, 403);
  });

  it('without a token only whether it lives', async () => {
    assert.equal((await ask('/health', {})).status, 200);
    assert.equal((await ask('/ready', {})).status, 200);
  });

  it('keeps the first token for its own user', async () => {
    assert.equal((await stat(join(node.folder, 'state', 'admin.token'))).mode & 0o077, 0);
    assert.equal((await stat(join(node.folder, 'state', 'store.db'))).mode & 0o077, 0);
  });
});

describe('what a node answers to what is wrong', () => {
  const wrong: readonly (readonly [string, object, string])[] = [
    ['an unknown key', proposal({ colour: 'red' }), 'PRIVITY_API_INVALID'],
    ['a missing one', { title: 'x' }, 'PRIVITY_API_INVALID'],
    [
      'files that are no bundle',
      proposal({ bundle: Buffer.from('no').toString('base64') }),
      'PRIVITY_PROPOSAL_BUNDLE',
    ],
    [
      'a job file that is not among its files',
      proposal({ job: { file: 'other.ts', hash: 'ab'.repeat(32) } }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
    ['parties in another order', proposal({ parties: ['bob', 'alice'] }), 'PRIVITY_PROPOSAL_INVALID'],
    [
      'a contract of other parties',
      proposal({ contract: { ...contract, parties: ['alice', 'carol'] } }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
    ['a contract that is none', proposal({ contract: { anything: true } }), 'PRIVITY_PROPOSAL_INVALID'],
    ['a hash that is none', proposal({ job: { file: 'job.ts', hash: 'zz' } }), 'PRIVITY_PROPOSAL_INVALID'],
    [
      'a schedule that never comes',
      proposal({
        schedule: { cron: '0 0 30 2 *', timezone: 'UTC', until: Date.now() + 1e9, occurrencesMax: 3 },
      }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
    [
      'more than a message to a partner may have',
      proposal({ args: { much: 'x'.repeat(NODE_LIMITS.proposalBytesMax) } }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
    [
      'a dataset that this party does not have',
      proposal({ datasets: { alice: { table: 'nothing' } } }),
      'PRIVITY_DATASET_UNKNOWN',
    ],
    [
      'a schedule that comes every second',
      proposal({
        schedule: { cron: '* * * * * *', timezone: 'UTC', until: Date.now() + 1e9, occurrencesMax: 3 },
      }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
    [
      'a schedule of which two occurrences are one second apart',
      proposal({
        schedule: { cron: '10,40,41 0 6 * * *', timezone: 'UTC', until: Date.now() + 1e9, occurrencesMax: 9 },
      }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
    [
      'a schedule that is none',
      proposal({
        schedule: { cron: 'whenever', timezone: 'UTC', until: Date.now() + 1e9, occurrencesMax: 3 },
      }),
      'PRIVITY_PROPOSAL_INVALID',
    ],
  ];
  for (const [name, body, code] of wrong)
    it(`${name}: ${code}, and nothing is kept`, async () => {
      await assert.rejects(node.admin.post('/proposals', body), isCode(code));
      assert.deepEqual((await node.admin.get<{ rows: unknown[] }>('/proposals', { limit: 1 })).rows, []);
    });

  it('a grant for what is not there', async () => {
    const grant = {
      dataset: 'none',
      partner: 'bob',
      purpose: 'x',
      minimumRows: 0,
      changedRowsMin: 0,
      refusalsMax: 0,
      until: Date.now() + 1e6,
    };
    await assert.rejects(node.admin.post('/grants', grant), isCode('PRIVITY_DATASET_UNKNOWN'));
    await assert.rejects(
      node.admin.post('/grants', { ...grant, partner: 'carol' }),
      isCode('PRIVITY_PARTY_UNKNOWN'),
    );
    await assert.rejects(node.admin.post('/grants', { ...grant, until: 1 }), isCode('PRIVITY_API_INVALID'));
  });
});

describe('what a node keeps', () => {
  it('publishes a table without a row of it, and proposes, refuses, withdraws', async () => {
    const table = join(node.folder, 'people.csv');
    await writeFile(table, 'id,income\n1,canary-income\n2,3\n');
    const shown = await node.admin.post<object>('/datasets', {
      name: 'people',
      source: { kind: 'file', path: table },
    });
    assert.ok(!JSON.stringify(shown).includes('canary'));
    await assert.rejects(
      node.admin.post('/datasets', { name: 'people', source: { kind: 'file', path: table } }),
      isCode('PRIVITY_DATASET_EXISTS'),
    );
    const proposer = await node.client('pat', 'proposer');
    const { id } = await proposer.post<{ id: string }>('/proposals', proposal());
    const found = await node.admin.get<{
      document: { job: { bundle: string } };
      sentences: string[];
      state: string;
    }>(`/proposals/${id.slice(0, 10)}`);
    assert.equal(found.document.job.bundle, bundleDigest(bundle));
    assert.match(found.sentences.join('\n'), /bob/);
    const approver = await node.client('ann', 'approver');
    await approver.post(`/proposals/${id}/refuse`, { reason: 'not now' });
    await assert.rejects(approver.post(`/proposals/${id}/approve`), isCode('PRIVITY_PROPOSAL_STATE'));
    const kept = await node.admin.get<{ state: string; decisions: { by: string; reason: string }[] }>(
      `/proposals/${id}`,
    );
    assert.deepEqual(
      [kept.state, kept.decisions[0]?.by, kept.decisions[0]?.reason],
      ['refused', 'person:ann', 'not now'],
    );
    const second = await proposer.post<{ id: string }>('/proposals', proposal());
    await proposer.post(`/proposals/${second.id}/withdraw`, { reason: 'a mistake' });
    assert.equal((await node.admin.get<{ state: string }>(`/proposals/${second.id}`)).state, 'withdrawn');
    assert.equal((await node.admin.get<{ isIntact: boolean }>('/audit/verify')).isIntact, true);
  });

  it('grants what is published, on conditions that can be computed, and shows a grant', async () => {
    const limits = { minimumRows: 0, changedRowsMin: 0, refusalsMax: 0, until: Date.now() + 1e6 };
    const grant = { dataset: 'people', partner: 'bob', purpose: 'x', ...limits };
    const refused = (change: object, code: string): Promise<void> =>
      assert.rejects(node.admin.post('/grants', { ...grant, ...change }), isCode(code));
    await refused({ columns: ['id', 'diagnosis'] }, 'PRIVITY_COLUMN_MISSING');
    await refused({ rows: 'diagnosis = 1' }, 'PRIVITY_ROW_CONDITION');
    await refused({ rows: 'id >' }, 'PRIVITY_ROW_CONDITION');
    await refused({ rows: 'income::INTEGER > 2' }, 'PRIVITY_ROW_CONDITION');
    await refused({ rows: 'id + 1' }, 'PRIVITY_ROW_CONDITION');
    assert.deepEqual((await node.admin.get<{ rows: object[] }>('/grants')).rows, []);
    const { id } = await node.admin.post<{ id: string }>('/grants', { ...grant, rows: 'id > 1' });
    const shown = await node.admin.get<{ rows: string; runs: object[] }>(`/grants/${id}`);
    assert.deepEqual([shown.rows, shown.runs], ['id > 1', []]);
    await assert.rejects(node.admin.get('/grants/g0'), isCode('PRIVITY_GRANT_UNKNOWN'));
  });

  it('lets nobody approve what they have proposed themselves', async () => {
    const { id } = await node.admin.post<{ id: string }>('/proposals', proposal());
    await assert.rejects(node.admin.post(`/proposals/${id}/approve`), isCode('PRIVITY_PROPOSAL_OWN'));
    await (await node.client('bea', 'approver')).post(`/proposals/${id}/approve`);
    assert.equal((await node.admin.get<{ state: string }>(`/proposals/${id}`)).state, 'proposed');
  });

  it('tells what has changed, and again from where somebody was', async () => {
    const stop = new AbortController();
    const { NodeClient } = await import('../../src/node/client/client.ts');
    const token = (await readFile(join(node.folder, 'state', 'admin.token'), 'utf8')).trim();
    const client = new NodeClient({ url: node.service.url, token, signal: stop.signal });
    const changes = client.changes()[Symbol.asyncIterator]();
    assert.equal((await changes.next()).value?.topic, 'lost');
    await node.admin.post('/proposals', proposal());
    const heard = await changes.next();
    assert.equal(heard.value?.topic, 'proposal');
    const again = client.changes({ after: (heard.value?.seq ?? 0) - 1 })[Symbol.asyncIterator]();
    assert.deepEqual((await again.next()).value, heard.value);
    stop.abort();
  });

  it('describes its API: every path, and what it answers', async () => {
    const { text } = await ask('/api/v1/openapi.json', {});
    const page = JSON.parse(text) as {
      openapi: string;
      paths: Record<string, Record<string, { responses: object }>>;
    };
    assert.equal(page.openapi, '3.1.0');
    for (const path of ['/api/v1/proposals/{id}/approve', '/api/v1/runs/{id}/evidence', '/api/v1/tokens'])
      assert.ok(page.paths[path], path);
  });
});
