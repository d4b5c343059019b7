/** Rehearsals of an approver: by the API of a node whose partner never comes, and by the process alone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { PrivityError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { readContractFile } from '../../src/config/contract-file.ts';
import { NodeClient } from '../../src/node/client/client.ts';
import { ADMIN_TOKEN_FILE } from '../../src/node/client/file-names.ts';
import { tokenIn } from '../../src/node/client/find-node.ts';
import { packBundle } from '../../src/node/model/bundle.ts';
import { rehearseConfined } from '../../src/node/rehearsal/rehearsal-process.ts';
import { layOut } from '../../src/node/runs/lay-out.ts';
import { markedProcesses } from '../../src/supervisor/machine/process-group.ts';
import { bubblewrapOr } from '../sandbox/possible.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { type LoneNode, loneNode } from './lone-node.ts';

const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;

let node: LoneNode;
let server: Server;
let connections = 0;
before(async () => {
  node = await loneNode();
  const source = { kind: 'file', path: example('alice.csv') };
  await node.admin.post('/datasets', { name: 'members', source });
  server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(async () => {
  server.close();
  await node.close();
});

interface Answer {
  readonly outcome: string;
  readonly more: readonly string[];
  readonly less: readonly string[];
  readonly tried: readonly string[];
}

const example = (name: string): string => join(projectRoot, 'examples/two-parties', name);
const column = (name: string, type: string) => ({ name, type, gaps: false });
const schemas = {
  alice: { table: { columns: [column('customer_id', 'VARCHAR'), column('since', 'BIGINT')] } },
  bob: { table: { columns: [column('customer_id', 'VARCHAR'), column('euros', 'DOUBLE')] } },
};

/** Says one number, whatever is tried beside it. */
const oneNumber = {
  version: 1,
  parties: ['alice', 'bob'],
  steps: ['count'],
  discloses: [{ step: 'count', kind: 'reveal', from: 'alice', to: ['bob'], what: 'number', times: 1 }],
};
const counting = (made: string, before = ''): string => `
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { job } from 'privity';
${before}
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => ({
  count: await reveal(alice.run('count', () => ${made})),
}));
`;

/** Of alice's own; who approves is asked the same as for a partner's. */
async function propose(job: string, contract: unknown, change: object = {}): Promise<string> {
  const { id } = await node.admin.post<{ readonly id: string }>('/proposals', {
    title: 'a study',
    purpose: 'research',
    parties: ['alice', 'bob'],
    job: { file: 'job.ts', hash: 'ab'.repeat(32) },
    bundle: packBundle(new Map([['job.ts', Buffer.from(job)]])).toString('base64'),
    contract,
    validMs: 3_600_000,
    ...change,
  });
  return id;
}

const rehearse = (id: string, body: object = {}, client = node.admin): Promise<Answer> =>
  client.post<Answer>(`/proposals/${id}/rehearse`, body);

/** Nothing of it is left: no folder, and no process that knows it. */
async function nothingIsLeft(): Promise<void> {
  const work = join(node.folder, 'state', 'work');
  assert.deepEqual(
    (await readdir(work)).filter((name) => name.startsWith('rehearsal')),
    [],
  );
  for (const nth of [1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.deepEqual(markedProcesses(join(work, `rehearsal-${nth}`)), []);
}

/** Until the process that rehearses is there. */
async function isRehearsing(): Promise<void> {
  const work = join(node.folder, 'state', 'work');
  for (;;) {
    const names = await readdir(work).catch(() => []);
    if (names.some((name) => name.startsWith('rehearsal') && markedProcesses(join(work, name)).length > 0))
      return;
    await setTimeout(20);
  }
}

async function lastLine(id: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { rows } = await node.admin.get<{ rows: { what: string; detail: Record<string, unknown> }[] }>(
    '/audit',
    {
      about: id,
      limit: 100,
    },
  );
  return rows.filter(({ what }) => what === 'proposal.rehearsed').at(-1)?.detail;
}

const inSandbox = (use: (bubblewrap: string) => Promise<void>) => async (t: TestContext) => {
  const bubblewrap = bubblewrapOr(t);
  if (bubblewrap !== undefined) await use(bubblewrap);
};

const TABLES = { alice: { table: 'members' }, bob: { table: 'orders' } };

describe('a rehearsal of an approver', () => {
  it(
    'comes to what the proposer has come to, and is remembered',
    inSandbox(async () => {
      const job = await readFile(example('job.ts'), 'utf8');
      const contract = await readContractFile(example('job.contract.yaml'));
      const id = await propose(job, contract, { datasets: TABLES, schemas });
      const { outcome, more, less, tried } = await rehearse(id);
      assert.deepEqual({ outcome, more, less, tried }, { outcome: 'same', more: [], less: [], tried: [] });
      assert.deepEqual(await lastLine(id), { outcome: 'same', more: 0, less: 0 });
      const { rehearsed } = await node.admin.get<{ rehearsed: { outcome: string; by: string } }>(
        `/proposals/${id}`,
      );
      assert.deepEqual([rehearsed.outcome, rehearsed.by], ['same', 'person:admin']);
      await nothingIsLeft();
    }),
  );

  it(
    'says what a contract leaves out that was edited by hand, and what it allows that does not come',
    inSandbox(async () => {
      const job = await readFile(example('job.ts'), 'utf8');
      const contract = await readContractFile(example('job.contract.yaml'));
      const [psiOfAlice, psiOfBob, count, mean] = contract.discloses;
      const less = { ...contract, discloses: [psiOfAlice, psiOfBob, count] };
      const found = await rehearse(await propose(job, less, { datasets: TABLES, schemas }));
      assert.equal(found.outcome, 'more');
      assert.deepEqual(found.more, ['alice will learn from bob, in step "mean": euros (1 value)']);
      const twice = {
        ...contract,
        discloses: [...contract.discloses, { ...mean, what: 'text up to 40 bytes' }],
      };
      const other = await rehearse(await propose(job, twice, { datasets: TABLES, schemas }), {
        rows: [20, 40],
        seeds: 1,
      });
      assert.deepEqual([other.outcome, other.more], ['less', []]);
      assert.match(other.less.join(), /in step "mean": text up to 40 bytes/);
    }),
  );

  it(
    'shows the code no key, nothing of the state folder, and no network',
    inSandbox(async () => {
      const outside = [
        ['the key', `readFileSync(${JSON.stringify(join(node.folder, 'alice', 'key.pem'))}, 'latin1')`],
        [
          'the token',
          `readFileSync(${JSON.stringify(join(node.folder, 'state', ADMIN_TOKEN_FILE))}, 'latin1')`,
        ],
      ];
      for (const [what, read] of outside) {
        const job = counting(`{ try { return String(${read}).slice(0, 0) + 'read'; } catch { return 1; } }`);
        const { outcome, more } = await rehearse(await propose(job, oneNumber));
        assert.deepEqual([outcome, more], ['same', []], what);
      }
      // What leads to the job's own files is there, and nothing else.
      const state = counting(
        `readdirSync(${JSON.stringify(join(node.folder, 'state'))}).filter((name) => name !== 'work').length === 0 ? 1 : 'more is there'`,
      );
      assert.equal((await rehearse(await propose(state, oneNumber))).outcome, 'same');
      const { port } = server.address() as AddressInfo;
      const dial = counting(
        `new Promise((resolve) => { try { connect(${port}, '127.0.0.1').once('connect', () => resolve('out')).once('error', () => resolve(1)); } catch { resolve(1); } })`,
      );
      const dialled = await rehearse(await propose(dial, oneNumber));
      assert.deepEqual([dialled.outcome, dialled.tried], ['same', ['to use the network']]);
      assert.equal(connections, 0);
    }),
  );

  it(
    'is no longer one when the code speaks in its place in words that are none',
    inSandbox(async () => {
      const say = (words: string): string =>
        counting('1', `new Function('return process')().send(${words});`);
      for (const words of [
        "{ type: 'rehearsed', contract: { version: 2 } }",
        "{ type: 'approved' }",
        "{ cmd: 'NODE_HANDLE_ACK' }",
      ])
        await assert.rejects(
          rehearse(await propose(say(words), oneNumber)),
          isCode('PRIVITY_CONTRACT_NOT_REHEARSED'),
          words,
        );
      const long = say("{ type: 'failed', message: 'x'.repeat(5_000_000) }");
      await assert.rejects(
        rehearse(await propose(long, oneNumber)),
        isCode('PRIVITY_CONTRACT_NOT_REHEARSED'),
      );
      await nothingIsLeft();
    }),
  );

  it(
    'is one at a time, and ends when nobody waits for it',
    inSandbox(async () => {
      const id = await propose(counting('{ for (;;); }'), oneNumber);
      const stopping = new AbortController();
      const token = await tokenIn(join(node.folder, 'state', ADMIN_TOKEN_FILE));
      const client = new NodeClient({ url: node.service.url, token, signal: stopping.signal });
      const waiting = rehearse(id, {}, client);
      await isRehearsing();
      await assert.rejects(rehearse(id), isCode('PRIVITY_REHEARSAL_BUSY'));
      stopping.abort();
      await assert.rejects(waiting);
      while ((await lastLine(id)) === undefined) await setTimeout(20);
      assert.deepEqual(await lastLine(id), { outcome: 'stopped' });
      await nothingIsLeft();
    }),
  );

  it(
    'ends at its bounds, of time, of memory, and of files',
    inSandbox(async (bubblewrap) => {
      const path = await mkdtemp(join(tmpdir(), 'rehearsal-'));
      const bounds = {
        ms: 60_000,
        memoryBytes: 1024 ** 3,
        diskBytes: 256 * 1024 ** 2,
        answerBytes: 1_000_000,
      };
      const jobs: Record<string, readonly [string, Partial<typeof bounds>]> = {
        'takes longer than 5000 ms': ['{ for (;;); }', { ms: 5_000 }],
        'holds more than 400 MiB of memory': [
          '{ const held = []; for (;;) held.push(Buffer.alloc(10_000_000, 1)); }',
          { memoryBytes: 400 * 1024 ** 2 },
        ],
        'writes more than 1 MiB of files': [
          "{ for (let n = 0; ; n++) require('node:fs').writeFileSync(require('node:os').tmpdir() + '/' + n, 'x'); }",
          { diskBytes: 1024 ** 2 },
        ],
      };
      try {
        for (const [said, [made, bound]] of Object.entries(jobs)) {
          const folder = join(path, said.replaceAll(' ', '-'));
          const code = await layOut(
            join(folder, 'job'),
            new Map([['job.ts', Buffer.from(counting(made))]]),
            [],
          );
          const request = { job: join(code[0], 'job.ts'), args: {}, tables: {}, rows: [6, 80], seeds: 1 };
          const { signal } = new AbortController();
          const plan = { path: bubblewrap, folder, code, request, clock: systemClock, signal };
          const rehearsing = rehearseConfined({ ...plan, bounds: { ...bounds, ...bound } });
          await assert.rejects(rehearsing, (error: unknown) => {
            assert.ok(isCode('PRIVITY_REHEARSAL_LIMIT')(error), `${said}: ${error}`);
            assert.ok(String(error).includes(said), String(error));
            return true;
          });
          assert.deepEqual(markedProcesses(folder), [], said);
        }
      } finally {
        await rm(path, { recursive: true, force: true });
      }
    }),
  );

  it('is refused where there is no sandbox, whatever the policy of the node is', async () => {
    const id = await propose(counting('1'), oneNumber);
    const { PATH } = process.env;
    process.env.PATH = join(node.folder, 'alice');
    try {
      await assert.rejects(rehearse(id), isCode('PRIVITY_SANDBOX_MISSING'));
    } finally {
      process.env.PATH = PATH;
    }
    assert.deepEqual(await lastLine(id), { outcome: 'failed', code: 'PRIVITY_SANDBOX_MISSING' });
  });

  it(
    'is none where no run comes to its end: what failed early has shown nothing',
    inSandbox(async () => {
      const nothing = { ...oneNumber, discloses: [] };
      const id = await propose(counting("{ throw new Error('not here'); }"), nothing);
      const { outcome, more } = await rehearse(id);
      assert.deepEqual([outcome, more], ['unknown', []]);
      const { rehearsed } = await node.admin.get<{ rehearsed: { outcome: string } }>(`/proposals/${id}`);
      assert.equal(rehearsed.outcome, 'unknown');
    }),
  );

  it('is refused where nothing is known of a table, and says who could tell', async () => {
    const job = await readFile(example('job.ts'), 'utf8');
    const contract = await readContractFile(example('job.contract.yaml'));
    const id = await propose(job, contract, { datasets: TABLES });
    await assert.rejects(rehearse(id), (error: unknown) => {
      assert.ok(isCode('PRIVITY_CONTRACT_NOT_REHEARSED')(error), String(error));
      assert.match(
        String(error),
        /columns of bob\.table \(the dataset orders of bob\): ask alice to propose with --schema/,
      );
      return true;
    });
  });

  it(
    'ends with its node',
    inSandbox(async () => {
      const other = await loneNode();
      const mine = node;
      node = other;
      try {
        const waiting = rehearse(await propose(counting('{ for (;;); }'), oneNumber));
        await isRehearsing();
        await Promise.all([assert.rejects(waiting), other.service.close(true)]);
        await nothingIsLeft();
      } finally {
        node = mine;
        await rm(other.folder, { recursive: true, force: true });
      }
    }),
  );
});
