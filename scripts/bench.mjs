// `npm run bench [-- NAME ... --save]`: builds and runs the benchmarks one after the other; each prints its figures
// beside limits and plain peers. `--save` keeps them in bench/results/NAME.json and writes the tables of the pages anew
// (scripts/gen-figures.mjs). NAME.ts is a benchmark; NAME-part.ts beside it belongs to it (a child process, a probe).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { generate } from './gen-figures.mjs';
import { answerHelp } from './options.mjs';
import { circumstances, machine, save } from './results.mjs';

answerHelp(import.meta.url);

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const folder = join(root, 'dist/bench');
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'))
  .map((file) => basename(file, '.js'));
const names = files.filter((name) => !files.some((other) => name.startsWith(`${other}-`))).sort();
const given = process.argv.slice(2);
const isSaved = given.includes('--save');
const wanted = given.filter((argument) => argument !== '--save');
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(64);
}

const { kind, node } = machine();
console.log(`Node.js ${node}, ${kind}`);
console.log('All parties share this machine: trust the ratios, not the absolute figures.');

const told = mkdtempSync(join(tmpdir(), 'privity-bench-'));
let failed = 0;
for (const name of wanted.length > 0 ? wanted : names) {
  console.log(`\n── ${name}`);
  const figures = join(told, `${name}.json`);
  const now = circumstances();
  const result = spawnSync(process.execPath, ['--enable-source-maps', join(folder, `${name}.js`)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PRIVITY_BENCH_FIGURES: figures },
  });
  if (result.status !== 0) {
    failed += 1;
    console.error(`${name} failed (${result.signal ?? `exit code ${result.status}`})`);
  } else if (isSaved) {
    const { settings, values } = JSON.parse(readFileSync(figures, 'utf8'));
    const set = Object.entries(settings).map(([key, value]) => `${key}=${value} `);
    save(name, { command: `${set.join('')}npm run bench ${name} -- --save`, ...now, ...values });
  }
}
rmSync(told, { recursive: true, force: true });
if (isSaved) generate();
process.exit(failed === 0 ? 0 : 1);
