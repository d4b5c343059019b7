import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bundleDigest } from '../model/bundle.ts';
import { Bundles } from './bundles.ts';

let state = '';
before(async () => {
  state = await mkdtemp(join(tmpdir(), 'privity-bundles-'));
});
after(() => rm(state, { recursive: true }));

describe('packed jobs', () => {
  it('stay while a proposal is being stored with them', async () => {
    const bundles = new Bundles(state);
    const bytes = Buffer.from('a packed job');
    const digest = bundleDigest(bytes);
    const removals: boolean[] = [];
    await bundles.keep(bytes, () =>
      bundles.keep(bytes, async () => {
        removals.push(bundles.remove(digest));
      }),
    );
    removals.push(bundles.remove(digest));
    assert.deepEqual(removals, [false, true]);
    assert.deepEqual(await bundles.digests(), []);
  });

  it('are given free when a proposal could not be stored', async () => {
    const bundles = new Bundles(state);
    const bytes = Buffer.from('another one');
    await assert.rejects(
      bundles.keep(bytes, () => Promise.reject(new Error('the disk is full'))),
      /full/,
    );
    assert.equal(bundles.remove(bundleDigest(bytes)), true);
  });
});
