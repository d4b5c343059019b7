import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds, type World } from '../../test/parts/program-world.ts';
import { deferred } from '../base/deferred.ts';
import type { PsiProtocolName } from '../base/psi-protocols.ts';
import type { Channel } from '../contracts/channel.ts';
import { closeDatabase, Table, tableOf } from '../data/index.ts';
import { psiProtocols } from '../psi/protocols/index.ts';
import { type DeviceContext, type DeviceStep, issueDevice } from './devices/device.ts';
import { psi } from './devices/psi.ts';
import { contextOf } from './devices/secure/run-context.ts';
import { RunAbortedError } from './model/abort.ts';
import type { Handle } from './model/handle-types.ts';
import { type Job, job } from './model/job.ts';
import { recordOf } from './steps/handle.ts';

const open = useWorlds();
const world = (program: Job, limits = {}): Promise<World> => open(program, { limits });
after(closeDatabase);

const two = { parties: ['alice', 'bob'] } as const;
const three = { parties: ['alice', 'bob', 'carol'] } as const;

describe('tables', () => {
  it('cross between parties, and are revealed', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const t = alice.run('t', () => tableOf({ id: ['a', 'b'], x: Float64Array.of(1, 3) }));
        const mean = bob.run('mean', { t: t.to(bob) }, async ({ t }) => (await t.mean(['x'])).x ?? 0);
        return [await reveal(mean), (await reveal(t)).rowCount];
      }),
    );
    assert.deepEqual(await w.results(), { alice: [2, 2], bob: [2, 2] });
    const [line] = w.of('alice').host.disclosures;
    assert.deepEqual([line?.type, line?.shape, line?.to], ['table', [2, 2], ['bob']]);
  });
});

describe('psi', () => {
  const ids = (from: number, until: number): string[] =>
    Array.from({ length: until - from }, (_, i) => `P${from + i}`);

  it('aligns two parties’ tables, and a third learns nothing but the count of steps', async () => {
    const w = await world(
      job(three, async ({ alice, bob, reveal }) => {
        const a = alice.run('a', () =>
          tableOf({ id: ids(0, 30), x: Float64Array.from({ length: 30 }, (_, i) => i) }),
        );
        const b = bob.run('b', () =>
          tableOf({ id: ids(20, 50), y: Float64Array.from({ length: 30 }, (_, i) => i) }),
        );
        const both = psi({ on: 'id' }, a, b);
        const counts = [
          alice.run('rows', { rows: both.alice }, async ({ rows }) => (await rows.strings('id')).join()),
          bob.run('rows', { rows: both.bob }, async ({ rows }) => (await rows.strings('id')).join()),
        ] as const;
        return [await reveal(counts[0]), await reveal(counts[1])];
      }),
    );
    const results = (await w.results()) as Record<string, [string, string]>;
    const [left, right] = results.alice ?? ['', ''];
    assert.equal(left, right, 'both in the same order');
    assert.deepEqual(left.split(',').sort(), ids(20, 30));
    assert.deepEqual(results.carol, results.alice);
    const psiLines = w.of('alice').host.disclosures.filter(({ kind }) => kind === 'psi');
    assert.deepEqual(
      psiLines.map(({ to, type, shape, name }) => [to, type, shape, name]),
      [[['bob'], 'intersection, key types, number of rows', [30], 'psi on id']],
    );
    assert.ok(!w.crossed.some(({ from, to, body }) => to === 'carol' && from === 'bob' && body.length > 400));
    const tail = w.of('carol').host.trail.find(({ kind }) => kind === 'psi');
    assert.deepEqual(tail?.places, ['alice', 'bob']);
    assert.ok(w.of('alice').host.progressed.length > 0);
  });

  it('fails at the party whose table is wrong, with the data’s own code', async () => {
    const w = await world(
      job(two, async ({ alice, bob }) => {
        const a = alice.run('a', () => tableOf({ id: ['x', 'x'] }));
        const b = bob.run('b', () => tableOf({ id: ['x', 'y'] }));
        psi({ on: 'id' }, a, b);
      }),
    );
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    const [captured] = w.of('alice').host.failures;
    assert.equal(captured?.failure.code, 'DATA_INVALID');
    assert.equal(captured?.failure.stepName, 'psi on id');
    assert.deepEqual(w.of('bob').host.failures, []);
  });

  it('ends where two parties want different things of a join, at both, and nothing is told', async () => {
    const by = (options: object) =>
      job(two, async ({ alice, bob }) => {
        psi({ on: 'id', ...options } as never, alice.run('a', table), bob.run('b', table));
      });
    for (const options of [{ minimumRows: 2 }, { receivers: 'alice' }, { normalise: { id: 'trim' } }]) {
      const w = await open({ alice: by({}), bob: by(options) });
      for (const outcome of (await w.run()).values()) {
        assert.ok(outcome.status === 'rejected' && outcome.reason instanceof RunAbortedError);
        assert.equal(outcome.reason.failure, 'DIVERGENCE');
      }
    }
  });

  it('counts only with a protocol that can', async () => {
    const list = psiProtocols as Record<string, unknown>;
    const { counting: _, ...other } = psiProtocols.dh;
    list.other = { ...other, name: 'other' };
    try {
      const by = (protocol: PsiProtocolName) =>
        job(two, async ({ alice, bob, reveal }) => {
          const { bob: count } = psi(
            { on: 'id', protocol, cardinality: true },
            alice.run('a', table),
            bob.run('b', table),
          );
          return reveal(count);
        });
      assert.equal((await (await world(by('dh'))).results()).alice, 1);
      const w = await world(by('other' as PsiProtocolName));
      for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
      assert.equal(w.of('alice').host.failures[0]?.detail.code, 'PRIVITY_PSI_ARGUMENTS');
    } finally {
      delete list.other;
    }
  });

  it('gives a handle for a receiver only', async () => {
    const w = await world(
      job(two, async ({ alice, bob, reveal }) => {
        const result = psi({ on: 'id', receivers: 'bob' }, alice.run('a', table), bob.run('b', table));
        const rows = await reveal(bob.run('rows', { rows: result.bob }, ({ rows }) => rows.rowCount));
        return [Object.keys(result), rows];
      }),
    );
    assert.deepEqual((await w.results()).alice, [['bob'], 1]);
  });

  it('names the step where two parties want two protocols', async () => {
    const list = psiProtocols as Record<string, unknown>;
    list.other = { ...psiProtocols.dh, name: 'other' };
    try {
      const by = (protocol: PsiProtocolName) =>
        job(two, async ({ alice, bob }) => {
          psi({ on: 'id', protocol }, alice.run('a', table), bob.run('b', table));
        });
      const w = await open({ alice: by('dh'), bob: by('other' as PsiProtocolName) });
      const outcomes = await w.run();
      for (const party of ['alice', 'bob']) {
        const outcome = outcomes.get(party);
        assert.ok(outcome?.status === 'rejected' && outcome.reason instanceof RunAbortedError);
        assert.equal(outcome.reason.failure, 'DIVERGENCE');
      }
      const [told] = [...w.parties.values()].flatMap(({ host }) => host.divergences);
      assert.equal(told?.stepId, '2');
    } finally {
      delete list.other;
    }
  });

  // biome-ignore lint/suspicious/noExplicitAny: a job in plain JavaScript, which nothing keeps from these calls
  type Js = any;
  const table = () => tableOf({ id: ['x'] });
  const nonsense: readonly [string, Record<string, unknown>][] = [
    ['names of one side only', { on: { left: 'id' } }],
    ['more key columns at one side', { on: { left: ['id', 'x'], right: 'id' } }],
    ['a key of one side twice', { on: { left: ['id', 'x'], right: ['id', 'id'] } }],
    ['rules for no key', { normalise: { name: 'trim' } }],
    ['a rule that is none', { normalise: { id: 'tirm' } }],
    ['no rules', { normalise: { id: [] } }],
    ['rules in a list', { normalise: ['trim'] }],
    ['nulls that are nothing', { nulls: 'drop' }],
    ['duplicates without end', { duplicates: 'all' }],
    ['duplicates up to 0', { duplicates: { upTo: 0 } }],
    ['duplicates up to 1001', { duplicates: { upTo: 1001 } }],
    ['duplicates of another option', { duplicates: { upTo: 2, pad: true } }],
    ['a join that is none', { join: 'full' }],
    ['a receiver who takes no part', { receivers: 'carol' }],
    ['receivers in a list', { receivers: ['alice'] }],
    ['a minimum below 0', { minimumRows: -1 }],
    ['a minimum that is no number', { minimumRows: '3' }],
    ['payload of nobody', { payload: { carol: 'x' } }],
    ['a column of the payload twice', { payload: { bob: ['x', 'x'] } }],
    ['no column of a payload', { payload: { bob: [] } }],
    ['payload to a party that receives nothing', { payload: { alice: 'x', bob: 'y' }, receivers: 'alice' }],
    ['payload of rows that do not match', { payload: { bob: 'x' }, join: 'anti' }],
    ['a left join for one', { join: 'left', receivers: 'alice' }],
    ['a count of rows that do not match', { cardinality: true, join: 'anti' }],
    ['a count in a left join', { cardinality: true, join: 'left' }],
    ['a count with columns', { cardinality: true, payload: { bob: 'x' } }],
    ['a count that is neither yes nor no', { cardinality: 1 }],
  ];
  const wrong: readonly [string, (context: Js) => unknown][] = [
    [
      'tables of one party',
      ({ alice }) => psi({ on: 'id' }, alice.run('a', table), alice.run('b', table) as never),
    ],
    [
      'a table at two parties',
      ({ alice, bob }) =>
        psi({ on: 'id' }, alice.run('a', table).to(alice, bob) as never, bob.run('b', table) as never),
    ],
    [
      'no key',
      ({ alice, bob }) => psi({ on: [] as never }, alice.run('a', table), bob.run('b', table) as never),
    ],
    [
      'a key twice',
      ({ alice, bob }) => psi({ on: ['id', 'id'] }, alice.run('a', table), bob.run('b', table) as never),
    ],
    [
      'no options',
      ({ alice, bob }) => psi(undefined as never, alice.run('a', table), bob.run('b', table) as never),
    ],
    [
      'an unknown protocol',
      ({ alice, bob }) =>
        psi({ on: 'id', protocol: 'rsa' as never }, alice.run('a', table), bob.run('b', table) as never),
    ],
    [
      'an unknown option',
      ({ alice, bob }) =>
        psi({ on: 'id', protocl: 'dh' } as never, alice.run('a', table), bob.run('b', table) as never),
    ],
    ...nonsense.map(([what, options]): [string, (context: Js) => unknown] => [
      what,
      ({ alice, bob }) => psi({ on: 'id', ...options } as never, alice.run('a', table), bob.run('b', table)),
    ]),
    [
      'no tables',
      ({ alice, bob }) =>
        void psi(
          { on: 'id' },
          alice.run('a', () => 1),
          bob.run('b', table) as never,
        ),
    ],
  ];
  for (const [what, body] of wrong) {
    it(`refuses ${what}`, async () => {
      const w = await world(job(two, body as () => unknown));
      for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
      assert.equal(w.of('alice').host.failures[0]?.detail.code, 'PRIVITY_PSI_ARGUMENTS');
    });
  }
});

describe('a device', () => {
  /**
   * A step that the members execute together with any code, for which there is no function in the public surface yet.
   */
  function together(
    inputs: readonly Handle[],
    execute: (channel: Channel, context: DeviceContext, input: unknown) => Promise<unknown>,
  ): readonly Handle[] {
    const records = inputs.map((input) => recordOf(input, undefined, 'device'));
    const [first] = records;
    assert.ok(first);
    const step: DeviceStep = {
      kind: 'psi',
      name: 'device',
      members: records.flatMap(({ owners }) => owners),
      inputs: records,
      source: 'test',
      execute,
      discloses: () => ({ type: 'test' }),
    };
    return issueDevice(contextOf(first, first).scheduler, step);
  }

  const program = (execute: (channel: Channel, context: DeviceContext, input: unknown) => Promise<unknown>) =>
    job(three, async ({ alice, bob, carol, reveal }) => {
      const inputs = [
        alice.run('a', () => 1),
        bob.run('b', () => 2),
        carol.run('c', () => 3),
      ] as unknown as Handle[];
      const results = together(inputs, execute);
      const shown = [];
      for (const result of results) shown.push(await reveal(result as never));
      return shown;
    });

  it('waits for a peer while it asks for a message, not while it is queued or works', async () => {
    const input = deferred<number>();
    const work = deferred<void>();
    const answer = deferred<void>();
    const w = await world(
      job(three, async ({ alice, bob, carol }) => {
        const inputs = [
          alice.run('a', () => input.promise),
          bob.run('b', () => 2),
          carol.run('c', () => 3),
        ] as unknown as Handle[];
        together(inputs, async (channel) => {
          if (channel.rank !== 0) {
            await answer.promise;
            return channel.send(0, Uint8Array.of(1));
          }
          await work.promise;
          for (const from of [1, 2]) await channel.receive(from);
          return undefined;
        });
      }),
    );
    const running = w.results();
    const waits = async (): Promise<string[]> => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      w.clock.move(1_000);
      return w
        .of('alice')
        .runtime.waiting()
        .map(({ peer, sinceMs }) => `${peer} ${sinceMs}`);
    };
    assert.deepEqual(await waits(), [], 'its own input is not there');
    input.resolve(1);
    assert.deepEqual(await waits(), [], 'it works');
    work.resolve();
    assert.deepEqual(await waits(), ['bob 1000']);
    answer.resolve();
    assert.deepEqual(await waits(), []);
    await running;
  });

  it('gives each member a channel to all others, with messages in order', async () => {
    const w = await world(
      program(async (channel, { onProgress }, input) => {
        const others = [0, 1, 2].filter((rank) => rank !== channel.rank);
        for (let i = 0; i < 20; i++) {
          for (const to of others) await channel.send(to, Uint8Array.of(channel.rank, Number(input), i));
        }
        const got: number[][] = [];
        for (const from of others) for (let i = 0; i < 20; i++) got.push([...(await channel.receive(from))]);
        onProgress(1, 1);
        assert.deepEqual(
          got,
          others.flatMap((rank) => Array.from({ length: 20 }, (_, i) => [rank, rank + 1, i])),
        );
        return got.length;
      }),
      { mailboxBytesMax: 30 },
    );
    assert.deepEqual((await w.results()).carol, [40, 40, 40]);
    const released = await w.close();
    assert.deepEqual(released.alice, { spillFiles: 0, mailboxMessages: 0, pendingSends: 0 });
  });

  it('that fails at one member is aborted at the others, whose receives reject', async () => {
    const reasons: unknown[] = [];
    const w = await world(
      program(async (channel) => {
        if (channel.rank === 1) throw new Error('check failed');
        try {
          await channel.receive(1);
        } catch (error) {
          reasons.push(error);
          throw error;
        }
      }),
    );
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    assert.equal(reasons.length, 2);
    for (const reason of reasons) assert.ok(reason instanceof RunAbortedError);
    assert.deepEqual(
      w.of('bob').host.failures.map(({ failure }) => failure.stepName),
      ['device'],
    );
    assert.deepEqual(w.of('alice').host.failures, []);
  });

  it('refuses members that do not exist, and use after its end', async () => {
    let kept: Channel | undefined;
    const w = await world(
      program(async (channel) => {
        await assert.rejects(channel.send(channel.rank, new Uint8Array(1)), { code: 'PRIVITY_STEP_INVALID' });
        await assert.rejects(channel.receive(7), { code: 'PRIVITY_STEP_INVALID' });
        kept = channel;
        return channel.size;
      }),
    );
    assert.deepEqual((await w.results()).alice, [3, 3, 3]);
    await assert.rejects(kept?.send((kept.rank + 1) % 3, new Uint8Array(1)) ?? Promise.resolve(), {
      code: 'PRIVITY_STEP_INVALID',
    });
  });
});

it('nothing private crosses when something fails, by default', async () => {
  const CANARY = 'canary-4711';
  class CanaryError extends Error {
    override name = CANARY;
    readonly [CANARY] = CANARY;
  }
  const w = await world(
    job(three, async ({ alice, bob, reveal }) => {
      const secret = alice.run('load', () => ({ [CANARY]: CANARY }));
      const count = alice.run('count', { secret }, ({ secret }) => Object.keys(secret).length);
      await reveal(bob.run('seen', { count: count.to(bob) }, ({ count }) => count));
      const bad = alice.run('use', { secret }, ({ secret }): number => {
        throw new CanaryError(JSON.stringify(secret), { cause: new CanaryError(CANARY) });
      });
      return reveal(bob.run('after', { bad: bad.to(bob) }, () => 1));
    }),
  );
  for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
  const { host } = w.of('alice');
  assert.match(JSON.stringify(host.failures[0]?.detail), /canary-4711/, 'the origin has it all');
  const crossing = [
    ...w.crossed.flatMap(({ header, body }) => [
      Buffer.from(header).toString('latin1'),
      Buffer.from(body).toString('latin1'),
    ]),
    JSON.stringify(host.failures.map(({ failure }) => failure)),
    JSON.stringify([host.trail, host.disclosures, host.finished]),
  ];
  for (const text of crossing) assert.doesNotMatch(text, /canary|4711/);
  assert.ok(w.crossed.length > 0);
});

it('a run that is aborted in the middle of psi ends at once', async () => {
  const w = await world(
    job(two, async ({ alice, bob }) => {
      const many = Array.from({ length: 20_000 }, (_, i) => `id${i}`);
      const a = alice.run('a', () => tableOf({ id: many }));
      const b = bob.run('b', () => tableOf({ id: many }));
      const both = psi({ on: 'id' }, a, b);
      alice.run('use', { t: both.alice }, ({ t }) => assert.ok(t instanceof Table));
    }),
  );
  const running = w.run();
  while (w.of('alice').host.progressed.length === 0) await new Promise(setImmediate);
  w.abort({ code: 'CANCELLED', origin: 'bob', reporter: 'bob', incident: '0'.repeat(32) });
  for (const outcome of (await running).values()) {
    assert.ok((outcome as PromiseRejectedResult).reason instanceof RunAbortedError);
  }
  assert.deepEqual(w.of('alice').host.failures, []);
});
