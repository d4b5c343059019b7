import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { itLong, shareOf } from '../effort.ts';
import { eventsOf, noProcessWith, run, type Started, start } from './processes.ts';

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-cli-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.txt'), 'alice bob carol\n');
});
after(() => rm(cwd, { recursive: true, force: true }));

const local = (...args: string[]): Started => start(['local', 'job.txt', ...args], { cwd, tmp });

const leftOver = async (): Promise<string[]> =>
  (await readdir(tmp)).filter((name) => name.startsWith('privity-'));

describe('privity local', () => {
  it('runs every party, passes arguments, settings and bounds, and prints the result', async () => {
    const ended = await local(
      ...[
        '--arg',
        'k=v=w',
        '--inputs',
        'bob.table=data.csv',
        '--setting',
        'carol.limit=5',
        '--bound',
        'graceMs=7s',
        '--json',
      ],
    ).ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.stderr, '');
    const events = eventsOf(ended.stdout);
    for (const event of events) {
      for (const key of ['event', 'time', 'runId', 'party'])
        assert.equal(typeof event[key], 'string', JSON.stringify(event));
    }
    const results = Object.fromEntries(
      events.filter((e) => e.event === 'result').map((e) => [e.party, e.value as Record<string, unknown>]),
    );
    assert.deepEqual(Object.keys(results).sort(), ['alice', 'bob', 'carol']);
    assert.deepEqual(results.alice?.args, { k: 'v=w' });
    assert.deepEqual(results.alice?.settings, {});
    assert.deepEqual(results.bob?.settings, { table: join(cwd, 'data.csv') });
    assert.deepEqual(results.carol?.settings, { limit: '5' });
    assert.deepEqual(results.alice?.bounds, { graceMs: 7_000 });
    assert.equal(new Set(events.map((event) => event.runId)).size, 1);
    // One start and one end of each supervisor, though both it and its parent could tell.
    for (const party of ['alice', 'bob', 'carol']) {
      const of = (name: string) =>
        events.filter((e) => e.event === name && e.role === 'supervisor' && e.party === party);
      assert.equal(of('process.started').length, 1);
      assert.deepEqual(
        of('process.exited').map((e) => [e.code, e.signal]),
        [[0, null]],
      );
    }
    assert.equal(events.filter((event) => event.event === 'report').length, 0);
    assert.deepEqual(await leftOver(), []);
  });

  itLong('prints lines and a summary for people, and leaves reports where asked', async () => {
    const ended = await local('--report', 'reports', '--run-id', 'run-7').ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /^job\.txt with alice, bob and carol\n/);
    assert.match(ended.stdout, /bob {4}verdict: completed, took part in 1 step/);
    assert.match(ended.stdout, /✔ job\.txt completed in .*\n {2}run run-7, verdict/);
    assert.match(
      ended.stdout,
      /What left each party \(nothing else did\)\n {2}alice → bob and carol {2}count/,
    );
    assert.match(ended.stdout, /Reports\n.*alice\.json\n.*bob\.json\n.*carol\.json/);
    const report = JSON.parse(await readFile(join(cwd, 'reports', 'bob.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    assert.equal(report.party, 'bob');
    assert.deepEqual(await leftOver(), []);
  });

  itLong('ends with the exit code of the verdict, and says where, why and what to do', async () => {
    const ended = await local('--arg', 'scenario=fail', '--arg', 'at=bob').ended;
    assert.equal(ended.code, 70);
    for (const part of [
      /✖ job\.txt failed/,
      /where +bob, step 0 "load"/,
      /why +text of the origin/,
      /trace +at job\.ts:1:1/,
      /to do/,
    ]) {
      assert.match(ended.stdout, part);
    }
  });

  itLong('does not hang when a supervisor dies by a signal', async () => {
    const ended = await local('--arg', 'scenario=die', '--arg', 'at=bob', '--json').ended;
    assert.equal(ended.code, 70);
    const exits = eventsOf(ended.stdout).filter((e) => e.event === 'process.exited' && e.party === 'bob');
    assert.deepEqual(
      exits.map((e) => [e.role, e.code, e.signal]),
      [['supervisor', null, 'SIGKILL']],
    );
    assert.deepEqual(await leftOver(), []);
  });

  itLong('kills a supervisor that stands still long after the verdict', async () => {
    const small = ['lostAfterMs', 'lingerMs', 'graceMs', 'flushMs'].map((name) => `--bound=${name}=1`);
    const ended = await local('--arg', 'scenario=frozen', '--arg', 'at=bob', '--json', ...small).ended;
    assert.equal(ended.code, 70);
    const exits = eventsOf(ended.stdout).filter((e) => e.event === 'process.exited' && e.party === 'bob');
    assert.deepEqual(
      exits.map((e) => [e.signal, e.endedByPrivity]),
      [['SIGKILL', 'because it did not end by itself']],
    );
    assert.match(ended.stderr, /bob: its supervisor is ended by Privity because it did not end by itself/);
  });

  itLong('tells the mistake of a party that cannot start, and cancels the others', async () => {
    const ended = await local('--arg', 'scenario=usage', '--arg', 'at=carol').ended;
    assert.equal(ended.code, 64);
    assert.match(
      ended.stderr,
      /error the pretended job is wrong\n {2}to do .*\n {2}code {3}PRIVITY_CONFIG_VALUE/,
    );
    assert.doesNotMatch(ended.stderr, /at .*\.js/);
    const json = await local('--arg', 'scenario=usage', '--arg', 'at=carol', '--json').ended;
    assert.equal(json.code, 64);
    assert.equal((JSON.parse(json.stderr) as { error: string }).error, 'PRIVITY_CONFIG_VALUE');
  });

  for (const [signal, code] of shareOf([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)) {
    it(`cancels for all at ${signal}`, async () => {
      const started = local('--arg', 'scenario=hang');
      await started.said('  run ', 3);
      started.child.kill(signal);
      const ended = await started.ended;
      assert.equal(ended.code, code, ended.stdout);
      assert.match(ended.stdout, /■ job\.txt cancelled/);
      assert.deepEqual(await leftOver(), []);
    });
  }

  itLong('kills at the second signal', async () => {
    const second = local('--arg', 'scenario=hang', '--arg', 'stop=kill');
    await second.said('  run ', 3);
    second.child.kill('SIGINT');
    await second.said('cancelling for all parties');
    second.child.kill('SIGINT');
    const ended = await second.ended;
    assert.equal(ended.code, 130, ended.stdout);
    assert.deepEqual(await leftOver(), []);
  });

  it('leaves no process and no file when it is killed itself', async () => {
    const started = local('--arg', 'scenario=hang', '--run-id', `orphan-${process.pid}`);
    await started.said('  run ', 3);
    started.child.kill('SIGKILL');
    const ended = await started.ended;
    assert.equal(ended.signal, 'SIGKILL');
    await noProcessWith(`orphan-${process.pid}`);
    assert.deepEqual(await leftOver(), []);
  });

  itLong('shows what the processes print beside the events', async () => {
    const ended = await local('--arg', 'scenario=noise', '--json').ended;
    assert.equal(ended.code, 0);
    assert.match(ended.stderr, /^(alice|bob|carol): text from a job$/m);
    eventsOf(ended.stdout);
  });

  itLong('goes on when the reader of its output goes away', async () => {
    const started = local('--arg', 'scenario=hang', '--json');
    await started.said('step.started', 3);
    started.child.stdout.destroy();
    started.child.kill('SIGINT');
    assert.equal((await started.ended).code, 130);
  });
});

describe('finding the parties of a job', () => {
  const with_ = async (text: string, ...args: string[]) => {
    await writeFile(join(cwd, 'other.txt'), text);
    return run(['local', 'other.txt', ...args], { cwd, tmp });
  };

  itLong('does not mistake what a job prints for its parties', async () => {
    const ended = await with_('print\nalice bob\n');
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /printed while loading/);
  });

  it('survives a job that ends its process', async () => {
    const ended = await with_('exit\n');
    assert.equal(ended.code, 78);
    assert.match(ended.stderr, /the process that loads the job ended with exit code 3/);
    assert.match(ended.stderr, /PRIVITY_JOB_NOT_LOADED/);
  });

  itLong('passes on why a job cannot be loaded', async () => {
    const ended = await run(['local', 'none.txt'], { cwd, tmp });
    assert.equal(ended.code, 66);
    assert.match(ended.stderr, /there is no such job/);
  });

  it('refuses settings of a party that the job does not have', async () => {
    const ended = await with_('alice bob\n', '--inputs', 'bobb.table=x');
    assert.equal(ended.code, 64);
    assert.match(ended.stderr, /no party "bobb"; did you mean "bob"\?/);
    assert.deepEqual(await leftOver(), []);
  });
});
