import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstFalse, runBucket, setUp } from '../../../test/parts/vole-parties.ts';
import { TypescriptVoleKernels } from './vole-kernels.ts';

describe('silent VOLE', () => {
  for (const outputs of [1, 100, 4096]) {
    it(`c = b + delta·a for ${outputs} outputs`, async () => {
      const seeds = await setUp();
      const run = await runBucket(seeds, 0, outputs, [
        new TypescriptVoleKernels(),
        new TypescriptVoleKernels(),
      ]);
      assert.equal(run.a.byteLength, 16 * outputs);
      assert.equal(firstFalse(run), undefined);
    });
  }
});
