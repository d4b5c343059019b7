// `npm run faults [-- --runs N --only PATTERN --seed S --at-a-time N --resume]`: the long form of the fault matrix
// (docs/faults.md). Builds, then runs all scenarios in random order until there were N runs, and prints how soon each
// fault was known everywhere, what was left behind, and which runs did not end as they have to, with a file that tells
// their story. `--coverage` writes the table of what is covered into docs/faults.md, and runs nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { generate } from './gen-figures.mjs';
import { optionsOf } from './options.mjs';
import { circumstances, save, tablesIn } from './results.mjs';

/** About an hour on two quiet cores: each cell some seven times. */
const RUNS = 2_000;
/** On few cores more would measure how busy the machine is. */
const AT_A_TIME = 2;

const values = optionsOf(import.meta.url, {
  runs: { type: 'string', default: String(RUNS) },
  only: { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  'at-a-time': { type: 'string', default: String(AT_A_TIME) },
  resume: { type: 'boolean', default: false },
  coverage: { type: 'boolean', default: false },
  // Keeps the table in bench/results/ and writes docs/faults.md anew.
  save: { type: 'boolean', default: false },
});
const [runs, seed, concurrency] = [values.runs, values.seed, values['at-a-time']].map(Number);
if (![runs, seed, concurrency].every(Number.isInteger) || runs < 1 || concurrency < 1) {
  console.error('--runs, --seed and --at-a-time take whole numbers; --runs and --at-a-time at least 1.');
  process.exit(64);
}

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

if (values.coverage) {
  const { writeCoverage } = await import(join(root, 'dist/test/faults/coverage.js'));
  process.exit(writeCoverage(root) ? 0 : 1);
}
// Processes of the parties, and namespaces, are ended by what listens to this process's end.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const { campaign } = await import(join(root, 'dist/test/faults/campaign.js'));
const said = [];
const now = circumstances();
const ok = await campaign({
  runs,
  seed,
  only: values.only,
  folder: join(root, 'reports', 'faults'),
  concurrency,
  resume: values.resume,
  say: (line) => {
    console.log(line);
    if (values.save) said.push(line);
  },
});
if (values.save) {
  const [table] = tablesIn(said.join('\n'), 1);
  const command = ['npm run faults --', ...process.argv.slice(2)].join(' ');
  if (table) save('faults', { command, ...now, ...table });
  generate();
}
process.exit(ok ? 0 : 1);
