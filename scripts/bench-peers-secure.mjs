// `npm run bench:peers:secure [-- --only mul,less --systems privity,spu --sizes-max 10000 --limit 60 --runs 5 --link]`:
// secure computation on Privity, SPU, MPyC and JIFF, side by side (bench/peers/secure/README.md). Installs the others
// the first time, out of the way of everything that reads the source tree. Not part of `npm test`: it needs Linux,
// Python 3.11 with pip, and the better part of an hour.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { generate } from './gen-figures.mjs';
import { optionsOf } from './options.mjs';
import { circumstances, save, tablesIn } from './results.mjs';

const values = optionsOf(
  import.meta.url,
  {
    only: { type: 'string' },
    systems: { type: 'string', default: 'privity,spu,mpyc,jiff' },
    'sizes-max': { type: 'string', default: '1000000' },
    // Seconds: an operation goes on to its next size only if that is expected to take no longer.
    limit: { type: 'string', default: '60' },
    // Of each operation at each size, at most; the best counts.
    runs: { type: 'string', default: '5' },
    // Over an emulated link of 100 Mbit/s and 50 ms.
    link: { type: 'boolean', default: false },
    // Keeps the tables in bench/results/ and writes docs/peers.md anew.
    save: { type: 'boolean', default: false },
  },
  ['sizes-max', 'limit', 'runs'],
);

const JIFF = 'jiff-mpc@1.0.0';
const cache = join(root, 'node_modules/.cache');
const environment = join(cache, 'peers-secure-venv');
const python = join(environment, 'bin/python');
const jiff = join(cache, 'peers-secure-jiff');
const requirements = join(root, 'bench/peers/secure/requirements.txt');

function run(command, args, cwd = root) {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] }).status === 0;
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

/** @returns {string | null} Why SPU and MPyC cannot be measured here, or null when they are installed. */
function installPythons() {
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(environment, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return null;
  const base = findPython();
  if (base === undefined) return 'no Python 3.11 was found';
  console.error('Installing SPU and MPyC in a virtual environment (only this once, 600 MB) ...');
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(environment, { recursive: true });
  if (!run(base, ['-m', 'venv', environment])) return `${base} -m venv failed (Debian: install python3-venv)`;
  if (!run(python, ['-m', 'pip', 'install', '-q', '-r', requirements])) return 'pip could not install them';
  if (!run(python, ['-c', 'import spu, mpyc'])) return 'they were installed, but cannot be imported';
  writeFileSync(stamp, wanted);
  return null;
}

function installJiff() {
  if (existsSync(join(jiff, 'node_modules/jiff-mpc/package.json'))) return null;
  console.error('Installing JIFF (only this once) ...');
  mkdirSync(jiff, { recursive: true });
  writeFileSync(join(jiff, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  return run('npm', ['install', ...flags, JIFF], jiff) ? null : 'npm could not install it';
}

if (process.platform !== 'linux') {
  console.error('bench:peers:secure counts bytes and processor time by /proc and needs Linux.');
  process.exit(1);
}
ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const pythonMissing = /spu|mpyc/.test(values.systems) ? installPythons() : null;
if (pythonMissing !== null) console.error(`SPU and MPyC are left out: ${pythonMissing}.`);
const jiffMissing = values.systems.includes('jiff') ? installJiff() : null;
if (jiffMissing !== null) console.error(`JIFF is left out: ${jiffMissing}.`);
const command = ['npm run bench:peers:secure --', ...process.argv.slice(2)].join(' ');
const now = circumstances();
const result = spawnSync(
  process.execPath,
  [
    join(root, 'dist/bench/peers/secure/run.js'),
    JSON.stringify({
      ...values,
      ...(pythonMissing === null ? { python } : {}),
      ...(jiffMissing === null ? { jiff } : {}),
    }),
  ],
  { cwd: root, stdio: ['inherit', values.save ? 'pipe' : 'inherit', 'inherit'], encoding: 'utf8' },
);
if (values.save) {
  process.stdout.write(result.stdout);
  const name = values.link ? 'peers-secure-link' : 'peers-secure';
  const [table, targets] = tablesIn(result.stdout, 3);
  if (result.status === 0 && table && targets) {
    save(name, { command, ...now, ...table });
    save(`${name}-targets`, { command, ...now, ...targets, keys: 1 });
  }
  generate();
}
process.exit(result.status ?? 1);
