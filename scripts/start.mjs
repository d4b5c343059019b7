// `npm start`: installs what is missing, builds, and trains the joint risk model with three parties on this machine.
// Both halves of the data lie here, so it can also say what the same training gives in plaintext.
// `npm start -- two-parties` does it without the third. Other arguments after `--` go to `privity local`, for example
// `npm start -- --json`.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { cli, jointModel, jointModelAbout, jointModelArguments } from './example.mjs';

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const output = join(root, 'reports/joint-risk-model');
const [first, ...others] = process.argv.slice(2);
const alone = first === 'two-parties';
const args = alone || first === undefined ? others : [first, ...others];
const job = alone ? 'two-parties.ts' : 'job.ts';
// Output for programs, and that of --quiet, is the run's alone.
const bare = args.includes('--json') || args.includes('--quiet');
if (!bare) console.log(`${jointModelAbout[job]}\n`);
const child = spawn(
  process.execPath,
  [cli, ...jointModelArguments(output, job), '--report', output, ...args],
  {
    stdio: 'inherit',
  },
);
// A Ctrl-C reaches the child from the terminal as well; this process only waits for its exit code.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
}
child.on('error', (error) => {
  console.error(`The command line could not be started: ${error.message}`);
  process.exit(1);
});
child.on('close', async (code, signal) => {
  if (code === 0 && !bare) await compare();
  process.exit(signal ? 1 : (code ?? 1));
});

/** The same steps on the same rows, by somebody who has both tables. */
async function compare() {
  const [{ trainPlain }, { plan }] = await Promise.all(
    ['plain', 'plan'].map((name) => import(join(root, `dist/examples/joint-risk-model/${name}.js`))),
  );
  const tables = { alice: join(jointModel, 'data/alice.csv'), bob: join(jointModel, 'data/bob.csv') };
  const { auc, accuracy } = trainPlain({ ...tables, key: plan.key, label: plan.label }, plan.training);
  console.log('\nThe same training in plaintext, by somebody who has both tables');
  console.log(`  auc       ${auc.toFixed(6)}\n  accuracy  ${accuracy.toFixed(6)}\n`);
}
