/** A program that computes without a pause is named to every party, by the built command line. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '../../src/observe/report.ts';
import { eventSchema } from './event-schema.ts';
import { eventsOf, run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-busy-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'score.ts'),
    `import { job, z } from 'privity';
export default job({ parties: ['alice', 'bob', 'carol'], args: z.object({ ms: z.coerce.number() }) },
  async ({ alice, bob, args, reveal }) => {
    const rows = bob.run('load', () => 20);
    const scored = bob.run('score', { rows }, ({ rows }) => {
      const end = performance.now() + args.ms;
      while (performance.now() < end);
      return rows + 1;
    });
    return { sum: await reveal(alice.run('sum', { a: scored.to(alice) }, ({ a }) => a + 1)) };
  });
`,
  );
  await writeFile(
    join(cwd, 'limit.ts'),
    `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'], stepDeadlineMs: 1_500 }, async ({ alice, bob, reveal }) =>
  reveal(bob.run('score', () => new Promise<number>((done) => setTimeout(done, 60_000, 1)))));
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

it('every party is told which program is busy, in which step and for how long', async () => {
  const ended = await run(['local', 'score.ts', '--json', '--report', 'r', '--arg', 'ms=6000'], {
    cwd,
    tmp,
    main,
  });
  assert.equal(ended.code, 0, ended.stderr);
  const events = eventsOf(ended.stdout).map((event) => eventSchema.parse(event));
  for (const party of ['alice', 'bob', 'carol']) {
    const [told] = events.filter((event) => event.event === 'busy' && event.party === party);
    assert.ok(told?.event === 'busy', party);
    assert.deepEqual([told.peer, told.stepId, told.stepName], ['bob', '1', 'score'], party);
    assert.ok(told.sinceMs >= 3_000 && told.sinceMs < 8_000, `${party} ${told.sinceMs}`);
    const report = JSON.parse(await readFile(join(cwd, 'r', `${party}.json`), 'utf8')) as RunReport;
    assert.equal(report.longestBusy?.[0]?.stepName, 'score', party);
  }
  const waited = events.find((event) => event.event === 'waiting' && event.busy?.stepName === 'score');
  assert.equal(waited?.party, 'alice', 'who waits for whom says why');

  const explained = await run(['explain', 'r'], { cwd, tmp, main });
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(
    explained.stdout,
    /Programs that did not answer, at the longest\n {2}bob's program was busy in step 1 "score" for \d/,
  );
});

it('and it is in the plain output', async () => {
  const ended = await run(['local', 'score.ts', '--plain', '--arg', 'ms=5000'], { cwd, tmp, main });
  assert.equal(ended.code, 0, ended.stderr);
  for (const party of ['alice', 'bob', 'carol'])
    assert.match(
      ended.stdout,
      new RegExp(`${party}.*bob's program has been busy in step 1 "score" for [345]`),
      party,
    );
});

it("a task that is past the job's deadline or its party's ends the run, and all are told which it was", async () => {
  const factsOf = async (...more: string[]): Promise<string[]> => {
    const ended = await run(['local', 'limit.ts', '--json', ...more], { cwd, tmp, main });
    const events = eventsOf(ended.stdout).map((event) => eventSchema.parse(event));
    return events.flatMap((event) =>
      event.event === 'verdict' ? [`${event.code} ${event.origin} ${event.message}`] : [],
    );
  };
  const jobs =
    'DEADLINE_EXCEEDED bob the step has not ended within its deadline of 1500 ms (stepDeadlineMs of the job)';
  assert.deepEqual(await factsOf(), [jobs, jobs]);
  const partys = jobs.replace('1500', '700').replace('of the job', 'of bob');
  assert.deepEqual(await factsOf('--bound', 'stepDeadlineMs=700ms'), [partys, partys]);
});
