// `npm run bench:peers:psi [-- --systems privity,spu,psi.js --only rr22,kkrt --sizes 100000,1000000 --runs 3]`:
// intersections of Privity, SPU and OpenMined's psi.js, from two CSV files to two CSV files, side by side
// (bench/peers/psi/README.md). `--slow-max 40000` is the size of slow protocols, `--limit 900` the seconds of a run,
// `--cores 0,1` where both parties run, `--seed 1` what the files are made from. `--json` prints every run; `--save`
// keeps the tables. Installs the others the first time. Not part of `npm test`: it needs Linux, Python 3.11 with pip,
// 3 GB of disk for ten million rows, and an hour.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { generate } from './gen-figures.mjs';
import { installPackage, installPythons } from './install-peers.mjs';
import { optionsOf } from './options.mjs';
import { circumstances, save, tablesIn } from './results.mjs';

const values = optionsOf(
  import.meta.url,
  {
    systems: { type: 'string', default: 'privity,spu,psi.js' },
    // Parts of names of protocols; all, if not given.
    only: { type: 'string' },
    // Rows of each side.
    sizes: { type: 'string', default: '100000,1000000,10000000' },
    'slow-max': { type: 'string', default: '40000' },
    // Of each system with each protocol at each size; the median counts.
    runs: { type: 'string', default: '3' },
    limit: { type: 'string', default: '900' },
    cores: { type: 'string', default: '0,1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    // Keeps the tables in bench/results/ and writes docs/benchmarks.md anew.
    save: { type: 'boolean', default: false },
  },
  ['slow-max', 'runs', 'limit', 'seed'],
);

const PSI_JS = '@openmined/psi.js@2.0.6';
const ROWS_MAX = 16_777_216;
const BUILD_MS_MAX = 10 * 60_000;
/** Runs that wanted a core beside what is measured, in the minute before: from here on figures say so. */
const BUSY_LOAD = 1;

function refuse(what) {
  console.error(`${what} See --help.`);
  process.exit(64);
}

const systems = values.systems.split(',');
const unknown = systems.find((name) => !['privity', 'spu', 'psi.js'].includes(name));
if (unknown !== undefined) refuse(`--systems takes privity, spu and psi.js, not '${unknown}'.`);
const wrong = values.sizes.split(',').find((size) => !(/^\d+$/.test(size) && size >= 2 && size <= ROWS_MAX));
if (wrong !== undefined) refuse(`--sizes takes whole numbers from 2 to ${ROWS_MAX}, not '${wrong}'.`);
if (!/^\d+([,-]\d+)*$/.test(values.cores)) refuse(`--cores takes 0,1 or 0-3, not '${values.cores}'.`);

if (process.platform !== 'linux') {
  console.error('bench:peers:psi counts memory and processor time by /proc and needs Linux.');
  process.exit(1);
}
if (spawnSync('taskset', ['--cpu-list', values.cores, 'true']).status !== 0) {
  console.error(`taskset (util-linux) cannot start a command on the cores ${values.cores}.`);
  process.exit(1);
}
ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
  stdio: ['ignore', 2, 2],
  timeout: BUILD_MS_MAX,
});
if (build.status !== 0) process.exit(build.status ?? 1);

const spu = systems.includes('spu') ? installPythons() : {};
if (spu.missing) console.error(`SPU is left out: ${spu.missing}. Its messages are above.`);
const openmined = systems.includes('psi.js') ? installPackage('peers-psi-js', PSI_JS, 'psi.js') : {};
if (openmined.missing) console.error(`psi.js is left out: ${openmined.missing}. Its messages are above.`);

const command = ['npm run bench:peers:psi --', ...process.argv.slice(2)].join(' ');
const now = circumstances();
const options = { ...values, python: spu.python, openmined: openmined.modules };
const child = spawn(
  process.execPath,
  ['--enable-source-maps', join(root, 'dist/bench/peers/psi/run.js'), JSON.stringify(options)],
  { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
);
// It ends what it has started, and removes its folder; a terminal sends Ctrl-C to it as well.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

let tables = null;
child.on('message', (message) => {
  tables = message;
});
child.on('close', (code, signal) => {
  if (values.save && tables !== null) {
    const note = now.load > BUSY_LOAD ? { note: 'The machine ran other work at the same time.' } : {};
    const [table] = tablesIn(tables.table, 3);
    const [targets] = tablesIn(tables.targets, 2);
    save('peers-psi', { command, ...now, ...note, ...table });
    save('peers-psi-targets', { command, ...now, ...note, ...targets });
    generate();
    if (code !== 0) console.error('Some rows are refused, and stand in the table as such.');
  } else if (values.save) console.error('Nothing is saved: it did not come to its end.');
  process.exit(code ?? (signal === null ? 1 : 130));
});
