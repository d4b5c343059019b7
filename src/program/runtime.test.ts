import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { useWorlds } from '../../test/parts/program-world.ts';
import { RunAbortedError } from './model/abort.ts';
import { job } from './model/job.ts';

const world = useWorlds();

const two = { parties: ['alice', 'bob'] } as const;
const three = { parties: ['alice', 'bob', 'carol'] } as const;

describe('a run', () => {
  it('moves values where the program says so and gives every party the same result', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const x = alice.run('x', () => 20);
        const y = bob.run('y', { x: x.to(bob) }, ({ x }) => x + 1);
        return { sum: await reveal(y) };
      }),
    );
    assert.deepEqual(await w.results(), { alice: { sum: 21 }, bob: { sum: 21 } });
    assert.deepEqual(w.of('alice').host.trail, w.of('bob').host.trail);
    assert.deepEqual(
      w.of('bob').host.trail.map(({ stepId, kind, name, places }) => [stepId, kind, name, places]),
      [
        ['0', 'task', 'x', ['alice']],
        ['1', 'transfer', 'x', ['alice', 'bob']],
        ['2', 'task', 'y', ['bob']],
        ['3', 'reveal', 'y', ['alice', 'bob']],
      ],
    );
  });

  it('has no step left over where nothing was to be moved', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const x = alice.run('x', () => 1);
        await reveal(x);
        await reveal(x);
        return reveal(x.to(bob).to(bob, carol));
      }),
    );
    await w.results();
    for (const party of three.parties) {
      const { host } = w.of(party);
      const mine = host.trail.flatMap(({ stepId, places }) => (places.includes(party) ? [stepId] : []));
      assert.deepEqual(host.finished.map(({ stepId }) => stepId).sort(), mine.sort(), party);
      assert.ok(
        host.finished.every(({ outcome }) => outcome === 'completed'),
        party,
      );
    }
  });

  it('ends with equal digests and step counts, also at parties that take no part', async () => {
    const w = await world(
      job(three, async ({ alice, bob, reveal }) => reveal(alice.run('x', () => 1).to(bob))),
    );
    const ends = [...(await w.run()).values()].map((o) => (o.status === 'fulfilled' ? o.value : o.reason));
    assert.equal(new Set(ends.map(({ digest }) => digest)).size, 1);
    assert.deepEqual(
      ends.map(({ steps }) => steps),
      [3, 3, 3],
    );
    assert.match(ends[0].digest, /^[0-9a-f]{32}$/);
  });

  it('runs a step as soon as its inputs are there, without await', async () => {
    const order: string[] = [];
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        const gate = alice.run(
          'slow',
          () => new Promise<number>((resolve) => setImmediate(() => resolve(1))),
        );
        const late = alice.run('after slow', { gate }, () => void order.push('late'));
        alice.run('free', () => void order.push('free'));
        order.push('issued');
        await reveal(late);
        return undefined;
      }),
    );
    await w.of('alice').runtime.prepare();
    await w.results();
    assert.equal(order[0], 'issued', 'code runs after the job function has gone on');
    assert.deepEqual(
      order.filter((event) => event !== 'issued'),
      ['free', 'late'],
    );
  });

  it('completes steps that the job forgets to await', async () => {
    let done = false;
    const w = await world(
      job(two, async ({ alice, bob }) => {
        const x = alice.run('x', () => new Promise((resolve) => setImmediate(() => resolve(7))));
        bob.run('use', { x: (x as ReturnType<typeof alice.run<number>>).to(bob) }, ({ x }) => {
          done = x === 7;
        });
      }),
    );
    await w.results();
    assert.equal(done, true);
  });

  it('completes branches that the job forgets to await', async () => {
    let done = 0;
    const w = await world(
      job(two, async ({ alice, bob, reveal, parallel }) => {
        void parallel([
          async () => {
            const x = await reveal(alice.run('x', () => 1));
            bob.run('use', () => {
              done = x;
            });
          },
        ]);
        return 'early';
      }),
    );
    const outcomes = [...(await w.run()).values()];
    assert.equal(done, 1);
    const digests = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.digest : ''));
    assert.equal(new Set(digests).size, 1);
    assert.notEqual(digests[0], '');
  });

  it('waits for values that arrive before their step is issued', async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = (slow: boolean) =>
      job(two, async ({ alice, bob, reveal }) => {
        if (slow) await gate;
        const x = alice.run('x', () => 'early');
        return reveal(bob.run('use', { x: x.to(bob) }, ({ x }) => x));
      });
    const w = await world({ alice: body(false), bob: body(true) });
    const running = w.results();
    while (!w.crossed.some(({ to }) => to === 'bob')) await new Promise(setImmediate);
    assert.equal(w.of('bob').host.trail.length, 0);
    go();
    assert.deepEqual(await running, { alice: 'early', bob: 'early' });
  });

  it('sends each value once to each party that needs it', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const x = alice.run('x', () => 5);
        const a = x.to(bob);
        const b = x.to(bob, carol);
        bob.run('use', { a, b }, ({ a, b }) => a + b);
        carol.run('use', { b }, ({ b }) => b);
        b.to(carol);
        return reveal(x);
      }),
    );
    assert.deepEqual(await w.results(), { alice: 5, bob: 5, carol: 5 });
    assert.deepEqual(w.crossed.map(({ from, to }) => `${from}>${to}`).sort(), ['alice>bob', 'alice>carol']);
    assert.deepEqual(
      w.of('alice').host.disclosures.map(({ stepId, to, type }) => [stepId, to, type]),
      [
        ['1', ['bob'], 'number'],
        ['2', ['carol'], 'number'],
      ],
    );
  });

  it('gives a value that was forwarded to the next party from the one that has it', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const atBob = alice.run('x', () => 'a').to(bob);
        const atCarol = atBob.to(carol);
        return reveal(carol.run('use', { atCarol }, ({ atCarol }) => `${atCarol}c`));
      }),
    );
    assert.deepEqual(await w.results(), { alice: 'ac', bob: 'ac', carol: 'ac' });
    assert.ok(w.crossed.some(({ from, to }) => from === 'bob' && to === 'carol'));
    assert.ok(!w.crossed.some(({ from, to }) => from === 'alice' && to === 'carol'));
  });

  it('writes a ledger line before a byte leaves', async () => {
    const w = await world(
      job(two, async ({ alice, reveal }) => {
        const m = alice.run('means', () => ({ shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) }));
        return (await reveal(m)).data.length;
      }),
    );
    await w.results();
    const [line] = w.of('alice').host.disclosures;
    assert.deepEqual(
      { ...line, bytes: 0 },
      {
        stepId: '1',
        name: 'means',
        kind: 'reveal',
        to: ['bob'],
        type: 'float64 tensor',
        shape: [2, 2],
        bytes: 0,
      },
    );
    assert.ok((line?.bytes ?? 0) > 32);
    assert.deepEqual(w.of('bob').host.disclosures, []);
  });

  it('sends the value as it was, whatever the job does to it afterwards', async () => {
    const data = Float64Array.of(1, 2, 3);
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const x = alice.run('x', () => data);
        const there = bob.run('sum', { x: x.to(bob) }, ({ x }) => x.reduce((a, b) => a + b));
        alice.run(
          'spoil',
          { x },
          ({ x }) => new Promise<void>((resolve) => setImmediate(() => resolve(void x.fill(9)))),
        );
        return reveal(there);
      }),
    );
    w.between('alice', 'bob').hold('alice');
    const running = w.results();
    while (data[0] !== 9) await new Promise(setImmediate);
    w.between('alice', 'bob').release('alice');
    assert.deepEqual(await running, { alice: 6, bob: 6 });
  });

  it('gives the job a copy of what is revealed, which it may change', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const x = alice.run('x', () => ({ list: ['b', 'a'] }));
        const shown = await reveal(x);
        shown.list.sort();
        const uses = [
          alice.run('use', { x }, ({ x }) => x.list.join('')),
          bob.run('use', { x: x.to(bob) }, ({ x }) => x.list.join('')),
        ] as const;
        return [await reveal(uses[0]), await reveal(uses[1]), shown.list.join('')];
      }),
    );
    assert.deepEqual((await w.results()).bob, ['ba', 'ba', 'ab']);
  });

  it('numbers steps of parallel branches by branch, whatever their speed', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal, parallel }) => {
        const x = alice.run('x', () => 1);
        const results = await parallel([
          async () => (await reveal(x)) + (await reveal(bob.run('b', () => 10))),
          async () => {
            const [inner] = await parallel([
              async () => reveal(carol.run('c', { x: x.to(carol) }, ({ x }) => x + 100)),
            ]);
            return inner;
          },
        ]);
        return [...results, await reveal(x)];
      }),
    );
    w.between('alice', 'bob').hold('alice');
    const running = w.run();
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    w.between('alice', 'bob').release('alice');
    const outcomes = [...(await running).values()];
    const values = outcomes.map((o) => (o.status === 'fulfilled' ? o.value : o.reason));
    assert.deepEqual(
      values.map(({ result }) => result),
      [
        [11, 101, 1],
        [11, 101, 1],
        [11, 101, 1],
      ],
    );
    assert.equal(new Set(values.map(({ digest }) => digest)).size, 1);
    const ids = w.of('alice').host.trail.map(({ stepId }) => stepId);
    assert.deepEqual([...ids].sort(), [
      '0',
      '1',
      '1/0/0',
      '1/0/1',
      '1/0/2',
      '1/1/0',
      '1/1/0/0/0',
      '1/1/0/0/1',
      '1/1/0/0/2',
      '2',
    ]);
  });

  it('gives tasks their party’s settings and the public arguments to all', async () => {
    const seen: unknown[] = [];
    const w = await world(
      job(
        { ...two, args: z.object({ factor: z.coerce.number() }), settings: { alice: ['table'] } },
        async ({ alice, args, reveal }) => {
          const x = alice.run('load', ({ settings, party, tempDir, signal }) => {
            seen.push(settings.table, party, typeof tempDir, signal.aborted);
            return settings.table.length * args.factor;
          });
          return reveal(x);
        },
      ),
      { args: { factor: '3' }, settings: { alice: { table: 'abc' } } },
    );
    assert.deepEqual(await w.results(), { alice: 9, bob: 9 });
    assert.deepEqual(seen, ['abc', 'alice', 'string', false]);
  });

  it('says who waits for whom', async () => {
    const w = await world(job(two, async ({ alice, reveal }) => reveal(alice.run('x', () => 1))));
    w.between('alice', 'bob').hold('alice');
    const running = w.results();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    w.clock.move(1500);
    assert.deepEqual(w.of('bob').runtime.waiting(), [
      { stepId: '1', name: 'x', kind: 'reveal', peer: 'alice', sinceMs: 1500 },
    ]);
    w.between('alice', 'bob').release('alice');
    await running;
    assert.deepEqual(w.of('bob').runtime.waiting(), []);
  });
});

describe('an abort', () => {
  const verdict = { code: 'TASK_FAILED', origin: 'bob', reporter: 'bob', incident: 'f'.repeat(32) } as const;

  it('fires signals, rejects what is pending, lets finally blocks run and refuses new steps', async () => {
    const events: string[] = [];
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const stuck = alice.run('stuck', ({ signal }) => {
          return new Promise<number>((_, reject) =>
            signal.addEventListener('abort', () => {
              events.push(`signal ${signal.reason instanceof RunAbortedError}`);
              reject(signal.reason);
            }),
          );
        });
        try {
          await reveal(bob.run('use', { s: stuck.to(bob) }, ({ s }) => s));
        } catch (error) {
          events.push(`caught ${error instanceof RunAbortedError}`);
          assert.equal((error as RunAbortedError).verdict.failure.code, 'TASK_FAILED');
          throw error;
        } finally {
          events.push('finally');
          assert.throws(() => alice.run('late', () => 1), RunAbortedError);
        }
      }),
    );
    const running = w.run();
    while (!w.of('alice').host.started.includes('0')) await new Promise(setImmediate);
    w.abort(verdict);
    for (const outcome of (await running).values()) {
      assert.equal(outcome.status, 'rejected');
      assert.ok((outcome as PromiseRejectedResult).reason instanceof RunAbortedError);
    }
    assert.deepEqual([...events].sort(), ['caught true', 'caught true', 'finally', 'finally', 'signal true']);
    assert.deepEqual(w.of('alice').host.failures, [], 'consequences of a verdict are no failures');
    assert.deepEqual(w.of('bob').host.failures, []);
    assert.deepEqual(w.of('alice').host.finished, [
      { stepId: '3', outcome: 'aborted' },
      { stepId: '0', outcome: 'aborted' },
    ]);
  });

  it('before the run refuses it', async () => {
    const w = await world(job(two, async () => 1));
    w.abort(verdict);
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
  });

  it('leaves nothing behind', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) =>
        reveal(alice.run('x', () => new Uint8Array(100_000)).to(bob)),
      ),
      { limits: { mailboxBytesMax: 10 } },
    );
    w.between('alice', 'bob').hold('alice');
    const running = w.run();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    w.abort(verdict);
    await running;
    w.between('alice', 'bob').release('alice');
    const { readdir } = await import('node:fs/promises');
    await w.of('bob').runtime.close();
    assert.deepEqual(await readdir(w.dir), []);
  });
});
