import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from './project-files.ts';

/** Larger files are data or builds, and stay in the history for ever. */
const FILE_BYTES_MAX = 2 * 1024 * 1024;

interface Committed {
  readonly path: string;
  readonly bytes: number;
}

/** What git tracks; undefined in a source archive, where there is no git. */
function committed(): Committed[] | undefined {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) return undefined;
  return stdout
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => ({
      path,
      bytes: statSync(join(projectRoot, path), { throwIfNoEntry: false })?.size ?? 0,
    }));
}

function intruders(files: readonly Committed[]): string[] {
  return files
    .filter(
      ({ path, bytes }) =>
        bytes > FILE_BYTES_MAX || /(^|\/)(node_modules|dist[^/]*|\.venv|__pycache__|reports)\//.test(path),
    )
    .map(({ path }) => path);
}

describe('what git holds', () => {
  it('is sources: no builds, no installed packages, no large files', () => {
    const files = committed();
    if (files === undefined) return;
    assert.ok(files.length > 100, `only ${files.length} files are tracked`);
    assert.deepEqual(intruders(files).slice(0, 20), []);
  });

  it('finds planted ones', () => {
    const files = [
      { path: 'src/index.ts', bytes: 100 },
      { path: 'bench/peers/.venv/bin/python', bytes: 1 },
      { path: 'dist-mine/src/index.js', bytes: 1 },
      { path: 'examples/big.parquet', bytes: FILE_BYTES_MAX + 1 },
    ];
    assert.deepEqual(
      intruders(files),
      files.slice(1).map(({ path }) => path),
    );
  });
});
