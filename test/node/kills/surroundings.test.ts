/** What stands in the way of a node that starts is said in words, with its code, and the process ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, it } from 'node:test';
import { seeded } from '../../faults/seeded.ts';
import { type Federation, madeFederation, TestNode } from './world.ts';

let federation: Federation;
beforeEach(async () => {
  federation = await madeFederation({ draw: seeded(process.pid) });
});
afterEach(() => federation.remove());

const alice = (): TestNode => federation.nodes[0] as TestNode;

it('a port that is taken', async () => {
  const taken = createServer().listen(alice().port, '127.0.0.1');
  await once(taken, 'listening');
  try {
    alice().start();
    await assert.rejects(alice().ended(), /PRIVITY_PORT_IN_USE/);
    assert.deepEqual(alice().processes(), []);
  } finally {
    taken.close();
  }
});

it('another node of the same state', async () => {
  alice().start();
  await alice().ask((client) => client.get('/status'));
  const second = new TestNode({ name: 'alice', folder: alice().folder, port: alice().port, api: 1 });
  second.start();
  await assert.rejects(second.ended(), /PRIVITY_STORE_IN_USE/);
  await alice().ask((client) => client.get('/status'));
});
