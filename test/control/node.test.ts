/** `node()` of `privity/control`, against two nodes in processes of their own. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { PrivityError } from '../../src/base/errors.ts';
import { freePorts } from '../../src/cli/local/ports.ts';
import { startDetached } from '../../src/cli/node/detach.ts';
import { type Followed, type NodeChange, type NodeClient, node, packJob } from '../../src/control/index.ts';
import { processesIn } from '../cli/processes.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { type World, world } from './world.ts';

const entry = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const examples = join(projectRoot, 'examples/two-parties');
const PURPOSE = 'shared customers';
const DAY_MS = 24 * 60 * 60 * 1000;

type Party = 'alice' | 'bob';
let here: World;
let alice: NodeClient;
let bob: NodeClient;

const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;
const at = (party: Party, name: string): string => join(here.folder, party, name);
const start = (party: Party): Promise<{ readonly pid: number }> =>
  startDetached({ entry, cwd: join(here.folder, party) }, at(party, 'node.yaml'), at(party, 'state'));

before(async () => {
  here = await world();
  const ports = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
  for (const [nth, party] of (['alice', 'bob'] as const).entries()) {
    const words = { party: 'party.yaml', state: 'state', api: `127.0.0.1:${ports[nth]}`, sandbox: 'off' };
    await writeFile(at(party, 'node.yaml'), stringify({ ...words, selfApproval: true }));
    await copyFile(join(examples, `${party}.csv`), at(party, 'table.csv'));
  }
  await Promise.all([start('alice'), start('bob')]);
  alice = await node({ config: at('alice', 'node.yaml') });
  bob = await node({ config: at('bob', 'node.yaml') });
  await alice.datasets.add({ name: 'members', source: { kind: 'file', path: at('alice', 'table.csv') } });
  await bob.datasets.add({ name: 'orders', source: { kind: 'file', path: at('bob', 'table.csv') } });
});
after(async () => {
  await Promise.allSettled([alice?.stop({ port: true }), bob?.stop({ port: true })]);
  for (const pid of processesIn(here.folder)) process.kill(pid, 'SIGKILL');
  await here.remove();
});

async function propose(): Promise<string> {
  const packed = await packJob(join(examples, 'job.ts'));
  const datasets = { alice: { table: 'members' }, bob: { table: 'orders' } };
  const asked = { ...packed, title: 'both shops', purpose: PURPOSE, datasets, validMs: DAY_MS };
  const { id } = await alice.proposals.propose(asked);
  for await (const _ of bob.changes())
    if ((await bob.proposals.list({ state: 'proposed' })).rows.some((row) => row.id === id)) return id;
  return id;
}

const grant = () =>
  bob.grants.add({
    ...{ dataset: 'orders', partner: 'alice', purpose: PURPOSE, until: Date.now() + DAY_MS },
    ...{ minimumRows: 0, changedRowsMin: 0, refusalsMax: 10 },
  });

describe('a client of a node', () => {
  it('proposes, sees what is missing, approves, follows, and has the result', async () => {
    const id = await propose();
    await assert.rejects(bob.proposals.approve(id), isCode('PRIVITY_GRANT_MISSING'));
    await grant();
    const seen = await bob.proposals.show(id.slice(0, 12));
    assert.match(seen.sentences.join('\n'), /alice will learn:[\s\S]*euros \(1 value\)/);
    const following = bob.waitFor(id);
    const states: Followed[] = [];
    const follower = (async () => {
      for await (const state of alice.follow(id)) states.push(state);
    })();
    await alice.proposals.approve(id);
    await bob.proposals.approve(id, 'as agreed');
    const end = await following;
    await follower;
    assert.equal(end.run?.state, 'completed');
    assert.deepEqual(end.value, { sharedCustomers: 4, meanAtBob: { euros: 85 } });
    assert.deepEqual([states[0]?.run, states[0]?.isOver], [null, false]);
    assert.deepEqual([states.at(-1)?.run?.state, states.at(-1)?.isOver], ['completed', true]);

    const { runId } = end.run ?? assert.fail();
    assert.equal((await alice.runs.report(runId)).party, 'alice');
    const kinds = new Set<string>();
    for await (const event of alice.runs.log(runId)) kinds.add(event.event);
    assert.ok(kinds.has('verdict') && kinds.has('step.finished'));
    assert.ok('signature' in (await alice.runs.evidence(runId)));
    assert.equal((await bob.audit.list({ about: id })).rows.at(-1)?.what.startsWith('proposal.'), true);
    assert.equal((await bob.audit.verify()).isIntact, true);
  });

  it('says with the same code what the node refuses, and follows a refusal to its end', async () => {
    await assert.rejects(alice.proposals.show('p0'), isCode('PRIVITY_PROPOSAL_UNKNOWN'));
    await assert.rejects(alice.runs.stop('p0-1-1'), isCode('PRIVITY_RUN_UNKNOWN'));
    await assert.rejects(alice.proposals.list({ limit: 0 }), isCode('PRIVITY_API_INVALID'));
    const id = await propose();
    const waiting = alice.waitFor(id);
    await bob.proposals.refuse(id, 'not now');
    const { proposal, run, value } = await waiting;
    assert.deepEqual([proposal.state, run, value], ['refused', null, undefined]);
    assert.equal(proposal.decisions.find(({ party }) => party === 'bob')?.reason, 'not now');
  });

  it('has a token of its own, and says which is none, and what one may not do', async () => {
    const { url } = alice;
    const wrong = await node({ url, token: 'privity_nonsense' });
    await assert.rejects(wrong.status(), isCode('PRIVITY_TOKEN_INVALID'));
    await assert.rejects(wrong.changes()[Symbol.asyncIterator]().next(), isCode('PRIVITY_TOKEN_INVALID'));
    const { text, token } = await alice.tokens.add({ name: 'vera', role: 'viewer', validMs: DAY_MS });
    const viewer = await node({ url, token: text });
    assert.equal((await viewer.status()).party, 'alice');
    await assert.rejects(viewer.proposals.approve('p0'), isCode('PRIVITY_TOKEN_RIGHT'));
    await alice.tokens.revoke(token.id);
    await assert.rejects(viewer.status(), isCode('PRIVITY_TOKEN_INVALID'));
    await assert.rejects(node({ config: at('alice', 'none.yaml') }), isCode('PRIVITY_CONFIG_FILE_MISSING'));
  });

  it('is none for an option that it does not have, or for what is no address', async () => {
    const made = (options: unknown) => Reflect.apply(node, undefined, [options]) as Promise<NodeClient>;
    const config = at('alice', 'node.yaml');
    await assert.rejects(made({ config, tokn: 'x' }), /unknown option "tokn", did you mean "token"\?/);
    await assert.rejects(made(null), isCode('PRIVITY_API_INVALID'));
    const url = 'http://127.0.0.1:1';
    await assert.rejects(made({ url, token: undefined }), isCode('PRIVITY_TOKEN_INVALID'));
    for (const wrong of ['alice', '127.0.0.1:7430', 'file:///x', 7430])
      await assert.rejects(made({ url: wrong, token: 'secret' }), /url: this is no address http:/);
  });

  it('gives its reason back when it is aborted, and ends what is followed by a signal without one', async () => {
    const stop = new AbortController();
    const client = await node({ config: at('alice', 'node.yaml'), signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(client.status(), /enough/);
    const end = new AbortController();
    const changes = alice.changes({ signal: end.signal })[Symbol.asyncIterator]();
    await changes.next();
    const next = changes.next();
    end.abort();
    assert.equal((await next).done, true);
  });

  it('goes on following a node that is killed and started again, and says if it stays away', async () => {
    const id = await propose();
    const follow = alice.follow(id)[Symbol.asyncIterator]();
    await follow.next();
    const changes = alice.changes()[Symbol.asyncIterator]();
    assert.equal((await changes.next()).value?.topic, 'lost');
    const change = changes.next();
    const { pid } = JSON.parse(await readFile(at('alice', 'state/api.json'), 'utf8')) as {
      readonly pid: number;
    };
    process.kill(pid, 'SIGKILL');
    const gone = alice.follow(id, { goneMs: 1_000 })[Symbol.asyncIterator]();
    await assert.rejects(gone.next(), isCode('PRIVITY_NODE_UNREACHABLE'));
    await start('alice');
    await bob.proposals.refuse(id, 'not now');
    for (let state = await follow.next(); !state.done; state = await follow.next())
      if (state.value.isOver) assert.equal(state.value.proposal.state, 'refused');
    // What came between is not known: the numbers of the node that was killed are gone with it.
    const { topic } = (await change).value as NodeChange;
    assert.ok(['lost', 'proposal', 'partner'].includes(topic), topic);

    const last = await propose();
    const looking = bob.follow(last, { goneMs: 1_000 })[Symbol.asyncIterator]();
    await looking.next();
    await bob.stop({ port: true });
    await assert.rejects(looking.next(), isCode('PRIVITY_NODE_UNREACHABLE'));
  });
});
