// `npm run demo:failure [-- --save]`: the main example, with bob's program process killed in the middle of the
// intersection. Shows what each party says, how long it took until everyone knew, and that nothing is left behind.
// `--save` keeps what it prints after the kill in bench/results/, where README has it from.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters, styleText } from 'node:util';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { cli, exampleArguments } from './example.mjs';
import { generate } from './gen-figures.mjs';
import { optionsOf } from './options.mjs';
import { circumstances, save } from './results.mjs';

const values = optionsOf(import.meta.url, { save: { type: 'boolean', default: false } });
/** What README shows. */
const kept = [];
const now = circumstances();

const PARTIES = ['alice', 'bob', 'carol'];
const VICTIM = 'bob';
const CHART_WIDTH = 60;
/** The whole demonstration takes a few seconds; a machine that needs longer has another problem worth seeing. */
const DEMO_TIMEOUT_MS = 60_000;

const colour = (style, text) => (process.stdout.isTTY ? styleText(style, text) : text);
const ms = (value) => `${value.toFixed(0)} ms`.padStart(9);

ensureInstalled();
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'privity-demo-'));
const temporary = join(folder, 'tmp');
const reports = join(folder, 'reports');
const args = exampleArguments(join(folder, 'output'));
mkdirSync(temporary);

console.log(
  `Three parties count the patients that alice and bob have in common, without showing them to each other. In the middle of it,
${VICTIM}'s program is killed: no exception, no last word. Watch how soon everyone knows what happened, and what is left.
`,
);

const child = spawn(process.execPath, [cli, ...args, '--json', '--report', reports], {
  cwd: root,
  // Every temporary file of the run lands in a folder of ours, so that what is left can be counted.
  env: { ...process.env, TMPDIR: temporary },
  stdio: ['ignore', 'pipe', 'pipe'],
  timeout: DEMO_TIMEOUT_MS,
});
let stderr = '';
child.stderr.setEncoding('utf8').on('data', (text) => {
  stderr += text;
});

const started = performance.now();
const pids = new Map();
const verdicts = new Map();
const reclaimed = new Map();
const ends = new Map();
const inIntersection = new Set();
let killedAt;

const tell = (text) => {
  console.log(text);
  kept.push(...stripVTControlCharacters(text).split('\n'));
};
const timed = (party, text) => `${ms(performance.now() - started)}  ${party.padEnd(6)} ${text}`;
const say = (party, text) => tell(timed(party, text));
const aside = (party, text) => console.log(timed(party, colour('dim', text)));

function killVictim(event) {
  const pid = pids.get(`${VICTIM} program`);
  if (killedAt !== undefined || pid === undefined) return;
  killedAt = performance.now();
  process.kill(pid, 'SIGKILL');
  say(
    VICTIM,
    colour('red', `SIGKILL to its program process, pid ${pid}, in step ${event.stepId} (${event.name})`),
  );
}

function since(at) {
  return killedAt === undefined ? '' : ` (${(at - killedAt).toFixed(0)} ms after the kill)`;
}

createInterface({ input: child.stdout }).on('line', (line) => {
  const event = JSON.parse(line);
  const now = performance.now();
  switch (event.event) {
    case 'process.started':
      pids.set(`${event.party} ${event.role}`, event.pid);
      if (event.role === 'program') aside(event.party, `program process ${event.pid} started`);
      break;
    case 'step.started':
      aside(event.party, `step ${event.stepId} ${event.name}`);
      // Half way: both sides are in the intersection, and neither can be through without the other.
      if (event.kind === 'psi') inIntersection.add(event.party);
      if (inIntersection.size === 2) killVictim(event);
      break;
    case 'verdict':
      verdicts.set(event.party, { ...event, at: now });
      say(
        event.party,
        colour('yellow', `verdict: ${event.code ?? event.outcome}, origin ${event.origin ?? '-'}`) +
          since(now),
      );
      break;
    case 'process.exited':
      ends.set(`${event.party} ${event.role}`, now);
      aside(
        event.party,
        `${event.role} process ${event.pid} ended (${event.signal ?? `exit code ${event.code}`})`,
      );
      break;
    case 'reclaimed':
      reclaimed.set(event.party, event);
      break;
  }
});

const { code, signal } = await new Promise((resolve) =>
  child.on('close', (c, s) => resolve({ code: c, signal: s })),
);

const problems = [];
if (killedAt === undefined)
  problems.push('the run ended before the intersection began, so nothing was killed');
if (signal !== null) problems.push(`the command line itself was ended by ${signal}`);

const { failureCodes } = await import(pathToFileURL(join(root, 'dist/src/base/failure-codes.js')).href);
const [first] = verdicts.values();
tell('\nWhat each party says');
for (const party of PARTIES) {
  const verdict = verdicts.get(party);
  if (verdict === undefined) {
    problems.push(`${party} printed no verdict`);
    continue;
  }
  const path = join(reports, `${party}.json`);
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  const steps = report?.steps ?? [];
  const count = (outcome) => steps.filter((step) => step.outcome === outcome).length;
  const place = verdict.stepName === null ? '' : `, step ${verdict.stepId} (${verdict.stepName})`;
  const [done, undone] = [count('completed'), count('aborted') + count('failed')];
  tell(
    `  ${party.padEnd(6)} ${verdict.code} at ${verdict.origin}${place}; verdict ${verdict.digest.slice(0, 8)}, exit code ${report?.exitCode ?? '?'}; ${done} of its steps done, ${undone} not`,
  );
  if (report === undefined) problems.push(`${party} wrote no report`);
}
if (first?.code) tell(`  ${''.padEnd(6)} ${first.code}: ${failureCodes[first.code].summary}`);
const digests = new Set([...verdicts.values()].map((verdict) => verdict.digest));
if (verdicts.size > 0 && digests.size !== 1) problems.push('the parties do not agree on the verdict');

if (killedAt !== undefined && verdicts.size > 0) {
  const over = Math.max(...ends.values(), ...[...verdicts.values()].map(({ at }) => at));
  tell('\nWhen, after the kill');
  const rows = [...verdicts].sort(([, a], [, b]) => a.at - b.at);
  for (const [party, { at }] of rows) chart(`${party} knows why`, at - killedAt, over - killedAt, 'yellow');
  chart('everything is gone', over - killedAt, over - killedAt, 'green');
}

const alive = [...pids].filter(([, pid]) => isAlive(pid)).map(([name, pid]) => `${name} (pid ${pid})`);
const files = existsSync(temporary) ? readdirSync(temporary) : [];
const leftovers = [...reclaimed.values()].flatMap((event) => event.leftovers);
tell('\nWhat is left');
tell(
  `  processes        ${alive.length === 0 ? `none of the ${pids.size} that were started` : alive.join(', ')}`,
);
tell(`  temporary files  ${files.length === 0 ? 'none' : files.join(', ')}`);
tell(`  by the reports   ${leftovers.length === 0 ? 'nothing' : leftovers.join(', ')}`);
if (alive.length + files.length + leftovers.length > 0) problems.push('something is left');

rmSync(folder, { recursive: true, force: true });
if (code === 0) problems.push('privity local ended with exit code 0');
if (problems.length > 0) {
  console.error(`\nNot as promised: ${problems.join('; ')}.\n${stderr}`);
  process.exit(1);
}
if (values.save) {
  save('demo-failure', { command: 'npm run demo:failure -- --save', ...now, lines: kept });
  generate();
}
console.log(
  `\n${colour('green', 'As promised:')} nobody waited for a party that was gone, all three blame the same one for the same reason, and nothing is
left. Nobody was told more than who, where and why. ${colour('dim', '(docs/failure-model.md; npm run bench:peers does the same to RayFed)')}`,
);

/** A bar from the kill to a moment. */
function chart(label, afterMs, wholeMs, style) {
  const length = Math.max(1, Math.round((CHART_WIDTH * afterMs) / wholeMs));
  tell(`  ${label.padEnd(18)} ${colour(style, '━'.repeat(length))} ${afterMs.toFixed(0)} ms`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
