// `npm run fuzz [-- --minutes N --seed N --only TEXT]`: bytes that somebody else could have written, for every decoder
// in turn, each input held against the decoder's bound of memory and work (test/fuzz/). Honest inputs are changed in
// the ways of their format, and what led to something new is changed again. Ten minutes unless told otherwise;
// `--inputs N` for each decoder instead. Ctrl-C ends with the figures so far. An input that has found something is made
// small and kept in test/fuzz/kept/, where `npm test` tries it from then on.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';

const MINUTES = 10;
/** Between two lines of progress. */
const PROGRESS_MS = 15_000;

const number = (n) => Math.round(n).toLocaleString('en');
const total = (tallies) => tallies.reduce((sum, { inputs }) => sum + inputs, 0);

const values = optionsOf(
  import.meta.url,
  {
    minutes: { type: 'string', default: String(MINUTES) },
    inputs: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
    only: { type: 'string', default: '' },
  },
  ['minutes', 'inputs', 'seed'],
);
ensureInstalled();
const { spawnSync } = await import('node:child_process');
const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(built.status ?? 1);
const { fuzz } = await import(join(root, 'dist/test/fuzz/run-fuzz.js'));

const seed = Number(values.seed);
const began = Date.now();
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
console.error(`seed ${seed}`);

let shownAt = began;
const { tallies, findings } = await fuzz({
  seed,
  only: values.only,
  inputs: Number(values.inputs),
  untilMs: began + Number(values.minutes) * 60_000,
  signal: stop.signal,
  onProgress: (now) => {
    if (Date.now() < shownAt + PROGRESS_MS) return;
    shownAt = Date.now();
    console.error(
      `${number(total(now))} inputs, ${number(total(now) / ((shownAt - began) / 1000))} a second`,
    );
  },
  onFinding: keep,
});

console.log(
  `${'decoder'.padEnd(32)}${'inputs'.padStart(12)}${'taken'.padStart(12)}${'outcomes'.padStart(12)}`,
);
for (const { decoder, inputs, taken, refusals } of tallies)
  console.log(
    `${decoder.padEnd(32)}${number(inputs).padStart(12)}${number(taken).padStart(12)}${number(refusals).padStart(12)}`,
  );
console.log(
  `${number(total(tallies))} inputs with seed ${seed} in ${number((Date.now() - began) / 1000)} s, ${findings.length} findings`,
);
process.exit(findings.length === 0 ? 0 : 1);

function keep(finding) {
  const name = `${finding.decoder} ${finding.fault}`.toLowerCase().replace(/[^a-z]+/g, '-');
  const hash = createHash('sha256').update(finding.input).digest('hex').slice(0, 8);
  const folder = join(root, 'test/fuzz/kept');
  const file = join(folder, `${name}-${hash}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...finding, seed }, null, 2)}\n`);
  console.log(`${finding.decoder}: ${finding.fault}: ${finding.says}\n  kept in ${relative(root, file)}`);
}
