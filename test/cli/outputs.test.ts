/**
 * Outputs that break: a disk that is full, a descriptor that cannot be written, a reader that leaves or stands still.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { itLong, shareOf } from '../effort.ts';
import { here } from './here.ts';
import { type Ended, fakeMain, run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
/** Every write to it fails with ENOSPC. */
const FULL = '/dev/full';
/** Far more than any command here takes; a command that hangs is ended and seen. */
const COMMAND_TIMEOUT_MS = 60_000;

/** Of a federation. */
const parties = [
  ...['--party', `alice=127.0.0.1:7001=sha256:${'A'.repeat(42)}A`],
  ...['--party', `bob=127.0.0.1:7002=sha256:${'B'.repeat(42)}A`],
];

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-outputs-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.txt'), 'alice bob\n');
  await writeFile(
    join(cwd, 'job.ts'),
    `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => reveal(alice.run('one', () => 1)));
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

/** A command whose standard output or standard error, or both, go to a file; the others are read. */
async function into(
  file: { readonly out?: string; readonly err?: string; readonly flags?: string },
  args: readonly string[],
  program = fakeMain,
): Promise<Ended> {
  const open = (path: string | undefined): number | 'pipe' =>
    path === undefined ? 'pipe' : openSync(path, file.flags ?? 'w');
  const [out, err] = [open(file.out), open(file.err)];
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, TMPDIR: tmp },
    stdio: ['ignore', out, err],
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  for (const fd of [out, err]) if (fd !== 'pipe') closeSync(fd);
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: said.out, stderr: said.err };
}

describe('a disk that is full', () => {
  const commands: readonly (readonly string[])[] = [
    ['--help'],
    ['--version'],
    ['local', 'job.txt'],
    ['local', 'job.txt', '--json'],
    ['local', 'job.txt', '--plain', '--log', FULL],
    ['explain', 'PEER_CRASHED'],
    ['doctor', '--clean'],
    ['keygen', '--party', 'alice', '--out', 'full-keys', '--json'],
    ['federation', 'create', '--name', 'x', ...parties],
    ['explore', 'job.ts', '--runs', '2'],
  ];
  for (const args of shareOf(commands, 2)) {
    it(`under standard output loses the result of "${args.join(' ').slice(0, 40)}", and no success is claimed`, async () => {
      const ended = await into({ out: FULL }, args);
      assert.equal(ended.code, 74, ended.stderr);
      assert.equal(
        ended.stderr.split('standard output could not be written: ENOSPC').length,
        2,
        ended.stderr,
      );
    });
  }

  itLong('does not cover up how a run has failed', async () => {
    const ended = await into({ out: FULL }, ['local', 'job.txt', '--arg', 'scenario=fail']);
    assert.equal(ended.code, 70);
    assert.match(ended.stderr, /standard output could not be written: ENOSPC/);
  });

  itLong('under standard error is said on standard output, and the result stands', async () => {
    const ended = await into({ err: FULL }, ['local', 'job.txt', '--log', '-']);
    assert.equal(ended.code, 0);
    assert.match(ended.stdout, /completed/);
    assert.match(ended.stdout, /standard error could not be written: ENOSPC\n$/);
  });

  itLong('under both ends the command all the same', async () => {
    assert.equal((await into({ out: FULL, err: FULL }, ['local', 'job.txt'])).code, 74);
  });

  for (const mode of shareOf(['--plain', '--json']))
    it(`under the log ends the log, which is said once (${mode})`, async () => {
      const ended = await run(['local', 'job.txt', mode, '--log', FULL], { cwd, tmp });
      assert.equal(ended.code, 0, ended.stderr);
      const said = mode === '--json' ? ended.stderr : ended.stdout;
      assert.equal(said.split('/dev/full: the log ends here, it cannot be written (ENOSPC)').length, 2, said);
    });

  itLong('cuts a file of output in the middle of a write, which Node takes for a whole one', async () => {
    const file = join(cwd, 'cut.txt');
    const command = `ulimit -f 1; exec "${process.execPath}" "${fakeMain}" --help > "${file}"`;
    const failed = await promisify(execFile)('bash', ['-c', command], { cwd }).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    assert.equal(failed?.code, 74);
    assert.match(failed?.stderr ?? '', /standard output could not be written: EFBIG/);
    assert.equal((await stat(file)).size, 1024);
  });

  itLong('under the reports is exit code 74, though the run has completed', async () => {
    // Files of 2 KiB at most: keys and claims fit, a report does not.
    const command = `ulimit -f 2; exec "${process.execPath}" "${main}" local job.ts --report full-reports --json`;
    const failed = await promisify(execFile)('bash', ['-c', command], {
      cwd,
      env: { ...process.env, TMPDIR: tmp },
    }).then(
      () => undefined,
      (error: { code: number; stdout: string }) => error,
    );
    assert.equal(failed?.code, 74, failed?.stdout);
    assert.match(failed?.stdout ?? '', /alice\.json: the report cannot be written \(EFBIG\)/);
    assert.match(failed?.stdout ?? '', /"event":"verdict","outcome":"completed"/);
  });
});

describe('an output that cannot be written for another reason', () => {
  it('is said with the reason of the system', async () => {
    const file = join(cwd, 'read-only.txt');
    await writeFile(file, '');
    const ended = await into({ out: file, flags: 'r' }, ['explain', 'PEER_CRASHED']);
    assert.equal(ended.code, 74);
    assert.match(ended.stderr, /standard output could not be written: EBADF/);
  });

  it('is a device or a pipe where a file is to be made: it is not replaced', async () => {
    const pipe = join(cwd, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const args = ['federation', 'create', '--name', 'x', '--out', pipe, '--force', ...parties];
    const ended = await here(args, { cwd });
    assert.equal(ended.code, 74, ended.stderr);
    assert.ok((await stat(pipe)).isFIFO());
  });

  itLong('is a pipe that nobody reads where a log is to be: refused at once', async () => {
    const pipe = join(cwd, 'unread');
    await promisify(execFile)('mkfifo', [pipe]);
    const ended = await run(['local', 'job.txt', '--log', pipe], { cwd, tmp });
    assert.equal(ended.code, 74);
    assert.match(ended.stderr, /unread: the log cannot be written \(ENXIO\)/);
  });
});

describe('an output that goes to a file', () => {
  it('is there in whole, in order, after what was there before', async () => {
    const file = join(cwd, 'kept.txt');
    await writeFile(file, 'before\n');
    const ended = await into({ out: file, flags: 'a' }, ['local', 'job.txt', '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    const [first, ...events] = (await readFile(file, 'utf8')).trimEnd().split('\n');
    assert.equal(first, 'before');
    const names = events.map((line) => (JSON.parse(line) as { event: string }).event);
    assert.equal(names[0], 'process.started');
    assert.equal(names.at(-1), 'process.exited');
  });
});

describe('a reader that leaves', () => {
  it('ends nothing, and nothing is said of it', async () => {
    const child = spawn(process.execPath, [fakeMain, 'local', 'job.txt'], {
      cwd,
      env: { ...process.env, TMPDIR: tmp },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_TIMEOUT_MS,
    });
    child.stdout.once('data', () => child.stdout.destroy());
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  });
});
