// `npm run bench:peers [-- --only NAME,... --systems privity,rayfed --privity 5 --rayfed 2]`: the same failures on
// Privity and on RayFed, side by side (bench/peers/failures/README.md). Makes a virtual environment with RayFed the
// first time. Not part of `npm test`: it needs Python 3.8 to 3.11, pip, Linux, and about half an hour.
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
    systems: { type: 'string', default: 'privity,rayfed' },
    privity: { type: 'string', default: '5' },
    rayfed: { type: 'string', default: '2' },
    // Seconds after the fault, from which on a party counts as hanging.
    limit: { type: 'string', default: '30' },
    // RayFed's exit_on_sending_failure, and its timeout_in_ms, in seconds.
    'exit-on-sending-failure': { type: 'string', default: 'yes' },
    timeout: { type: 'string', default: '20' },
    // All outcomes, one JSON object a line, are appended to the first; the second measures nothing, and prints the
    // table of such a file.
    raw: { type: 'string' },
    table: { type: 'string' },
    // Keeps the table in bench/results/ and writes docs/peers.md anew.
    save: { type: 'boolean', default: false },
  },
  ['privity', 'rayfed', 'limit', 'timeout'],
);

const folder = join(root, 'bench/peers/failures');
/** Out of the way of everything that reads the source tree. */
const environment = join(root, 'node_modules/.cache/peers-venv');
const python = join(environment, 'bin/python');
const requirements = [join(folder, 'requirements.txt'), join(folder, 'requirements-rayfed.txt')];
/** Newest first: Ray 2.9.3 has wheels for these. */
const PYTHONS = ['python3.11', 'python3.10', 'python3.9', 'python3.8', 'python3'];

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}

function findPython() {
  return PYTHONS.find((name) => {
    const result = spawnSync(name, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    return result.status === 0 && /^3\.(8|9|10|11)$/.test(result.stdout.trim());
  });
}

/** @returns {string | null} Why RayFed cannot be measured here, or null when it is installed. */
function installRayFed() {
  const wanted = requirements.map((file) => readFileSync(file, 'utf8')).join('\n');
  const stamp = join(environment, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return null;
  const base = findPython();
  if (base === undefined) return `no Python 3.8 to 3.11 was found (looked for ${PYTHONS.join(', ')})`;
  console.error('Installing RayFed and Ray in a virtual environment (only this once, 300 MB) ...');
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(environment, { recursive: true });
  if (!run(base, ['-m', 'venv', environment])) return `${base} -m venv failed (Debian: install python3-venv)`;
  const [ray, rayfed] = requirements;
  if (!run(python, ['-m', 'pip', 'install', '-q', '-r', ray])) return 'pip could not install Ray';
  if (!run(python, ['-m', 'pip', 'install', '-q', '--no-deps', '-r', rayfed]))
    return 'pip could not install RayFed';
  if (!run(python, ['-c', 'import fed, ray'])) return 'RayFed was installed, but cannot be imported';
  writeFileSync(stamp, wanted);
  return null;
}

if (process.platform !== 'linux') {
  console.error('bench:peers counts processes by /proc and needs Linux.');
  process.exit(1);
}
ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const wantsRayFed = values.systems.split(',').includes('rayfed') && values.table === undefined;
const missing = wantsRayFed ? installRayFed() : null;
if (missing !== null) console.error(`RayFed is left out: ${missing}. Its messages are above.`);
const command = ['npm run bench:peers --', ...process.argv.slice(2)].join(' ');
const now = circumstances();
const result = spawnSync(
  process.execPath,
  [
    join(root, 'dist/bench/peers/failures/run.js'),
    JSON.stringify({ ...values, ...(wantsRayFed && missing === null ? { python } : {}) }),
  ],
  { cwd: root, stdio: ['inherit', values.save ? 'pipe' : 'inherit', 'inherit'], encoding: 'utf8' },
);
if (values.save) {
  process.stdout.write(result.stdout);
  const [table] = tablesIn(result.stdout, 2);
  if (result.status === 0 && table) save('peers-failures', { command, ...now, ...table });
  generate();
}
process.exit(result.status ?? 1);
