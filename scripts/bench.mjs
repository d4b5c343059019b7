// `npm run bench [-- NAME ...]`: builds and runs the benchmarks one after the other; each prints its own table.
// NAME.ts is a benchmark; NAME-part.ts beside it belongs to it (a child process, a probe).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { answerHelp } from './options.mjs';

answerHelp(import.meta.url);

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const folder = join(root, 'dist/bench');
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'))
  .map((file) => basename(file, '.js'));
const names = files.filter((name) => !files.some((other) => name.startsWith(`${other}-`))).sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(64);
}

const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
console.log(
  `Node.js ${process.versions.node}, ${platform()} ${arch()}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${gigabytes} GiB`,
);
console.log('All parties share this machine: trust the ratios, not the absolute figures.');

let failed = 0;
for (const name of wanted.length > 0 ? wanted : names) {
  console.log(`\n── ${name}`);
  const result = spawnSync(process.execPath, ['--enable-source-maps', join(folder, `${name}.js`)], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) {
    failed += 1;
    console.error(`${name} failed (${result.signal ?? `exit code ${result.status}`})`);
  }
}
process.exit(failed === 0 ? 0 : 1);
