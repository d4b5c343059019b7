/** SIGKILL, at moments that a seed decides. `PRIVITY_TEST_EFFORT=1` is three hundred kills, `3` nine hundred. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { share } from '../effort.ts';
import { killNodes } from './node-store-kills.ts';

const SEED = 14;

it('a node that is killed has lost nothing that it had acknowledged, and left nothing half-done', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'privity-node-kills-'));
  let made = 0;
  try {
    const told = await killNodes(share(300), SEED, async () => ({ folder: join(folder, String(made++)) }));
    t.diagnostic(JSON.stringify(told));
    assert.ok(told.acknowledged > told.kills, 'the writers have written something');
    assert.ok(told.whileOpening > 0, 'some were killed while they opened the store');
  } finally {
    await rm(folder, { recursive: true });
  }
});
