/**
 * What Privity itself ends: a program that holds too much memory, one that does not end, and folders in which nothing
 * can be made.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { itLong, shareOf } from '../effort.ts';
import { type Ended, eventsOf, run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const shellModule = new URL('../../src/cli/process-shell.js', import.meta.url).href;

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-ended-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'job.ts'),
    `import { execFileSync } from 'node:child_process';
import { job, z } from 'privity';
export default job({ parties: ['alice', 'bob'], args: z.object({ how: z.string() }) }, async ({ alice, bob, args, reveal }) => {
  const a = alice.run('eat', async () => {
    const kept: unknown[] = [];
    if (args.how === 'objects') for (let i = 0; ; i++) kept.push({ i, list: [i, String(i)] });
    if (args.how === 'buffers') for (;;) kept.push(Buffer.alloc(1 << 20, 1));
    if (args.how === 'child') execFileSync('${process.execPath}', ['-e', 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));']);
    if (args.how === 'throw') throw new Error('on purpose');
    return 1;
  });
  const b = bob.run('loop', () => { if (args.how === 'throw') for (;;); return 1; });
  return await reveal(bob.run('take', { a: a.to(bob), b }, ({ a, b }) => a + b));
});
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

const local = (...args: string[]): Promise<Ended> => run(['local', 'job.ts', ...args], { cwd, tmp, main });

describe('a task that eats memory', () => {
  for (const how of shareOf(['objects', 'buffers', 'child'], 1)) {
    it(`as ${how} ends the run soon after its memoryMax, at all parties, with figures`, async () => {
      const reports = join(cwd, `memory-${how}`);
      const ended = await local(
        '--arg',
        `how=${how}`,
        '--memory-max',
        '256MiB',
        '--json',
        '--report',
        reports,
      );
      assert.equal(ended.code, 71, ended.stderr);
      const events = eventsOf(ended.stdout);
      for (const party of ['alice', 'bob']) {
        const verdict = events.find((event) => event.event === 'verdict' && event.party === party);
        assert.deepEqual(
          [verdict?.code, verdict?.origin, verdict?.stepName, verdict?.message],
          [
            'RESOURCE_EXHAUSTED',
            'alice',
            'eat',
            'the program process holds more than its memoryMax of 256 MiB',
          ],
        );
      }
      const own = events.find((event) => event.event === 'failure' && event.party === 'alice');
      const [, held = ''] = /memoryMax of 256 MiB, it held (\d+) MiB$/.exec(String(own?.message)) ?? [];
      // One look later at the latest: what the fastest of them fills in a fifth of a second, and some more on a busy
      // machine.
      assert.ok(Number(held) > 256 && Number(held) < 4 * 1024, held);
      const exit = events.find(
        (event) => event.event === 'process.exited' && event.role === 'program' && event.party === 'alice',
      );
      const because = 'for holding more than its memoryMax of 256 MiB';
      assert.deepEqual([exit?.signal, exit?.endedByPrivity], ['SIGKILL', because]);
      const told = await run(['explain', reports], { cwd, tmp, main });
      assert.match(told.stdout, new RegExp(`its program was ended by Privity ${because}`));
      assert.deepEqual(await readdir(tmp), []);
    });
  }
});

describe('a program that does not end', () => {
  itLong('is ended by Privity after the grace period, which is what everybody is told', async () => {
    const ended = await local(
      ...['--arg', 'how=throw', '--bound', 'graceMs=300', '--log', 'grace.log', '--report', 'grace'],
    );
    assert.equal(ended.code, 70, ended.stderr);
    const words = 'was ended by Privity after the grace period of 0.3 s';
    assert.match(ended.stdout, new RegExp(`bob +program process \\d+ ${words}`));
    assert.match(ended.stdout.replaceAll(/\s+/g, ' '), new RegExp(`its program process ${words}`));
    assert.doesNotMatch(ended.stdout, /killed/);
    assert.match(
      await readFile(join(cwd, 'grace.log'), 'utf8'),
      /"endedByPrivity":"after the grace period of 0\.3 s"/,
    );
    const told = await run(['explain', 'grace'], { cwd, tmp, main });
    assert.match(told.stdout, new RegExp(`its program process ${words}`));
  });
});

describe('a folder in which nothing can be made', () => {
  itLong('for reports ends the command at once', async () => {
    const ended = await local('--arg', 'how=well', '--report', '/proc/nowhere');
    assert.equal(ended.code, 74);
    assert.equal(
      ended.stderr.split('/proc/nowhere: the report cannot be written (ENOENT)').length,
      2,
      ended.stderr,
    );
  });

  for (const [what, path] of shareOf([
    ['missing', '/nonexistent/tmp'],
    ['a file', '/etc/hostname'],
  ] as const)) {
    it(`for temporary files, ${what}, is an error of the setup, without a stack, said once`, async () => {
      const ended = await run(['local', 'job.ts', '--arg', 'how=well'], { cwd, tmp: path, main });
      assert.equal(ended.code, 78);
      assert.equal(ended.stderr.split('no temporary folder can be made').length, 2, ended.stderr);
      assert.doesNotMatch(ended.stderr, /\n +at /);
    });
  }

  itLong('is none if it is relative: it counts from where the command was started', async () => {
    await mkdir(join(cwd, 'work', 'rel'), { recursive: true });
    const ended = await run(['local', '../job.ts', '--arg', 'how=well'], {
      cwd: join(cwd, 'work'),
      tmp: 'rel',
      main,
    });
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    assert.deepEqual(await readdir(join(cwd, 'work')), ['rel']);
  });
});

describe('the end of a process', () => {
  const endOf = async (code: string): Promise<(number | string | null)[]> => {
    const script = `import { endProcess } from '${shellModule}'; ${code}; endProcess(3);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd, timeout: 30_000 });
    return (await once(child, 'close')) as (number | string | null)[];
  };

  it('is not held up by a call to the file system that never returns', async () => {
    await promisify(execFile)('mkfifo', [join(cwd, 'pipe')]);
    assert.deepEqual(await endOf(`import { open } from 'node:fs'; open('pipe', 'r', () => undefined)`), [
      null,
      'SIGKILL',
    ]);
  });

  it('keeps its exit code where all calls do', async () => {
    assert.deepEqual(await endOf(`import { readFile } from 'node:fs'; readFile('job.ts', () => undefined)`), [
      3,
      null,
    ]);
  });
});
