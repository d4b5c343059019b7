/** `run` and `local` of `privity/control`, with real processes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PrivityError } from '../../src/base/errors.ts';
import { type LocalOptions, local, type RunOptions, run } from '../../src/control/index.ts';
import type { RunEvent } from '../../src/observe/events.ts';
import { type World, world } from './world.ts';

const CANARY = 73_519_713;
const index = new URL('../../src/control/index.js', import.meta.url).href;

let here: World;
before(async () => {
  here = await world();
});
after(() => here.remove());

const isCode = (code: string) => (error: unknown) => error instanceof PrivityError && error.code === code;

/** Of a party whose number is known. */
const asParty = (party: 'alice' | 'bob', more: Partial<RunOptions> = {}) =>
  run({
    job: here.job,
    config: here.config[party],
    settings: { number: party === 'alice' ? 20 : 22 },
    record: false,
    ...more,
  });

const asAll = (more: Partial<LocalOptions> = {}) =>
  local({
    job: here.job,
    settings: { alice: { number: 20 }, bob: { number: 22 } },
    record: false,
    ...more,
  });

/** Reads events to the first of a step that has begun. */
async function untilStep(running: AsyncIterable<RunEvent>, name: string): Promise<void> {
  for await (const event of running) if (event.event === 'step.started' && event.name === name) return;
  assert.fail(`no step ${name}`);
}

async function eventsOf(running: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of running) events.push(event);
  return events;
}

/** What other users of this machine can read of processes. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

describe('run', () => {
  it('is one party of a run: events, a result, what left, and nothing left behind', async () => {
    // One counts on text, the other on a number: what the schema makes of them is the same.
    const alice = asParty('alice', { args: { times: '2' } });
    const bob = asParty('bob', { args: { times: 2 } });
    const [events, ends] = await Promise.all([eventsOf(alice), Promise.all([alice.result, bob.result])]);
    for (const end of ends) {
      assert.deepEqual(
        [end.outcome, end.value, end.exitCode, end.record],
        ['completed', { sum: 84 }, 0, null],
      );
      assert.equal(end.verdict.digest, ends[0].verdict.digest);
      assert.equal(end.report?.outcome, 'completed');
    }
    assert.deepEqual(
      ends[0].report?.disclosures.map(({ name, to }) => [name, to]),
      [['load a', ['bob']]],
    );
    const kinds = events.map(({ event }) => event);
    assert.ok(kinds.indexOf('run.started') < kinds.indexOf('step.started'));
    assert.ok(kinds.indexOf('step.started') < kinds.indexOf('verdict'));
    assert.ok(events.every(({ party }) => party === 'alice'));
    // Who reads late reads the same.
    assert.deepEqual(await eventsOf(alice), events);
    assert.deepEqual(await here.left(), []);
  });

  it('is cancelled for all by the signal, and has given everything back when it says so', async () => {
    const stop = new AbortController();
    const alice = asParty('alice', { args: { wait: true }, signal: stop.signal });
    const bob = asParty('bob', { args: { wait: true } });
    await untilStep(bob, 'load b');
    stop.abort();
    const ends = await Promise.all([alice.result, bob.result]);
    for (const { outcome, verdict } of ends)
      assert.deepEqual([outcome, verdict.code, verdict.origin], ['failed', 'CANCELLED', 'alice']);
    assert.deepEqual(await here.left(), []);
  });

  it('resolves with the verdict of a job that fails', async () => {
    const alice = asParty('alice', { args: { fail: true } });
    const bob = asParty('bob', { args: { fail: true } });
    const [events, ...ends] = await Promise.all([eventsOf(bob), alice.result, bob.result]);
    for (const { outcome, verdict, value } of ends) {
      const { code, origin, stepName } = verdict;
      assert.deepEqual(
        [outcome, code, origin, stepName, value],
        ['failed', 'TASK_FAILED', 'bob', 'load b', undefined],
      );
    }
    const failure = events.find((event) => event.event === 'failure');
    assert.equal(failure?.event === 'failure' && failure.message, 'Error: row 17');
  });

  it('rejects with the code if no run came to be, and so do those who read its events', async () => {
    const unknown = asParty('alice', { config: join(here.folder, 'none.yaml') });
    await assert.rejects(unknown.result, isCode('PRIVITY_CONFIG_FILE_MISSING'));
    await assert.rejects(eventsOf(unknown), isCode('PRIVITY_CONFIG_FILE_MISSING'));
    await assert.rejects(asParty('alice', { args: { times: 'x' } }).result, isCode('PRIVITY_ARGS_INVALID'));
    await assert.rejects(
      asParty('alice', { settings: { number: 'x' } }).result,
      isCode('PRIVITY_SETTINGS_INVALID'),
    );
    assert.throws(() => asParty('alice', { args: { times: 2n } }), isCode('PRIVITY_ARGS_INVALID'));
    const over = new Error('over');
    await assert.rejects(asParty('alice', { signal: AbortSignal.abort(over) }).result, over);
  });

  it('says that its supervisor was killed, and the other party hears of it', async () => {
    const alice = asParty('alice', { args: { wait: true } });
    const bob = asParty('bob', { args: { wait: true } });
    await untilStep(bob, 'load b');
    for await (const event of alice) {
      if (event.event !== 'process.started' || event.role !== 'supervisor') continue;
      process.kill(event.pid, 'SIGKILL');
      break;
    }
    await assert.rejects(alice.result, isCode('PRIVITY_SUPERVISOR_GONE'));
    const { verdict } = await bob.result;
    assert.deepEqual([verdict.code, verdict.origin], ['PEER_CRASHED', 'alice']);
  });
});

describe('local', () => {
  it('is all parties: a result, and an end of each', async () => {
    const running = asAll({ args: { times: 2 } });
    const end = await running.result;
    assert.deepEqual([end.outcome, end.value, end.exitCode], ['completed', { sum: 84 }, 0]);
    assert.deepEqual(Object.keys(end.parties).sort(), ['alice', 'bob']);
    assert.equal(end.parties.bob?.report?.party, 'bob');
    assert.deepEqual(new Set((await eventsOf(running)).map(({ party }) => party)), new Set(['alice', 'bob']));
    assert.deepEqual(await here.left(), []);
  });

  it('is cancelled by the signal, and shows settings to nobody on this machine', async () => {
    const stop = new AbortController();
    const settings = { alice: { number: CANARY }, bob: { number: 1 } };
    const running = asAll({ args: { wait: true }, settings, signal: stop.signal });
    await untilStep(running, 'load b');
    assert.ok(!commandLines().includes(String(CANARY)));
    stop.abort();
    const { outcome, verdict, parties } = await running.result;
    assert.deepEqual([outcome, verdict.code], ['failed', 'CANCELLED']);
    assert.equal(Object.keys(parties).length, 2);
    assert.deepEqual(await here.left(), []);
  });

  it('resolves with the verdict of a job that fails, and rejects for what is no run', async () => {
    const { outcome, verdict, exitCode } = await asAll({ args: { fail: true } }).result;
    assert.deepEqual([outcome, verdict.code, exitCode], ['failed', 'TASK_FAILED', 70]);
    await assert.rejects(
      asAll({ job: join(here.folder, 'none.ts') }).result,
      isCode('PRIVITY_JOB_NOT_FOUND'),
    );
    await assert.rejects(
      asAll({ settings: { alice: { number: 1 }, bob: { number: 1 }, carl: {} } }).result,
      isCode('PRIVITY_CONFIG_PARTY_UNKNOWN'),
    );
    await assert.rejects(
      asAll({ settings: { alice: { number: 1 } } }).result,
      isCode('PRIVITY_SETTING_MISSING'),
    );
  });
});

it('options that a call does not have start nothing', () => {
  const call = (start: (options: never) => unknown, ...given: readonly unknown[]) => {
    assert.throws(() => Reflect.apply(start, undefined, given), isCode('PRIVITY_API_INVALID'));
  };
  for (const start of [local, run]) {
    call(start);
    call(start, {});
    call(start, { job: here.job, config: here.config.alice, colour: 'red' });
  }
  call(local, { job: here.job, input: {} });
  call(run, { job: here.job });
});

describe('a program that runs a job', () => {
  const program = async (body: string) => {
    const file = join(here.folder, 'program.mjs');
    await writeFile(
      file,
      `import { local } from ${JSON.stringify(index)};
const settings = { alice: { number: 1 }, bob: { number: 2 } };
const start = (args) => local({ job: ${JSON.stringify(here.job)}, settings, args, record: false });
${body}`,
    );
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        out += String(part);
      });
    return { child, ended: once(child, 'close'), said: () => out };
  };

  it('has its output, its signals and its exit code for itself', async () => {
    const { ended, said } = await program(
      `const { outcome } = await start({ fail: true }).result;
console.log(outcome, ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name)).join(''));
process.exitCode = 5;`,
    );
    const [code] = (await ended) as [number];
    assert.deepEqual([code, said()], [5, 'failed 000\n']);
  });

  it('takes the run with it when it is killed', async () => {
    const { child, ended, said } = await program(
      `for await (const event of start({ wait: true })) if (event.event === 'step.started') console.log(event.name);`,
    );
    while (!said().includes('load b')) await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await ended;
    assert.deepEqual(await here.left(), []);
  });
});
