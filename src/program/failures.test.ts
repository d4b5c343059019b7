import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Link } from '../contracts/link.ts';
import { World, type WorldOptions } from '../testing/program-world.ts';
import { encodeDataFrame } from '../wire/value-frame.ts';
import { RunAbortedError } from './abort.ts';
import type { TaskContext } from './at.ts';
import { type Job, job } from './job.ts';
import { PublicError } from './public-error.ts';

const worlds: World[] = [];
async function world(jobs: Job | Record<string, Job>, options?: WorldOptions): Promise<World> {
  const made = await World.create(jobs, options);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close();
});

const two = { parties: ['alice', 'bob'] } as const;
const three = { parties: ['alice', 'bob', 'carol'] } as const;

/** A task that ends only with its run. */
const never = ({ signal }: TaskContext): Promise<number> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** All parties ended with the verdict; returns the failure that its origin reported. */
async function failure(w: World) {
  const outcomes = [...(await w.run()).values()];
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected');
    assert.ok((outcome as PromiseRejectedResult).reason instanceof RunAbortedError);
  }
  const reported = [...w.parties.values()].flatMap(({ host }) => host.failures);
  assert.equal(reported.length, 1, 'one party reports, once');
  const [captured] = reported;
  assert.ok(captured);
  return captured;
}

describe('a failure at one party', () => {
  it('in a task is reported at once, although nobody waits for its value', async () => {
    const w = await world(
      job(three, async ({ alice, bob, reveal }) => {
        bob.run('unused', () => {
          throw new Error('boom');
        });
        return reveal(alice.run('endless', never));
      }),
    );
    const { failure: reported, detail } = await failure(w);
    assert.deepEqual({ ...reported, incident: '' }, {
      code: 'TASK_FAILED',
      origin: 'bob',
      reporter: 'bob',
      stepId: '0',
      stepName: 'unused',
      incident: '',
    });
    assert.match(reported.incident, /^[0-9a-f]{32}$/);
    assert.equal(detail.message, 'boom');
    assert.match(detail.stack, /failures\.test/);
  });

  it('keeps the steps that depend on it from running', async () => {
    let ran = false;
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        const x = alice.run('x', () => Promise.reject(new Error('no')));
        const y = alice.run('y', { x }, () => {
          ran = true;
        });
        await reveal(y);
      }),
    );
    await failure(w);
    assert.equal(ran, false);
    assert.deepEqual(w.of('alice').host.finished, [
      { stepId: '0', outcome: 'failed' },
    ]);
  });

  it('cannot be undone by catching it', async () => {
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        try {
          await reveal(alice.run('x', () => Promise.reject(new Error('no'))));
        } catch {
          return 'saved';
        }
        return 'fine';
      }),
    );
    await failure(w);
  });

  it('fails the run without a verdict, too', async () => {
    const w = await world(
      job(two, async ({ alice }) => {
        alice.run('x', () => Promise.reject(new Error('no')));
        return 'fine';
      }),
      { supervised: false },
    );
    const outcome = (await w.run()).get('alice');
    assert.equal(outcome?.status, 'rejected');
    assert.match(String((outcome as PromiseRejectedResult).reason), /no/);
  });

  it('in the job function itself names the job', async () => {
    const w = await world({
      alice: job(two, async () => {
        throw new TypeError('in the body');
      }),
      bob: job(two, async ({ alice, reveal }) => reveal(alice.run('x', () => 1))),
    });
    const { failure: reported } = await failure(w);
    assert.equal(reported.code, 'TASK_FAILED');
    assert.equal(reported.stepName, 'job');
    assert.equal(reported.stepId, undefined);
  });

  it('in a branch of parallel rejects once', async () => {
    let rejections = 0;
    const w = await world({
      alice: job(two, async ({ parallel, reveal, bob }) => {
        try {
          await parallel([
            async () => {
              throw new Error('branch');
            },
            async () => reveal(bob.run('never', never)),
          ]);
        } catch (error) {
          rejections += 1;
          throw error;
        }
      }),
      bob: job(two, async ({ parallel, reveal, alice }) => {
        await parallel([async () => reveal(alice.run('x', () => 1)), async () => 1]);
      }),
    });
    const { failure: reported } = await failure(w);
    assert.equal(reported.stepName, 'parallel');
    assert.equal(rejections, 1);
  });

  it('to encode a value is the sender’s, and nothing is sent', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const x = alice.run('x', () => new Map([['secret', 1]]) as unknown);
        return reveal(bob.run('use', { x: x.to(bob) }, () => 1));
      }),
    );
    const { failure: reported, detail } = await failure(w);
    assert.equal(reported.code, 'USAGE');
    assert.equal(detail.code, 'PRIVITY_VALUE_NOT_SENDABLE');
    assert.match(detail.message, /The value of step 1 "x" contains a Map/);
    assert.doesNotMatch(detail.message, /secret/);
    assert.deepEqual(w.crossed, []);
    assert.deepEqual(w.of('alice').host.disclosures, []);
  });

  it('is a result of the job that is not public data', async () => {
    const w = await world(job(two, async ({ alice }) => ({ x: alice.run('x', () => 1) })), { supervised: false });
    for (const outcome of (await w.run()).values()) {
      assert.equal((outcome as PromiseRejectedResult).reason.code, 'PRIVITY_HANDLE_COERCED');
    }
  });

  it('after the verdict is reported only if it is not its consequence', async () => {
    const w = await world(
      job(two, async ({ alice, bob }) => {
        alice.run('cleanup fails', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('could not clean up');
        });
        alice.run('follows', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          throw new Error('wrapped', { cause: signal.reason });
        });
        bob.run('fails', () => Promise.reject(new PublicError('the cause')));
      }),
    );
    await w.run();
    assert.deepEqual(w.of('alice').host.failures.map(({ detail }) => detail.message), ['could not clean up']);
    assert.equal(w.of('bob').host.failures[0]?.failure.message, 'the cause');
  });
});

describe('misuse of steps', () => {
  const misuse = async (body: (context: never) => unknown): Promise<{ code?: string | undefined }> => {
    const w = await world(job(two, body as () => unknown));
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    const [captured] = w.of('alice').host.failures;
    assert.match(String(captured?.failure.code), /^(USAGE|INPUT_MISSING)$/);
    return captured?.detail ?? {};
  };
  // biome-ignore lint/suspicious/noExplicitAny: a job in plain JavaScript, which nothing keeps from these calls
  type Js = any;
  const cases: readonly [string, string, (context: Js) => unknown][] = [
    ['no name', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run(() => 1)],
    ['an empty name', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('', () => 1)],
    ['a long name', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x'.repeat(201), () => 1)],
    ['a name with control characters', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('a\u001b[2J', () => 1)],
    ['no code', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x', {})],
    ['inputs that are no record', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x', [1], () => 1)],
    ['an input that is no handle', 'PRIVITY_HANDLE_EXPECTED', ({ alice }) => alice.run('x', { y: 1 }, () => 1)],
    [
      'another party’s value',
      'PRIVITY_HANDLE_NOT_HERE',
      ({ alice, bob }) => bob.run('y', { x: alice.run('x', () => 1) }, () => 1),
    ],
    ['reveal of a plain value', 'PRIVITY_HANDLE_EXPECTED', ({ reveal }) => reveal(5)],
    ['reveal of a promise', 'PRIVITY_HANDLE_EXPECTED', ({ reveal }) => reveal(Promise.resolve(1))],
    ['to nobody', 'PRIVITY_STEP_INVALID', ({ alice }) => alice.run('x', () => 1).to()],
    ['to a string', 'PRIVITY_STEP_PARTY_UNKNOWN', ({ alice }) => alice.run('x', () => 1).to('bob')],
    ['parallel of promises', 'PRIVITY_STEP_INVALID', ({ parallel }) => parallel([Promise.resolve()])],
    ['parallel of too many', 'PRIVITY_STEP_INVALID', ({ parallel }) => parallel(Array(1025).fill(() => 1))],
    [
      'a step while parallel runs',
      'PRIVITY_BRANCH_BUSY',
      async ({ alice, parallel }) => {
        const running = parallel([async () => 1]);
        alice.run('x', () => 1);
        await running;
      },
    ],
    [
      'a step in a task',
      'PRIVITY_STEP_INSIDE_TASK',
      ({ alice, reveal }) => reveal(alice.run('x', () => alice.run('y', () => 1))),
    ],
    [
      'a handle that a task returns',
      'PRIVITY_STEP_INVALID',
      ({ alice }) => {
        const y = alice.run('y', () => 1);
        alice.run('x', () => y);
      },
    ],
    ['arithmetic', 'PRIVITY_HANDLE_COERCED', ({ alice }) => alice.run('x', () => 1) + 1],
    ['a missing setting', 'PRIVITY_SETTING_MISSING', ({ alice }) => void alice.run('x', (c: Js) => c.settings.table)],
  ];
  for (const [what, code, body] of cases) {
    it(`${what}: ${code}`, async () => {
      assert.equal((await misuse(body)).code, code);
    });
  }

  it('a handle or party of another run', async () => {
    let kept: { handle?: unknown; party?: unknown } = {};
    await (await world(job(two, ({ alice }) => void (kept = { handle: alice.run('x', () => 1), party: alice })))).run();
    assert.equal((await misuse(({ reveal }: Js) => reveal(kept.handle))).code, 'PRIVITY_HANDLE_FOREIGN');
    assert.equal(
      (await misuse(({ alice }: Js) => alice.run('x', () => 1).to(kept.party))).code,
      'PRIVITY_STEP_PARTY_UNKNOWN',
    );
  });

  it('a step after the run', async () => {
    let kept: Js;
    await (await world(job(two, ({ alice }) => void (kept = alice)))).run();
    assert.throws(() => kept.run('late', () => 1), { code: 'PRIVITY_STEP_OUTSIDE_RUN' });
  });

  it('a job for other parties', async () => {
    await assert.rejects(world(job(two, () => 1), { parties: ['alice', 'dave'] }), { code: 'PRIVITY_JOB_PARTIES_DIFFER' });
  });
});

describe('lockstep', () => {
  const step = (name: string, code: () => unknown = () => 1) => ({ name, code });
  const program = (...steps: { name: string; code: () => unknown }[]) =>
    job(two, async ({ alice, bob, reveal }) => {
      let last: unknown;
      for (const { name, code } of steps) {
        const x = alice.run(name, code);
        last = await reveal(bob.run('use', { x: (x as ReturnType<typeof alice.run<number>>).to(bob) }, ({ x }) => x));
      }
      return last;
    });

  const differences: readonly [string, Job, Job, string][] = [
    ['an extra step', program(step('a'), step('extra')), program(step('a')), '5'],
    ['swapped steps', program(step('a'), step('b')), program(step('b'), step('a')), '1'],
    ['another name', program(step('a')), program(step('z')), '1'],
    ['another body of a task', program(step('a', () => 1)), program(step('a', () => 2)), '1'],
  ];
  for (const [what, atAlice, atBob, stepId] of differences) {
    it(`notices ${what} and delivers nothing`, async () => {
      const w = await world({ alice: atAlice, bob: atBob });
      const outcomes = await w.run();
      const reported = [...w.parties.values()].flatMap(({ host }) => host.divergences);
      assert.equal(reported[0]?.stepId, stepId);
      assert.equal(reported[0]?.branch, '');
      assert.equal(reported[0]?.position, Number(stepId));
      assert.ok([...outcomes.values()].some((outcome) => outcome.status === 'rejected'));
    });
  }

  it('never delivers a wrong value under the right id', async () => {
    const seen: unknown[] = [];
    const make = (name: string) =>
      job(two, async ({ alice, bob, reveal }) => {
        const x = alice.run(name, () => name);
        return reveal(bob.run('use', { x: x.to(bob) }, ({ x }) => seen.push(x)));
      });
    const w = await world({ alice: make('first'), bob: make('second') });
    await w.run();
    assert.deepEqual(seen, []);
  });

  it('notices different public arguments, which start the digests', async () => {
    const body = async ({ alice, reveal }: Parameters<Parameters<typeof job<'alice' | 'bob'>>[1]>[0]) =>
      reveal(alice.run('x', () => 1));
    const w = await World.create(job(two, body));
    worlds.push(w);
    const first = await w.of('alice').runtime.prepare();
    const second = await w.of('bob').runtime.prepare();
    assert.equal(first.argsDigest, second.argsDigest);
  });

  const hostile = async (send: (link: Link) => Promise<void>) => {
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        alice.run('nothing', () => 1);
        return reveal(alice.run('x', never));
      }),
    );
    const running = w.run();
    while (w.of('bob').host.trail.length < 3) await new Promise(setImmediate);
    await send(w.between('alice', 'bob').links[0]);
    await running;
    return w.of('bob').host;
  };
  const frame = (stepId: string, more: object = {}) =>
    encodeDataFrame({ kind: 'value', stepId, digest: '00'.repeat(16), sequence: 0, ...more });

  it('refuses a wrong digest', async () => {
    const host = await hostile((link) => link.send(frame('2')));
    assert.deepEqual(host.divergences, [{ peer: 'alice', branch: '', position: 2, stepId: '2' }]);
  });

  it('refuses a message for a step that expects none', async () => {
    const host = await hostile((link) => link.send(frame('0')));
    assert.deepEqual(host.divergences[0]?.stepId, '0');
  });

  it('refuses a message for a branch that does not exist', async () => {
    const host = await hostile((link) => link.send(frame('1/0/0')));
    assert.deepEqual(host.divergences[0], { peer: 'alice', branch: '1/0', position: 0, stepId: '1/0/0' });
  });

  it('refuses another kind of message', async () => {
    const host = await hostile((link) => link.send(frame('2', { kind: 'channel' })));
    assert.equal(host.divergences[0]?.stepId, '2');
  });

  it('refuses a header that is no header', async () => {
    for (const bytes of [Uint8Array.of(), Uint8Array.of(255, 255), new Uint8Array(5000)]) {
      const host = await hostile((link) => link.send(bytes));
      assert.equal(host.failures[0]?.failure.code, 'PROTOCOL_VIOLATION');
    }
  });

  it('refuses a second value for a step', async () => {
    const w = await world(job(two, async ({ alice, reveal }) => reveal(alice.run('x', never))));
    const running = w.run();
    while (w.of('bob').host.trail.length < 2) await new Promise(setImmediate);
    const digest = w.of('bob').host.trail[1]?.digest ?? '';
    const handlers = w.of('bob').runtime.handlersFor('alice');
    const header = encodeDataFrame({ kind: 'value', stepId: '1', digest, sequence: 0 });
    handlers.onMessage(header);
    handlers.onMessage(header);
    await running;
    assert.equal(w.of('bob').host.failures[0]?.failure.code, 'PROTOCOL_VIOLATION');
  });

  it('refuses a body that does not decode', async () => {
    const w = await world(job(two, async ({ alice, reveal }) => reveal(alice.run('x', never))));
    const running = w.run();
    while (w.of('bob').host.trail.length < 2) await new Promise(setImmediate);
    const digest = w.of('bob').host.trail[1]?.digest ?? '';
    const header = encodeDataFrame({ kind: 'value', stepId: '1', digest, sequence: 0 });
    await w.between('alice', 'bob').links[0].send(header, [Uint8Array.of(1, 2, 3)]);
    await running;
    assert.equal(w.of('bob').host.failures[0]?.failure.code, 'DATA_CORRUPT');
  });

  it('notices a peer that is ahead of a program that has ended', async () => {
    const w = await world({ alice: program(step('a'), step('b')), bob: job(two, async () => 'short') });
    await w.run();
    assert.equal(w.of('bob').host.divergences[0]?.stepId, '1');
  });
});

describe('bounds', () => {
  it('fail the run when the mailbox and its files are full', async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = (wait: boolean) =>
      job(two, async ({ alice, bob }) => {
        if (wait) await gate;
        for (let i = 0; i < 4; i++) alice.run(`x${i}`, () => new Uint8Array(2000)).to(bob);
      });
    const w = await world(
      { alice: body(false), bob: body(true) },
      { limits: { mailboxBytesMax: 1000, mailboxSpillBytesMax: 5000 } },
    );
    const running = w.run();
    while (w.of('bob').host.failures.length === 0) await new Promise(setImmediate);
    go();
    await running;
    const [captured] = w.of('bob').host.failures;
    assert.equal(captured?.failure.code, 'LIMIT_EXCEEDED');
    assert.equal(captured?.detail.code, 'PRIVITY_MAILBOX_FULL');
  });

  it('fail the run when too many messages wait', async () => {
    const ahead = job(two, async ({ alice, bob }) => {
      for (let i = 0; i < 5; i++) alice.run(`x${i}`, () => i).to(bob);
    });
    const behind = job(two, async ({ alice, reveal }) => reveal(alice.run('y', never)));
    const w = await world({ alice: ahead, bob: behind }, { limits: { mailboxMessagesMax: 2 } });
    await w.run();
    assert.ok(w.of('bob').host.failures.length + w.of('bob').host.divergences.length > 0);
  });

  it('spill early values to files and deliver them from there', async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = (wait: boolean) =>
      job(two, async ({ alice, bob, reveal }) => {
        if (wait) await gate;
        const xs = Array.from({ length: 5 }, (_, i) => alice.run(`x${i}`, () => new Float64Array(1000).fill(i)).to(bob));
        const sums = xs.map((x) => bob.run('sum', { x }, ({ x }) => x.reduce((a, b) => a + b, 0)));
        const all = [];
        for (const sum of sums) all.push(await reveal(sum));
        return all;
      });
    const w = await world({ alice: body(false), bob: body(true) }, { limits: { mailboxBytesMax: 10_000 }, pieceBytes: 512 });
    const running = w.results();
    while (w.crossed.length < 5) await new Promise(setImmediate);
    go();
    assert.deepEqual(await running, { alice: [0, 1000, 2000, 3000, 4000], bob: [0, 1000, 2000, 3000, 4000] });
    assert.deepEqual(await w.of('bob').runtime.close(), { spillFiles: 0, mailboxMessages: 0, pendingSends: 0 });
  });

  it('back received Blobs by files until the run is closed', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const blob = alice.run('file', () => new Blob(['x'.repeat(50_000)], { type: 'text/plain' }));
        return reveal(bob.run('read', { blob: blob.to(bob) }, async ({ blob }) => `${blob.type} ${(await blob.text()).length}`));
      }),
      { limits: { mailboxBytesMax: 1000 } },
    );
    assert.deepEqual(await w.results(), { alice: 'text/plain 50000', bob: 'text/plain 50000' });
    assert.equal((await w.of('bob').runtime.close()).spillFiles, 1);
  });
});
