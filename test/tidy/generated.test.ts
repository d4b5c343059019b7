import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { projectRoot } from './project-files.ts';

const committed = join(projectRoot, 'src/wire/gen');

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
}

describe('generated code', () => {
  let fresh = '';

  before(() => {
    // Inside the project, because the generator writes below its root only.
    fresh = mkdtempSync(join(projectRoot, 'dist-gen-'));
    const { status, stderr } = spawnSync(process.execPath, [join(projectRoot, 'scripts/gen.mjs'), fresh], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(fresh, { recursive: true, force: true }));

  it('is what the proto files say (npm run gen writes it)', () => {
    const files = contents(fresh);
    assert.ok(Object.keys(files).length > 0, 'nothing was generated');
    assert.deepEqual(contents(committed), files);
  });

  it('notices a change', () => {
    const [first = ''] = Object.keys(contents(fresh));
    appendFileSync(join(fresh, first), '// planted\n');
    assert.notDeepEqual(contents(committed), contents(fresh));
  });
});
