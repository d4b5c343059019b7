// The checks that are not test files: the compiler, the formatter and linter, unused code, the package's shape.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../ensure-installed.mjs';

/**
 * A check that takes longer than this hangs; the slowest, a first build on a busy two-core machine, takes a quarter of
 * it.
 */
const CHECK_TIMEOUT_MS = 240_000;

/** Enough to show what is wrong; a check that prints more has one cause many times. */
const OUTPUT_BYTES_MAX = 64 * 1024;

/**
 * Runs one command to its end.
 * @param {string} name what the summary calls it
 * @param {string[]} args arguments for node
 * @returns {Promise<{name: string, ok: boolean, durationMs: number, output: string}>}
 */
export function command(name, args) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: CHECK_TIMEOUT_MS,
    });
    let output = '';
    const keep = (text) => {
      if (output.length < OUTPUT_BYTES_MAX) output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const finish = (ok, note) =>
      resolve({
        name,
        ok,
        durationMs: performance.now() - started,
        output: note ? `${output}\n${note}` : output,
      });
    child.on('error', (error) => finish(false, error.message));
    child.on('close', (code, signal) =>
      finish(code === 0, signal ? `ended by ${signal} (limit ${CHECK_TIMEOUT_MS / 1000} s)` : undefined),
    );
  });
}

const bin = (path) => join(root, 'node_modules', path);

export const build = () => command('types (tsc)', [join(root, 'scripts/build.mjs')]);

export const lint = () =>
  command('format and lint (biome)', [
    bin('@biomejs/biome/bin/biome'),
    'ci',
    '--error-on-warnings',
    '--colors=off',
  ]);

export const checks = [
  lint,
  () => command('unused code and dependencies (knip)', [bin('knip/bin/knip.js'), '--no-progress']),
  () => command('package (publint)', [bin('publint/src/cli.js'), '--strict', '--pack', 'false']),
];
