// The main example, as `npm start` and `npm run demo:failure` run it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure-installed.mjs';

export const cli = join(root, 'dist/src/cli/main.js');
export const example = join(root, 'examples/shared-patients');

/**
 * Arguments of `privity local` for the main example.
 * @param {string} output folder for the tables that alice and bob write
 * @returns {string[]}
 */
export function exampleArguments(output) {
  mkdirSync(output, { recursive: true });
  const owners = ['alice', 'bob'].flatMap((party) => [
    '--inputs',
    `${party}.table=${join(example, 'data', `${party}.csv`)}`,
    '--inputs',
    `${party}.output=${join(output, `${party}.csv`)}`,
  ]);
  return ['local', join(example, 'job.ts'), ...owners];
}
