// Runs compiled test files, each in a process of its own, with Node's test runner, and tells the summary what happened.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { root } from '../ensure-installed.mjs';

/**
 * A test file that has not ended by then hangs: a promise that nobody settles, a process or socket left open. Its process
 * is killed and the file counts as failed. The slowest file (3 GB through one link) takes a tenth of it on two idle cores.
 */
const FILE_TIMEOUT_MS = 180_000;

/** Unit and tidy tests share the machine; more than four processes gain nothing and make timing noisy. */
const UNIT_CONCURRENCY = Math.min(4, availableParallelism());

/** Files that start processes and measure bounds run one at a time, so that they do not measure each other. */
const PROCESS_CONCURRENCY = 1;

const dist = join(root, 'dist');

/** @returns {string[]} absolute paths of the compiled test files, those whose path contains `pattern` if one is given */
export function findTestFiles(pattern) {
  return ['src', 'test']
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

function startsProcesses(file) {
  const name = nameOf(file);
  return name.startsWith('test/') && !name.startsWith('test/tidy/');
}

export async function runTestFiles(files, summary, timeoutMs = FILE_TIMEOUT_MS) {
  await runGroup(
    files.filter((file) => !startsProcesses(file)),
    UNIT_CONCURRENCY,
    summary,
    timeoutMs,
  );
  await runGroup(files.filter(startsProcesses), PROCESS_CONCURRENCY, summary, timeoutMs);
}

async function runGroup(files, concurrency, summary, timeoutMs) {
  if (files.length === 0) return;
  const stream = run({ files, concurrency, timeout: timeoutMs });
  const seen = new Set();
  stream.on('test:pass', (event) => report(event, true));
  stream.on('test:fail', (event) => report(event, false));
  stream.on('test:stdout', (event) => summary.output(nameOf(event.file), event.message));
  stream.on('test:stderr', (event) => summary.output(nameOf(event.file), event.message));
  // An error after the last test has ended arrives as a remark without the name of its file.
  stream.on('test:diagnostic', ({ message }) => {
    if (/^(Error|Warning):/.test(message)) summary.remark(message);
  });

  function report(event, ok) {
    // The runner reports a file itself when it has no test at all, or when its process failed.
    const isFile = event.nesting === 0 && files.includes(event.name);
    const name = nameOf(event.file ?? event.name);
    if (!isFile) seen.add(name);
    const isSuite = event.details?.type === 'suite';
    // A suite fails because a test in it does, unless a hook or its own code threw.
    if (isSuite && (ok || event.details.error?.failureType === 'subtestsFailed')) return;
    const error = event.details?.error;
    if (!isFile && error?.failureType === 'subtestsFailed') return;
    if (isFile && ok) {
      summary.test({ file: name, name: '(file)', ok: false, message: 'The file contains no test.' });
      return;
    }
    if (ok && (event.skip !== undefined || event.todo !== undefined)) {
      summary.test({ file: name, name: event.name, ok: false, message: 'Skipped tests count as failed.' });
      return;
    }
    summary.test({
      file: name,
      name: isFile ? '(process)' : event.name,
      ok,
      durationMs: event.details?.duration_ms,
      message: ok ? undefined : describe(error, timeoutMs),
    });
  }

  await new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', resolve);
    stream.resume();
  });
  for (const file of files) {
    if (!seen.has(nameOf(file)) && !summary.knows(nameOf(file))) {
      summary.test({
        file: nameOf(file),
        name: '(file)',
        ok: false,
        message: 'The file ran no test and said nothing.',
      });
    }
  }
}

/** The text of a failed test: the assertion's own message and the stack without the runner's frames. */
function describe(error, timeoutMs) {
  if (error === undefined) return 'failed without an error';
  const cause = error.cause ?? error;
  if (error.failureType === 'testTimeoutFailure' || error.failureType === 'testAborted') {
    return `${cause.message ?? cause}\nThe file did not end within ${timeoutMs / 1000} s: something keeps its event loop alive.`;
  }
  if (error.exitCode || error.signal) {
    return `The process ${error.signal ? `was ended by ${error.signal}` : `exited with code ${error.exitCode}`}.`;
  }
  const text =
    typeof cause === 'object' && cause !== null && 'stack' in cause ? String(cause.stack) : String(cause);
  return text
    .split('\n')
    .filter((line) => !/node:internal|node:async_hooks/.test(line))
    .join('\n');
}
