import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseBounds } from '../../src/cli/arguments.ts';
import { DEFAULT_BOUNDS } from '../../src/supervisor/seam/bounds.ts';
import { projectRoot } from './project-files.ts';

const { withBounds } = (await import(pathToFileURL(join(projectRoot, 'scripts/gen-bounds.mjs')).href)) as {
  withBounds(page: string, source: string): string;
};
const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

describe('the bounds in docs/cli.md', () => {
  const page = read('docs/cli.md');
  const source = read('src/supervisor/seam/bounds.ts');

  it('are those of the list (npm run gen writes them), and what --bound takes means the default', () => {
    assert.equal(page, withBounds(page, source));
    const rows = [...page.matchAll(/^\| `(\w+Ms)` \| ([\d,]+) \| `(\w+(?:\.\d)?\w+)` \| \S.* \|$/gm)];
    const shown = rows.map(([, name = '', ms = '']) => [name, Number(ms.replaceAll(',', ''))]);
    assert.deepEqual(Object.fromEntries(shown), DEFAULT_BOUNDS);
    assert.deepEqual(parseBounds(rows.map(([, name, , text]) => `${name}=${text}`)), DEFAULT_BOUNDS);
  });

  it('would be found to be old', () => {
    assert.notEqual(page, withBounds(page, source.replace('joinTimeoutMs: 60_000', 'joinTimeoutMs: 61_000')));
  });
});
