import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Order } from './order.ts';
import { takeOrder } from './ordered.ts';

it('gives a run the settings of its order, and nothing of the party file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'privity-order-'));
  try {
    const order: Order = {
      ...{ version: 1, runId: 'r1', parties: ['alice', 'bob'], minimumRows: 5, door: join(folder, 'door') },
      ...{ args: { asked: 'yes' }, settings: { table: '/run/members.parquet' }, code: [] },
      contract: { version: 1, parties: ['alice', 'bob'], steps: [], discloses: [] },
    };
    await writeFile(join(folder, 'order.json'), JSON.stringify(order));
    await mkdir(join(folder, 'record'));
    const ordered = await takeOrder(join(folder, 'order.json'), join(folder, 'record'));
    assert.notEqual(ordered, 'begun before');
    if (ordered === 'begun before') return;
    const applied = ordered.applied({
      federation: [],
      args: { own: 'argument' },
      settings: { secret: 'of the party file', table: '/data/all.csv' },
      minimumRows: 0,
      bounds: {},
    });
    assert.deepEqual(applied.settings, { table: '/run/members.parquet' });
    assert.deepEqual(applied.args, { asked: 'yes' });
    assert.equal(applied.minimumRows, 5);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
