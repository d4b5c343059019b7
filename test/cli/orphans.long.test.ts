/**
 * What is left when a supervisor, its program and its stand-in are killed at the same instant, and who clears it. Real
 * processes.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/cli/local/ports.ts';
import { MARK, markedProcesses } from '../../src/supervisor/machine/process-group.ts';
import { eventsOf, run, type Started, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-orphans-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'wait.ts'),
    `import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { job, z } from 'privity';
export default job({ parties: ['alice', 'bob'], args: z.object({ until: z.string().optional() }) },
  async ({ bob, args, reveal }) => {
    const done = bob.run('wait', async () => {
      if (!args.until) return 1;
      spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
      console.log('waiting at bob');
      while (!existsSync(args.until)) await delay(50);
      return 1;
    });
    return { done: await reveal(done) };
  });
`,
  );
  const [first, second] = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
  for (const party of ['alice', 'bob']) await privity('keygen', '--party', party);
  await privity(
    ...['federation', 'create', '--name', 'demo', '--out', 'federation.yaml'],
    ...['--party', `alice=127.0.0.1:${first}=alice.cert.pem`],
    ...['--party', `bob=127.0.0.1:${second}=bob.cert.pem`],
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

async function privity(...args: string[]) {
  const ended = await run(args, { cwd, tmp, main });
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  return ended;
}

const runAs = (party: string, ...more: string[]): Started =>
  start(['run', 'wait.ts', '--config', `${party}.party.yaml`, '--json', ...more], { cwd, tmp, main });

const never = () => join(cwd, 'never');

/** A run of both parties in which all of bob's processes are killed in one instant. The folder that bob leaves. */
async function killedRun(): Promise<string> {
  const before = await readdir(tmp);
  const [alice, bob] = ['alice', 'bob'].map((party) => runAs(party, '--arg', `until=${never()}`));
  assert.ok(alice && bob);
  let said = '';
  bob.child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await bob.said('waiting at bob');
  const started = eventsOf(said.slice(0, said.lastIndexOf('\n'))).filter(
    (event) => event.event === 'process.started',
  );
  const pids = Object.fromEntries(started.map(({ role, pid }) => [role, pid as number]));
  // Stopped first, so that they cannot notice that their supervisor is gone.
  for (const role of ['program', 'stand-in']) process.kill(pids[role] ?? 0, 'SIGSTOP');
  for (const role of ['supervisor', 'program', 'stand-in']) process.kill(pids[role] ?? 0, 'SIGKILL');
  const [ended] = await Promise.all([alice.ended, bob.ended]);
  assert.equal(ended.code, 69, ended.stdout);
  const left = (await readdir(tmp)).filter((name) => !before.includes(name));
  assert.equal(left.length, 1);
  assert.match(left[0] ?? '', /^privity-bob-/);
  return join(tmp, left[0] ?? '');
}

describe('a supervisor that was killed together with its program and its stand-in', () => {
  it('leaves a folder and a process, which the doctor lists and clears, but nothing of a live run', async () => {
    const done = join(cwd, 'done-1');
    const live = start(['local', 'wait.ts', '--arg', `until=${done}`], { cwd, tmp, main });
    await live.said('waiting at bob');
    const ofLive = await readdir(tmp);
    const folder = await killedRun();
    assert.equal(markedProcesses(folder, MARK).length, 1, 'the sleeping process');

    const listed = JSON.parse((await privity('doctor', '--config', 'bob.party.yaml', '--json')).stdout);
    const [orphan] = listed.orphans;
    assert.equal(listed.orphans.length, 1);
    assert.deepEqual([orphan.party, orphan.folder, orphan.processes.length], ['bob', folder, 1]);
    assert.equal(listed.cleared, null);
    assert.ok(existsSync(folder), 'only listed');

    const said = (await privity('doctor', '--clean')).stdout;
    assert.match(said, /supervisor of bob, run \w+ \(process \d+/);
    assert.match(said, /removed: 1 process, 1 temporary folder/);
    assert.deepEqual((await readdir(tmp)).sort(), ofLive.sort());
    assert.equal(markedProcesses(folder, MARK).length, 0);
    const again = JSON.parse((await privity('doctor', '--clean', '--json')).stdout);
    assert.deepEqual([again.orphans, again.cleared], [[], { items: {}, leftovers: [] }]);

    await writeFile(done, '');
    const ended = await live.ended;
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    assert.deepEqual(await readdir(tmp), []);
  });

  it('is cleared up after by the next run, which says so', async () => {
    const folder = await killedRun();
    const both = [runAs('alice'), runAs('bob')];
    const ended = await Promise.all(both.map((party) => party.ended));
    for (const { code, stdout, stderr } of ended) assert.equal(code, 0, stdout + stderr);
    const told = ended
      .flatMap(({ stdout }) => eventsOf(stdout))
      .filter((event) => event.event === 'log' && String(event.message).includes(folder));
    assert.ok(told.length > 0);
    assert.match(String(told[0]?.message), /the supervisor of bob.*it is cleared now/);
    assert.deepEqual(await readdir(tmp), []);
    assert.equal(markedProcesses(folder, MARK).length, 0);
  });

  it('asks for something to do', async () => {
    const ended = await run(['doctor'], { cwd, tmp, main });
    assert.equal(ended.code, 64);
    assert.match(ended.stderr, /--clean/);
  });
});
