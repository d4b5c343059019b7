// `npm run explore [-- --schedules N --from SEED --workers N]`: seeded schedules of the coordination core, a million
// unless told otherwise, each held against all checkers (docs/simulation-core.md). `--replay SEED` shows one as a
// timeline and shrinks it if it breaks something; Ctrl-C ends with the figures so far;
// `--exhaustive [--only TEXT] [--order N]` searches all interleavings at small scope instead, in random order number N:
// for those that do not come to their end.
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';

const SCHEDULES = 1_000_000;
/** Seeds that a thread takes at a time. */
const BATCH = 500;
/** Distinct states that a thread remembers; a thread that meets more says "at least". */
const STATES_MAX = 20_000_000;

const core = (name) => import(join(root, 'dist/test/core', `${name}.js`));
const number = (n) => Math.round(n).toLocaleString('en');
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

if (isMainThread) await main();
else await (workerData.searches ? searchAll() : work());

async function main() {
  const values = optionsOf(import.meta.url, {
    schedules: { type: 'string', default: String(SCHEDULES) },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    replay: { type: 'string' },
    exhaustive: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    order: { type: 'string' },
  });
  const [schedules, from, workers, replayed] = [
    values.schedules,
    values.from,
    values.workers,
    values.replay ?? '0',
  ].map(Number);
  if (![schedules, from, workers, replayed].every(Number.isInteger) || schedules < 1 || workers < 1) {
    console.error('--schedules, --from, --workers and --replay take whole numbers.');
    process.exit(64);
  }
  ensureInstalled();
  await build();
  if (values.replay !== undefined) process.exit((await replay(replayed)) ? 0 : 1);
  process.exit(
    (await (values.exhaustive
      ? exhaustive(values.only, workers, values.order)
      : explore(from, schedules, workers)))
      ? 0
      : 1,
  );
}

async function build() {
  const { spawnSync } = await import('node:child_process');
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}

async function explore(from, schedules, workers) {
  const { newTally, mergeTally } = await core('explore-core');
  const { SeenSet } = await core('seen-set');
  const began = performance.now();
  const total = newTally();
  const states = new SeenSet();
  let [next, found, shown, full, stopped] = [from, null, 0, false, false];
  // Ctrl-C: no further seeds, and the figures of those that were run.
  process.once('SIGINT', () => {
    stopped = true;
  });
  const end = from + schedules;
  const one = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: {} });
      const give = () => {
        const count = found || stopped ? 0 : Math.min(BATCH, end - next);
        worker.postMessage({ first: next, count });
        next += count;
      };
      worker.on('error', reject).on('exit', resolve);
      worker.on('message', (message) => {
        if (message.hashes) {
          states.addAll(message.hashes);
          full ||= message.full;
          return;
        }
        mergeTally(total, message.tally);
        if (message.found && (!found || message.found.seed < found.seed)) found = message.found;
        if (total.schedules >= shown + 50_000) {
          shown = total.schedules;
          console.error(
            `${number(shown)} schedules, ${number((shown / (performance.now() - began)) * 1000)} a second`,
          );
        }
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: workers }, one));
  const elapsedMs = performance.now() - began;
  console.log(
    `schedules   ${number(total.schedules)} (seeds ${from} to ${next - 1}) in ${seconds(elapsedMs)}: ${number((total.schedules / elapsedMs) * 1000)} a second with ${workers} threads, ${number((total.schedules / cpuMs()) * 1000)} a second of CPU time`,
  );
  console.log(`events      ${number(total.events)}`);
  console.log(`states      ${full ? 'at least ' : ''}${number(states.size)} distinct`);
  console.log(`faults      ${table(total.faults)}`);
  console.log(`verdicts    ${table(total.verdicts)}`);
  console.log(`longest     ${(100 * total.slowest).toFixed(0)}% of its bound`);
  console.log(`boards      at most ${total.mostBoards.toFixed(2)}·n² for each thing that became known`);
  if (!found) {
    console.log('All checkers hold.');
    return true;
  }
  console.log(`\nSeed ${found.seed} breaks "${found.checker}": ${found.says}`);
  await replay(found.seed);
  return false;
}

/** CPU time of all threads: what counts on a machine that others use, too. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function table(counts) {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${number(count)}`)
    .join(', ');
}

/** @returns {Promise<boolean>} whether all checkers hold */
async function replay(seed) {
  const { check } = await core('explore-core');
  const { NAMES, planOf } = await core('plan');
  const { shrinkPlan } = await core('shrink');
  const plan = planOf(seed);
  const { breach } = check(plan);
  const shown = breach ? await shrinkPlan(plan, breach.checker) : plan;
  console.log(
    `\n${breach ? 'the smallest plan that breaks it' : 'plan'}:\n${JSON.stringify(shown, null, 1)}\n`,
  );
  const again = check(shown, {
    trace: (at, party, words) =>
      console.log(`${at.toFixed(1).padStart(9)}  ${NAMES[party].padEnd(6)} ${words}`),
  });
  console.log(again.breach ? `\n${again.breach.checker}: ${again.breach.says}` : '\nAll checkers hold.');
  return breach === null;
}

async function exhaustive(only, workers, order) {
  const { allSearches } = await core('search-scenarios');
  const waiting = allSearches
    .map((scenario, place) => ({ scenario, place }))
    .filter(({ scenario }) => scenario.name.includes(only));
  if (waiting.length === 0) {
    console.error(`No search is called so: ${only}`);
    return false;
  }
  let ok = true;
  const one = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { searches: true, order } });
      const give = () => worker.postMessage(waiting.shift()?.place ?? -1);
      worker.on('error', reject).on('exit', resolve);
      worker.on('message', (result) => {
        ok &&= result.violation === null;
        report(result);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: workers }, one));
  console.log(ok ? 'All checkers hold.' : 'A checker does not hold.');
  return ok;
}

function report({ name, states, transitions, depth, elapsedMs, complete, verdicts, violation }) {
  console.log(`${name}${complete || violation ? '' : '  [not complete]'}`);
  console.log(
    `  ${number(states)} states, ${number(transitions)} transitions, depth ${depth}, ${seconds(elapsedMs)}, ${number((transitions / elapsedMs) * 1000)} transitions a second`,
  );
  console.log(`  verdicts: ${table(verdicts)}`);
  if (violation) console.log(`  BROKEN: ${violation.says}\n    ${violation.story.join('\n    ')}`);
}

async function work() {
  const { exploreSeeds, newTally } = await core('explore-core');
  const { SeenSet } = await core('seen-set');
  const states = new SeenSet();
  parentPort.on('message', ({ first, count }) => {
    if (count === 0) {
      parentPort.postMessage({ hashes: states.hashes(), full: states.size >= STATES_MAX });
      parentPort.close();
      return;
    }
    const tally = newTally();
    const found = exploreSeeds(first, count, tally, states.size < STATES_MAX ? states : undefined);
    parentPort.postMessage({ tally, found });
  });
}

async function searchAll() {
  const { search } = await core('search');
  const { allSearches } = await core('search-scenarios');
  const options = workerData.order === undefined ? {} : { order: Number(workerData.order) };
  parentPort.on('message', (place) => {
    if (place < 0) return parentPort.close();
    parentPort.postMessage({ name: allSearches[place].name, ...search(allSearches[place], options) });
  });
}
