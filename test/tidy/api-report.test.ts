import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { itLong } from '../effort.ts';
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
  for (const entry of ['privity', 'testing', 'control', 'stats']) {
    it(`${entry}: the surface is the one in api/${entry}.api.md (npm run api writes it)`, () => {
      const { status, output } = check(folder, `${entry}.json`);
      assert.equal(status, 0, output);
    });
  }

  itLong('notices a changed surface', () => {
    withPlanted((planted) => {
      assert.equal(check(planted, 'privity.json').status, 0, 'an unchanged copy must pass');
      const report = join(planted, 'privity.api.md');
      writeFileSync(report, readFileSync(report, 'utf8').replace(/^export .*$/m, ''));
      assert.notEqual(check(planted, 'privity.json').status, 0, 'a missing export was not noticed');
    });
  });

  itLong('notices a type that a signature names and nobody can import, and a name without a word', () => {
    withPlanted((planted) => {
      const hidden =
        'interface Hidden {}\n/** Shown. */\nexport interface Shown {\n  readonly of: Hidden;\n}\nexport {};\n';
      writeFileSync(join(planted, 'index.d.ts'), hidden);
      for (const name of ['privity.json', 'testing.json']) {
        const config = readFileSync(join(planted, name), 'utf8');
        writeFileSync(
          join(planted, name),
          config.replace(/"<projectFolder>.*index\.d\.ts"/, JSON.stringify(join(planted, 'index.d.ts'))),
        );
        const { status, output } = check(planted, name);
        assert.notEqual(status, 0, name);
        assert.match(output, /Error.*ae-forgotten-export.*"Hidden"/);
        assert.match(output, /Error.*ae-undocumented.*"of"/);
      }
    });
  });
});

/** A copy of api/ beside the real one, so that the paths relative to the project stay right. */
function withPlanted(use: (planted: string) => void): void {
  const planted = mkdtempSync(join(projectRoot, 'dist-api-'));
  try {
    mkdirSync(join(planted, 'temp'));
    cpSync(folder, planted, { recursive: true });
    for (const name of ['privity.json', 'testing.json']) {
      const config = readFileSync(join(planted, name), 'utf8')
        .replace('"<projectFolder>/api"', JSON.stringify(planted))
        .replace('"<projectFolder>/dist/api"', JSON.stringify(join(planted, 'temp')));
      writeFileSync(join(planted, name), config);
    }
    use(planted);
  } finally {
    rmSync(planted, { recursive: true, force: true });
  }
}
