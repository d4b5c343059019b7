/** What a run leaves on a disk, and what a crash of it would: on real processes. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

let cwd: string;
let tmp: string;

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-private-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'look.ts'),
    `import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { job } from 'privity';
const look = (pid) => ({
  limit: /^Max core file size.*$/m.exec(readFileSync('/proc/' + pid + '/limits', 'utf8'))[0].replaceAll(/ +/g, ' ').trim(),
  filter: readFileSync('/proc/' + pid + '/coredump_filter', 'utf8').trim(),
  umask: /^Umask:\\s*(\\d+)$/m.exec(readFileSync('/proc/' + pid + '/status', 'utf8'))[1],
});
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => {
  const seen = alice.run('look', ({ tempDir }) => {
    writeFileSync(join(tempDir, 'file'), '');
    const mode = (statSync(join(tempDir, 'file')).mode & 0o777).toString(8);
    return JSON.stringify({ program: look(process.pid), supervisor: look(process.ppid), mode });
  });
  return { seen: await reveal(seen) };
});
`,
  );
  await writeFile(
    join(cwd, 'abort.ts'),
    `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => reveal(alice.run('die', () => process.abort())));
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

/** As far as a shell lets it: with core dumps on, and files that everybody may read. */
const OPEN = ['-c', 'umask 000; ulimit -c unlimited 2>/dev/null; exec "$0" "$@"', process.execPath, main];

describe('a run leaves to others', () => {
  const linux = {
    skip: process.platform === 'linux' ? false : 'only Linux tells what a process would leave',
  };

  it('no core dump with memory, and no file that they can read', linux, async () => {
    const { code, stdout, stderr } = await run(
      [...OPEN, 'local', 'look.ts', '--json', '--report', 'reports'],
      { cwd, tmp, command: '/bin/sh' },
    );
    assert.equal(code, 0, stderr);
    const result = stdout.split('\n').find((line) => line.includes('"event":"result"')) ?? '';
    const { value } = JSON.parse(result) as { value: { seen: string } };
    const closed = { limit: 'Max core file size 0 0 bytes', filter: '00000000', umask: '0077' };
    assert.deepEqual(JSON.parse(value.seen), { program: closed, supervisor: closed, mode: '600' });
    assert.equal((await stat(join(cwd, 'reports'))).mode & 0o777, 0o700);
    for (const name of await readdir(join(cwd, 'reports')))
      assert.equal((await stat(join(cwd, 'reports', name))).mode & 0o777, 0o600, name);
  });

  it('no core dump when the program crashes', linux, async () => {
    const pattern = (await readFile('/proc/sys/kernel/core_pattern', 'utf8')).trim();
    const { code, stderr } = await run([...OPEN, 'local', 'abort.ts', '--json'], {
      cwd,
      tmp,
      command: '/bin/sh',
    });
    assert.equal(code, 71, stderr);
    const places = [cwd, tmp, ...(pattern.startsWith('/') ? [join(pattern, '..')] : [])];
    for (const place of places)
      assert.deepEqual(
        (await readdir(place)).filter((name) => /^core(\.\d+)?$/.test(name)),
        [],
        place,
      );
  });
});
