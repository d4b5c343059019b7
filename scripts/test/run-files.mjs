// Runs compiled test files, each in a process of its own, and tells the summary what happened. The processes are ours
// and not those of node's `run()`: that one waits for ever for a file that leaves its event loop alive (Node 24), and
// knows nothing of the processes that a test has started.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../ensure-installed.mjs';

/**
 * A test file that has not ended by then hangs: a promise that nobody settles, a process or socket left open. Its
 * process group is killed and the file counts as failed. The slowest file (leaks of operations, with all of them) takes
 * a third of it on two busy cores.
 */
const FILE_TIMEOUT_MS = 900_000;

/** More test processes than this gain nothing and make timing noisy. */
const CONCURRENCY = Math.min(4, Math.max(2, availableParallelism()));

/** Files that hold real parties to bounds of time run one at a time: they are not to measure anything else. */
const MEASURING = /^(bench|test\/(faults|node\/kills|supervisor|transport))\//;

const dist = join(root, 'dist');
const reporter = fileURLToPath(new URL('reporter.mjs', import.meta.url));

/**
 * @returns {string[]} absolute paths of the compiled test files, those whose path contains `pattern` if one is given
 */
export function findTestFiles(pattern) {
  return ['src', 'test', 'bench']
    .flatMap((area) => list(join(dist, area)))
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => pattern === undefined || nameOf(file).includes(pattern))
    .sort();
}

function list(folder) {
  try {
    return readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file)));
  } catch {
    return [];
  }
}

/** The source file of a compiled test, as a reader knows it. */
export function nameOf(file) {
  return relative(dist, file).split(sep).join('/').replace(/\.js$/, '.ts');
}

/**
 * `env`: what the tests see beside this process's environment. `node`: another program to run them; `label` is then
 * before their names.
 */
export async function runTestFiles(files, summary, options = {}) {
  const how = { timeoutMs: FILE_TIMEOUT_MS, env: {}, node: process.execPath, label: '', ...options };
  const folder = mkdtempSync(join(tmpdir(), 'privity-checks-'));
  try {
    const run = (file) => runFile(file, folder, summary, how);
    const measuring = files.filter((file) => MEASURING.test(nameOf(file)));
    await inTurns(
      files.filter((file) => !measuring.includes(file)),
      CONCURRENCY,
      run,
    );
    await inTurns(measuring, 1, run);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes from the list until it is empty: several may take from one. */
async function inTurns(waiting, concurrency, work) {
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function runFile(file, folder, summary, how) {
  const { timeoutMs, label } = how;
  const name = label === '' ? nameOf(file) : `${label}: ${nameOf(file)}`;
  const journal = join(mkdtempSync(join(folder, 'file-')), 'events');
  const started = performance.now();
  const end = await execute(file, journal, how, (text) => summary.output(name, text));
  const events = readJournal(journal);
  for (const event of events) {
    if (event.kind === 'test') summary.test({ ...event, file: name });
    else if (event.kind === 'leftOut') summary.leaveOut(event.text);
    else summary.output(name, `${event.text}\n`);
  }
  summary.took(name, performance.now() - started);
  const complaint = complaintAbout(end, events, timeoutMs);
  if (complaint !== undefined) summary.test({ file: name, name: '(file)', ok: false, message: complaint });
}

/** What is wrong with the file as a whole, beyond its failed tests. */
function complaintAbout({ code, signal, timedOut, error }, events, timeoutMs) {
  if (error !== undefined) return `The process could not be started: ${error.message}`;
  if (timedOut) {
    return `The file did not end within ${timeoutMs / 1000} s: a test does not end, or something keeps its event loop alive.`;
  }
  if (signal !== null) return `The process was ended by ${signal}.`;
  const tests = events.filter((event) => event.kind === 'test');
  if (code !== 0 && tests.every((test) => test.ok)) return `The process exited with code ${code}.`;
  if (tests.length === 0) return 'The file contains no test.';
  return undefined;
}

function execute(file, journal, { timeoutMs, env: more, node }, onOutput) {
  // A variable by which node's test runner tells its own children from others.
  const { NODE_TEST_CONTEXT: _, ...own } = process.env;
  const env = { ...own, ...more };
  const args = [
    '--enable-source-maps',
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${journal}`,
    file,
  ];
  // Records of runs that tests make belong in no home.
  env.XDG_STATE_HOME = `${journal}-state`;
  return new Promise((resolve) => {
    let timedOut = false;
    // A process group of its own, so that what a test started can be ended with it.
    const child = spawn(node, args, {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stopOnInterrupt = () => endGroup(child.pid);
    process.once('exit', stopOnInterrupt);
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child.pid);
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', onOutput);
    child.stderr.setEncoding('utf8').on('data', onOutput);
    const finish = (end) => {
      clearTimeout(timer);
      process.off('exit', stopOnInterrupt);
      resolve({ code: null, signal: null, timedOut, ...end });
    };
    child.on('error', (error) => finish({ error }));
    // A process that a test left behind may hold the pipes open: what counts is the end of the test's own process.
    child.on('exit', (code, signal) => {
      endGroup(child.pid);
      setImmediate(() => finish({ code, signal }));
    });
  });
}

function endGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

function readJournal(journal) {
  let text = '';
  try {
    text = readFileSync(journal, 'utf8');
  } catch {
    // The process ended before its first event.
  }
  // The last line is incomplete when the process was killed.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
