import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { itLong, shareOf } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { type Ended, run, type Started, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const job = join(projectRoot, 'bench/jobs/ten-steps.ts');
const example = join(projectRoot, 'examples/two-parties/job.ts');

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-cli-explore-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
});
after(() => rm(cwd, { recursive: true, force: true }));

const explore = (...args: string[]): Promise<Ended> => run(['explore', ...args], { cwd, tmp, main });

describe('privity explore', () => {
  it('says what was tried, how it ended and what held on standard output, progress alone beside it', async () => {
    const { code, stdout, stderr } = await explore(job, '--runs', '20');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /20 runs of alice, bob, carol, seeds 1 to 20/);
    for (const title of ['Faults that struck', 'How the runs ended', 'What held'])
      assert.ok(stdout.includes(title), title);
    assert.match(stdout, /Conclusion: in 20 runs/);
    for (const line of stderr.split('\n').filter(Boolean)) assert.match(line, /^ {2}(\d+ of )?20 runs, /);
  });

  itLong('--json is one object with the counts', async () => {
    const { code, stdout } = await explore(job, '--runs', '5', '--seed', '40', '--json');
    assert.equal(code, 0);
    const { runs, seed, finished, broken } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual({ runs, seed, finished, broken }, { runs: 5, seed: 40, finished: true, broken: 0 });
  });

  itLong('--replay shows the plan of a seed, its timeline and every end, the same each time', async () => {
    const first = await explore(job, '--replay', '3');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^Seed 3/);
    assert.match(first.stdout, /How each party ended/);
    assert.equal((await explore(job, '--replay', '3')).stdout, first.stdout);
  });

  it('a break: exit code 70, the seed, the least plan that breaks it, and what happened', async () => {
    // Text of errors that crosses, as `full` wants it, is what the checker of privacy is there to see.
    const { code, stdout } = await explore(
      ...[job, '--runs', '10', '--faults', 'throw', '--error-detail', 'full'],
    );
    assert.equal(code, 70);
    assert.match(stdout, /Seed \d+ breaks/);
    assert.match(stdout, /✘ privacy: a secret of/);
    assert.match(stdout, /The least that breaks it:\n {4}task \d+ of \w+ throws\n/);
    assert.match(stdout, /What happened:\n +\d+\.\d+ ms/);
    assert.match(stdout, /--replay \d+/);
  });

  it('Ctrl-C prints what is known so far and leaves nothing behind', async () => {
    const exploring = start(['explore', job, '--runs', '1000000'], { cwd, tmp, main });
    await folderOf(exploring);
    exploring.child.kill('SIGINT');
    const { stdout, stderr } = await exploring.ended;
    assert.match(stdout, /Stopped before all runs were made/, stderr);
    assert.deepEqual(await readdir(tmp), []);
  });

  const mistakes: [string, string[], RegExp, exit?: number][] = [
    ['a time without a unit that is known', [job, '--for', '10x'], /--for/],
    ['a job that is not there', ['nowhere.ts'], /nowhere\.ts/, 66],
    ['inputs that are missing', [example, '--runs', '1'], /table is missing/, 66],
    ['a kind of fault that is unknown', [job, '--faults', 'crahs'], /crash/],
  ];
  for (const [what, args, words, exit = 64] of shareOf(mistakes, 3)) {
    it(`${what}: exit code ${exit} and a hint`, async () => {
      const { code, stdout, stderr } = await explore(...args);
      assert.equal(code, exit, stderr);
      assert.match(stderr, words);
      assert.equal(stdout, '');
    });
  }
});

/** Resolves when the exploration has a folder, which it makes when it has loaded the job and can be stopped. */
async function folderOf({ child }: Started): Promise<void> {
  while (child.exitCode === null) {
    if ((await readdir(tmp)).some((name) => name.startsWith('privity-explore-'))) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
