import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from './project-files.ts';

/** Compares the public surface with the reports in `folder`, which has the shape of api/. */
function check(folder: string, name: string): { status: number | null; output: string } {
  const extractor = join(projectRoot, 'node_modules/@microsoft/api-extractor/bin/api-extractor');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [extractor, 'run', '--print-api-report-diff', '--config', join(folder, name)],
    { cwd: projectRoot, encoding: 'utf8' },
  );
  return { status, output: `${stdout}\n${stderr}` };
}

const folder = join(projectRoot, 'api');

describe('public API', () => {
  for (const entry of ['privity', 'testing']) {
    it(`${entry}: the surface is the one in api/${entry}.api.md (npm run api writes it)`, () => {
      const { status, output } = check(folder, `${entry}.json`);
      assert.equal(status, 0, output);
    });
  }

  it('notices a changed surface', () => {
    // Beside the real one, so that the paths relative to the project stay right.
    const planted = mkdtempSync(join(projectRoot, 'dist-api-'));
    try {
      mkdirSync(join(planted, 'temp'));
      cpSync(folder, planted, { recursive: true });
      const config = readFileSync(join(planted, 'privity.json'), 'utf8')
        .replace('"<projectFolder>/api"', JSON.stringify(planted))
        .replace('"<projectFolder>/dist/api"', JSON.stringify(join(planted, 'temp')));
      writeFileSync(join(planted, 'privity.json'), config);
      assert.equal(check(planted, 'privity.json').status, 0, 'an unchanged copy must pass');
      const report = join(planted, 'privity.api.md');
      writeFileSync(report, readFileSync(report, 'utf8').replace(/^export .*$/m, ''));
      assert.notEqual(check(planted, 'privity.json').status, 0, 'a missing export was not noticed');
    } finally {
      rmSync(planted, { recursive: true, force: true });
    }
  });
});
