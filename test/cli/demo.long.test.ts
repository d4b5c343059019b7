/** `privity demo nodes`, as a newcomer has it: to its end, and stopped in the middle. It leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { processesIn, type Started, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

describe('privity demo nodes', () => {
  let folder = '';
  let tmp = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-'));
    tmp = join(folder, 't');
    await mkdir(tmp);
  });
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

  const demo = (): Started => start(['demo', 'nodes'], { cwd: folder, tmp, main });

  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(await readdir(tmp), []);
    assert.deepEqual(processesIn(tmp), []);
  }

  it('leads through a run that completes and one that fails', async () => {
    const { code, stdout, stderr } = await demo().ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /patients +720/);
    assert.match(stdout, /failed after .*: PROCESS_KILLED at bob/);
    assert.doesNotMatch(stdout, /✖/);
    await nothingIsLeft();
  });

  it('stopped while its nodes are starting, ends them', async () => {
    const started = demo();
    await started.said('node start --detach', 3);
    started.child.kill('SIGINT');
    assert.equal((await started.ended).code, 130);
    await nothingIsLeft();
  });

  it('stopped while a run is on, ends it and everything else', async () => {
    const started = demo();
    await started.said('runs follow');
    started.child.kill('SIGINT');
    assert.equal((await started.ended).code, 130);
    await nothingIsLeft();
  });
});
