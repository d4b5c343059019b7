/**
 * Records of runs, and `privity runs`, as a person or a script meets them. Most with the pretended supervisor, some
 * with the real one.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { itLong, shareOf } from '../effort.ts';
import { here } from './here.ts';
import { type Ended, eventsOf, fakeMain, noProcessWith, type Started, start } from './processes.ts';

const realMain = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const CANARY = 'canary-5b1e';

let cwd: string;
let tmp: string;
let state: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-runs-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.txt'), 'alice bob\n');
  for (const party of ['alice', 'bob']) assert.equal((await privity('keygen', '--party', party)).code, 0);
  const made = await privity(
    ...['federation', 'create', '--name', 'demo', '--out', 'federation.yaml'],
    ...['--party', 'alice=127.0.0.1:7301=alice.cert.pem', '--party', 'bob=127.0.0.1:7302=bob.cert.pem'],
  );
  assert.equal(made.code, 0, made.stderr);
});
after(() => rm(cwd, { recursive: true, force: true }));
beforeEach(async () => {
  state = await mkdtemp(join(cwd, 'state-'));
});

const begin = (args: readonly string[], env: Readonly<Record<string, string>> = {}, main = fakeMain) =>
  start(args, { cwd, tmp, main, env: { XDG_STATE_HOME: state, ...env } });
/** Without a process of its own, as far as the command starts none. */
const privity = (...args: string[]): Promise<Ended> => here(args, { cwd, state });
const runAlice = (...args: string[]) => ['run', 'job.txt', '--config', 'alice.party.yaml', ...args];

async function said(...args: string[]): Promise<string> {
  const ended = await privity(...args);
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  return ended.stdout;
}
// biome-ignore lint/suspicious/noExplicitAny: what a script reads from the command line
const told = async (...args: string[]): Promise<any> => JSON.parse(await said(...args, '--json'));

/** A run under way whose record has its place under the id that was agreed on: what follows can find it there. */
async function underWay(id: string): Promise<Started> {
  const started = begin(runAlice('--arg', 'scenario=hang', '--run-id', id));
  await started.said(' with bob');
  while (started.child.exitCode === null && !existsSync(join(runsFolder(), id, 'alice/record.json')))
    await new Promise((resolve) => setImmediate(resolve));
  return started;
}

const runsFolder = (): string => join(state, 'privity/runs');
const recorded = async (): Promise<string[]> => (await readdir(runsFolder()).catch(() => [])).sort();

describe('the record of a run', () => {
  it('is kept by default, for its owner only, and read by its id or any beginning of it', async () => {
    const ended = await privity('local', 'job.txt', '--run-id', 'run-7', '--arg', 'scenario=noise');
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /\nRecord\n {2}\S+\/privity\/runs\/run-7 {2}\(privity runs show run-7\)\n$/);
    for (const party of ['alice', 'bob']) {
      const folder = join(runsFolder(), 'run-7', party);
      assert.deepEqual((await readdir(folder)).sort(), ['log.ndjson', 'record.json', 'report.json']);
      assert.equal((await stat(folder)).mode & 0o777, 0o700);
      for (const name of await readdir(folder))
        assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
      const lines = eventsOf(await readFile(join(folder, 'log.ndjson'), 'utf8'));
      assert.ok(lines.every((line) => line.runId === 'run-7' && line.party === party && line.level));
      assert.equal(lines.at(-1)?.event, 'summary');
    }
    assert.match(await said('runs', 'list'), /run-7 +\d{4}-.* +job\.txt +alice bob +completed/);
    assert.match(
      await said('runs', 'show', 'run'),
      /run run-7: job\.txt with alice and bob\n {2}alice +completed/,
    );
    assert.match(await said('runs', 'logs', 'run-7'), /alice +step 0 "load" begins\n/);
    const lines = eventsOf(await said('runs', 'logs', 'run-7', '--party', 'bob', '--json'));
    assert.ok(lines.length > 5 && lines.every((line) => line.party === 'bob'));
    const unknown = await privity('runs', 'show', 'other');
    assert.equal(unknown.code, 66);
    assert.match(unknown.stderr, /PRIVITY_RECORD_UNKNOWN/);
  });

  it('is not kept where that is not wanted', async () => {
    const party = join(cwd, 'quiet.party.yaml');
    await writeFile(party, await readFile(join(cwd, 'alice.party.yaml')));
    await appendFile(party, 'records: off\n');
    for (const ended of [
      await privity('local', 'job.txt', '--no-record'),
      await privity(...runAlice('--no-record')),
      await here(runAlice(), { cwd, state, records: 'off' }),
      await privity('run', 'job.txt', '--config', party),
    ]) {
      assert.equal(ended.code, 0, ended.stderr);
      assert.doesNotMatch(ended.stdout, /Record/);
    }
    assert.deepEqual(await recorded(), []);
    await appendFile(party, 'x: 1\n');
    await writeFile(
      party,
      (await readFile(party, 'utf8')).replace('off', '{ runs: many }').replace('x: 1', ''),
    );
    const wrong = await privity('run', 'job.txt', '--config', party);
    assert.match(wrong.stderr, /records: expected off, or bounds: runs, bytes, days/);
  });

  it('has the id that the parties agree on, and the error that kept a run from existing', async () => {
    assert.equal((await privity(...runAlice())).code, 0);
    assert.equal((await privity(...runAlice())).code, 0);
    assert.equal((await privity('run', 'job.txt', '--config', 'bob.party.yaml')).code, 0);
    assert.deepEqual(await recorded(), ['agreed-1', 'agreed-1+2']);
    assert.deepEqual(await readdir(join(runsFolder(), 'agreed-1')), ['alice', 'bob']);
    const refused = await privity(...runAlice('--arg', 'scenario=usage', '--run-id', 'wrong-1'));
    assert.equal(refused.code, 64);
    const shown = await told('runs', 'show', 'wrong-1');
    assert.deepEqual(
      [shown.parties[0].state, shown.parties[0].error],
      ['refused', { code: 'PRIVITY_CONFIG_VALUE', message: 'the pretended job is wrong' }],
    );
    assert.match(
      await said('runs', 'show', 'wrong-1'),
      /did not begin: PRIVITY_CONFIG_VALUE the pretended job/,
    );
  });

  it('tells of a supervisor that was killed, by whatever is started next', async () => {
    const started = await underWay('killed-1');
    assert.equal((await told('runs', 'list')).runs[0].parties[0].state, 'running');
    started.child.kill('SIGKILL');
    await started.ended;
    const folder = join(runsFolder(), 'killed-1/alice');
    assert.ok(existsSync(join(folder, 'claim.json')));
    assert.equal((await privity(...runAlice('--run-id', 'next'))).code, 0);
    assert.ok(!existsSync(join(folder, 'claim.json')));
    const lines = eventsOf(await readFile(join(folder, 'log.ndjson'), 'utf8'));
    assert.match(
      String(lines.at(-1)?.text),
      /supervisor \(process \d+\) ended without a word.*killed or crashed/,
    );
    const text = await said('runs', 'show', 'killed-1');
    assert.match(text, /alice +its supervisor was killed or crashed.*until then: .*load/);
    assert.match(await said('runs', 'list'), /killed-1 .*killed: the supervisor of alice/);
  });

  it('is whole when the terminal is closed', async () => {
    const started = await underWay('closed-1');
    for (const stream of [started.child.stdout, started.child.stderr]) stream.destroy();
    started.child.kill('SIGHUP');
    await started.ended;
    const [alice] = (await told('runs', 'show', 'closed-1')).parties;
    assert.deepEqual([alice.state, alice.verdict.code, alice.exitCode], ['ended', 'CANCELLED', 129]);
    const lines = eventsOf(await readFile(alice.log, 'utf8'));
    assert.deepEqual(
      [lines.at(-1)?.event, lines.some(({ text }) => /SIGHUP/.test(String(text)))],
      ['summary', true],
    );
  });

  it('costs one warning where it cannot be written, and never the run', async () => {
    await writeFile(join(cwd, 'taken'), '');
    for (const place of shareOf([join(cwd, 'taken'), '/proc/nowhere'])) {
      for (const args of [['local', 'job.txt'], runAlice()]) {
        const ended = await here(args, { cwd, state: place });
        assert.equal(ended.code, 0, ended.stdout + ended.stderr);
        assert.equal(ended.stdout.match(/record of this run is not kept/g)?.length, 1, ended.stdout);
        assert.doesNotMatch(ended.stdout, /\nRecord\n/);
      }
    }
    const json = await here(runAlice('--json'), { cwd, state: join(cwd, 'taken') });
    const [warning] = eventsOf(json.stdout);
    assert.deepEqual([warning?.event, warning?.level, json.stderr], ['log', 'warn', '']);
  });
});

describe('privity runs purge', () => {
  it('removes what it is asked to and says what, but never a run that goes on', async () => {
    const going = await underWay('going');
    for (const id of ['one', 'two', 'three'])
      assert.equal((await here(runAlice('--run-id', id), { cwd, state, records: 'runs=2' })).code, 0);
    // The new run is one of the two; the one that goes on is the oldest, and stays.
    assert.deepEqual(await recorded(), ['going', 'three', 'two']);
    const twice = await privity('runs', 'purge', '--all', '--keep', '1');
    assert.equal(twice.code, 64);
    assert.match(
      await said('runs', 'purge', '--older-than', '1h'),
      /^0 records removed.*3 kept, of which 1 run goes on/,
    );
    assert.match(await said('runs', 'purge', '--keep', '1'), /^removed two: completed, .*\n1 record removed/);
    const all = await told('runs', 'purge', '--all');
    assert.deepEqual(
      [all.removed.map((run: { name: string }) => run.name), all.kept, all.running],
      [['three'], 1, 1],
    );
    assert.deepEqual(await recorded(), ['going']);
    going.child.kill('SIGTERM');
    await going.ended;
    assert.equal((await told('runs', 'list')).runs[0].parties[0].verdict.code, 'CANCELLED');
    await said('runs', 'purge', '--all');
    assert.deepEqual(await recorded(), []);
    assert.match(await said('runs', 'list'), /no record of a run/);
  });
});

describe('the record of a real run', () => {
  before(async () => {
    await writeFile(join(cwd, `${CANARY}.csv`), 'id\n1\n');
    await writeFile(
      join(cwd, 'fail.ts'),
      `import { job, z } from 'privity';
export default job({ parties: ['alice', 'bob'], args: z.object({ wait: z.string().optional() }), settings: { bob: z.object({ table: z.string() }) } },
  async ({ bob, args, reveal }) => {
    const b = bob.run('load b', async ({ settings }) => {
      console.log('seen at bob: ${CANARY}');
      if (args.wait) await new Promise(() => setInterval(() => undefined, 1000));
      throw new Error('row 17 of ' + settings.table, { cause: new TypeError('${CANARY}') });
    });
    return reveal(b);
  });
`,
    );
  });
  const args = (...more: string[]): string[] => [
    'local',
    'fail.ts',
    '--inputs',
    `bob.table=${CANARY}.csv`,
    ...more,
  ];

  itLong(
    'has the same cause everywhere, its detail at the origin, and gives away only what may be',
    async () => {
      const ended = await begin(args('--run-id', 'fails'), {}, realMain).ended;
      assert.equal(ended.code, 70, ended.stdout + ended.stderr);
      const shown = await told('runs', 'show', 'fails');
      const [alice, bob] = shown.parties;
      assert.equal(alice.verdict.incident, bob.verdict.incident);
      assert.equal(alice.verdict.digest, bob.verdict.digest);
      const { incident } = bob.verdict;
      const texts = await Promise.all(shown.parties.map(({ log }: { log: string }) => readFile(log, 'utf8')));
      assert.deepEqual(
        texts.map((text) => text.includes(CANARY)),
        [false, true],
      );
      assert.ok(texts.every((text) => eventsOf(text).length > 5));
      for (const wanted of ['fails', incident.slice(0, 8)]) {
        const text = await said('runs', 'show', wanted);
        for (const part of [
          /row 17 of .*canary/,
          /caused by:? .*canary/,
          /at .*fail\.ts:\d+/,
          /where +bob, step/,
        ])
          assert.match(text, part);
      }
      assert.match(await said('runs', 'logs', incident), /row 17 of/);

      const file = join(cwd, 'for-alice.json');
      assert.match(
        await said('runs', 'show', 'fails', '--bundle', file),
        /for-alice\.json: reports and the course/,
      );
      const bundle = await readFile(file, 'utf8');
      for (const secret of [CANARY, 'row 17', cwd, state, tmp, 'TypeError', 'file://'])
        assert.ok(!bundle.includes(secret), secret);
      const { parties } = JSON.parse(bundle);
      assert.deepEqual(
        parties.map((party: { report: { code: string } }) => party.report.code),
        ['TASK_FAILED', 'TASK_FAILED'],
      );
      assert.ok(
        parties[1].log.some(
          (line: { event: string; incident: string }) =>
            line.event === 'failure' && line.incident === incident,
        ),
      );
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.match((await privity('runs', 'show', 'fails', '--bundle', file)).stderr, /PRIVITY_FILE_EXISTS/);
    },
  );

  itLong('says at both parties what happened when the supervisor of one is killed', async () => {
    const started = begin(args('--run-id', 'kills', '--arg', 'wait=yes', '--json'), {}, realMain);
    let out = '';
    started.child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    await started.said('seen at bob');
    const pid = eventsOf(out.slice(0, out.lastIndexOf('\n') + 1)).find(
      (event) => event.event === 'process.started' && event.party === 'bob' && event.role === 'supervisor',
    )?.pid;
    process.kill(Number(pid), 'SIGKILL');
    await started.ended;
    await noProcessWith('kills');
    const [alice, bob] = (await told('runs', 'show', 'kills')).parties;
    assert.deepEqual(
      [alice.state, alice.verdict.code, alice.verdict.origin],
      ['ended', 'PEER_CRASHED', 'bob'],
    );
    assert.equal(bob.state, 'killed');
    const text = await said('runs', 'show', 'kills');
    assert.match(text, /bob +its supervisor was killed or crashed.*until then: .*load b/);
    assert.match(text, /alice +PEER_CRASHED at bob/);
  });
});
