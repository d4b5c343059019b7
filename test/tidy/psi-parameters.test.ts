import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './project-files.ts';

interface Derived {
  readonly BUCKET_ROWS: number;
  binsCost(): { readonly bytes: number };
}

const { derived, withParameters, withBins } = (await import(
  pathToFileURL(join(projectRoot, 'scripts/gen-psi.mjs')).href
)) as {
  derived(): Promise<Derived>;
  withParameters(page: string, from: Derived): string;
  withBins(page: string, from: Derived): string;
};

describe('the parameters in docs/psi-rr22.md', () => {
  const page = readFileSync(join(projectRoot, 'docs/psi-rr22.md'), 'utf8');

  it('are those that the code derives (npm run gen writes them)', async () => {
    assert.equal(page, withParameters(page, await derived()));
  });

  it('would be found to be old', async () => {
    const from = await derived();
    assert.notEqual(page, withParameters(page, { ...from, BUCKET_ROWS: from.BUCKET_ROWS / 2 }));
  });
});

describe('the parameters in docs/psi-shares.md', () => {
  const page = readFileSync(join(projectRoot, 'docs/psi-shares.md'), 'utf8');

  it('are those that the code derives (npm run gen writes them)', async () => {
    assert.equal(page, withBins(page, await derived()));
  });

  it('would be found to be old', async () => {
    const from = await derived();
    const none = { bytes: 0, messages: 0, rounds: 0 };
    assert.notEqual(page, withBins(page, { ...from, binsCost: () => none }));
  });
});
