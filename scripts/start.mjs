// `npm start`: installs what is missing, builds, and runs the main example with three parties on this machine.
// Arguments after `--` go to `privity local`, for example `npm start -- --json`.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { cli, exampleArguments } from './example.mjs';

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const output = join(root, 'reports/shared-patients');
const child = spawn(
  process.execPath,
  [cli, ...exampleArguments(output), '--report', output, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
// A Ctrl-C reaches the child from the terminal as well; this process only waits for its exit code.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
}
child.on('error', (error) => {
  console.error(`The command line could not be started: ${error.message}`);
  process.exit(1);
});
child.on('close', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
