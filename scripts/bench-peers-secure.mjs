// `npm run bench:peers:secure [-- --only mul,less --systems privity,spu --sizes-max 10000 --limit 60 --runs 5 --link]`:
// secure computation on Privity, SPU, MPyC and JIFF, side by side (bench/peers/secure/README.md). Installs the others
// the first time, out of the way of everything that reads the source tree. Not part of `npm test`: it needs Linux,
// Python 3.11 with pip, and the better part of an hour.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { generate } from './gen-figures.mjs';
import { installPackage, installPythons } from './install-peers.mjs';
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

if (process.platform !== 'linux') {
  console.error('bench:peers:secure counts bytes and processor time by /proc and needs Linux.');
  process.exit(1);
}
ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const { python, missing } = /spu|mpyc/.test(values.systems) ? installPythons() : {};
if (missing) console.error(`SPU and MPyC are left out: ${missing}.`);
const jiff = values.systems.includes('jiff') ? installPackage('peers-secure-jiff', JIFF, 'JIFF') : {};
if (jiff.missing) console.error(`JIFF is left out: ${jiff.missing}.`);
const command = ['npm run bench:peers:secure --', ...process.argv.slice(2)].join(' ');
const now = circumstances();
const result = spawnSync(
  process.execPath,
  [
    join(root, 'dist/bench/peers/secure/run.js'),
    JSON.stringify({
      ...values,
      ...(python ? { python } : {}),
      ...(jiff.modules ? { jiff: jiff.modules } : {}),
    }),
  ],
  { cwd: root, stdio: ['inherit', values.save ? 'pipe' : 'inherit', 'inherit'], encoding: 'utf8' },
);
if (values.save) {
  process.stdout.write(result.stdout);
  const name = values.link ? 'peers-secure-link' : 'peers-secure';
  const [table, targets, times] = tablesIn(result.stdout, 3);
  if (result.status === 0 && table && targets) {
    save(name, { command, ...now, ...table });
    save(`${name}-targets`, { command, ...now, ...targets, keys: 1 });
    if (times) save(`${name}-times`, { command, ...now, ...times, keys: 2 });
  }
  generate();
}
process.exit(result.status ?? 1);
