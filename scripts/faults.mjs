// `npm run faults [-- --runs N --only PATTERN --seed S]`: the long form of the fault matrix (docs/faults.md). Builds, then runs
// all scenarios in random order until there were N runs, and prints how soon each fault was known everywhere, what was left
// behind, and which runs did not end as they have to, with a file that tells their story.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './ensure-installed.mjs';

/** Two hours on two cores: each cell some ten times. */
const RUNS = 2_000;
/** On few cores more would measure how busy the machine is. */
const CONCURRENCY = 2;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: String(RUNS) },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [runs, seed] = [values.runs, values.seed].map(Number);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  console.error('--runs and --seed take whole numbers; --runs at least 1.');
  process.exit(64);
}

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const { campaign } = await import(join(root, 'dist/test/faults/campaign.js'));
const ok = await campaign({
  runs,
  seed,
  only: values.only,
  folder: join(root, 'reports', 'faults'),
  concurrency: CONCURRENCY,
  say: (line) => console.log(line),
});
process.exit(ok ? 0 : 1);
