import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processesIn, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const CONTRACT = 'version: 1\nparties: [alice, bob]\nsteps: []\ndiscloses: []\n';

it('a job that never loads is ended with the command that proposes it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'privity-propose-'));
  try {
    const tmp = join(folder, 't');
    const loading = join(folder, 'loading');
    await mkdir(tmp);
    await writeFile(join(folder, 'job.contract.yaml'), CONTRACT);
    await writeFile(
      join(folder, 'job.ts'),
      `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(loading)}, '');\nwhile (true) {}\n`,
    );
    const { child, ended } = start(['propose', 'job.ts', '--purpose', 'x'], { cwd: folder, tmp, main });
    while (!existsSync(loading)) await setTimeout(20);
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
    assert.deepEqual(processesIn(folder), []);
  } finally {
    for (const pid of processesIn(folder)) if (pid !== process.pid) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
