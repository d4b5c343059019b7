import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPlace, openEmbedded } from '../../src/node/store/embedded.ts';
import { nodeStoreSuite } from './node-store-suite.ts';

nodeStoreSuite('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'privity-node-store-'));
  let made = 0;
  return {
    fresh: async () => ({ folder: join(folder, String(made++)) }),
    backend: async (place) => openEmbedded(place as EmbeddedPlace),
    dispose: () => rm(folder, { recursive: true }),
  };
});
