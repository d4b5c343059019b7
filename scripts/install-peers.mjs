// Installs the systems that benchmarks put beside Privity: in node_modules/.cache, out of the way of everything that
// reads the source tree, at pinned versions, and only what is not there yet.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure-installed.mjs';

const cache = join(root, 'node_modules/.cache');

/** Several hundred megabytes over a slow line. */
const INSTALL_MS_MAX = 30 * 60_000;

function run(command, args, cwd = root) {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], timeout: INSTALL_MS_MAX }).status === 0;
}

/** SPU has wheels for few versions of Python. */
function findPython() {
  return ['python3.11', 'python3'].find((name) => {
    const result = spawnSync(name, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    return result.status === 0 && result.stdout.trim() === '3.11';
  });
}

/** @returns {{ python?: string, missing: string | null }} why SPU and MPyC cannot be measured here, if they cannot */
export function installPythons() {
  const environment = join(cache, 'peers-secure-venv');
  const python = join(environment, 'bin/python');
  const requirements = join(root, 'bench/peers/secure/requirements.txt');
  const missing = (why) => ({ missing: why });
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(environment, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { python, missing: null };
  const base = findPython();
  if (base === undefined) return missing('no Python 3.11 was found');
  console.error('Installing SPU and MPyC in a virtual environment (only this once, 600 MB) ...');
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(environment, { recursive: true });
  if (!run(base, ['-m', 'venv', environment]))
    return missing(`${base} -m venv failed (Debian: install python3-venv)`);
  if (!run(python, ['-m', 'pip', 'install', '-q', '-r', requirements]))
    return missing('pip could not install them');
  if (!run(python, ['-c', 'import spu, mpyc'])) return missing('they were installed, but cannot be imported');
  writeFileSync(stamp, wanted);
  return { python, missing: null };
}

/**
 * @param {string} folder in the cache
 * @param {string} wanted a package and its version, `name@1.2.3`
 * @param {string} title what people call it
 * @returns {{ modules?: string, missing: string | null }} the folder whose node_modules has it, or why it has not
 */
export function installPackage(folder, wanted, title) {
  const modules = join(cache, folder);
  const at = wanted.lastIndexOf('@');
  const manifest = join(modules, 'node_modules', wanted.slice(0, at), 'package.json');
  const found = existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version;
  if (found === wanted.slice(at + 1)) return { modules, missing: null };
  console.error(`Installing ${title} (only this once) ...`);
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(modules, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  return run('npm', ['install', ...flags, wanted], modules)
    ? { modules, missing: null }
    : { missing: 'npm could not install it' };
}
