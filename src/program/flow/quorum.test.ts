import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds } from '../../../test/parts/program-world.ts';
import { ScopeFailedError } from '../model/abort.ts';
import { job } from '../model/job.ts';

const world = useWorlds();

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const fails = (): Promise<number> => Promise.reject(new Error('no'));

describe('quorum', () => {
  it('gives every party the same list of who came through, and what came of it', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, quorum, reveal }) => {
        const taken = await quorum({ of: [carol, alice, bob], atLeast: 2 }, async (party, context) => {
          const own = party.run('own', async () => (party.name === 'bob' ? fails() : party.name.length));
          return context.reveal(own);
        });
        const sum = taken.present.map((party) => taken.values[party] ?? 0);
        return [
          taken.present,
          sum,
          taken.absent.map(({ party, failure }) => [party, failure.code, failure.origin]),
          await reveal(bob.run('still', () => 1)),
        ];
      }),
    );
    const results = await w.results();
    assert.deepEqual(results.alice, [['alice', 'carol'], [5, 5], [['bob', 'TASK_FAILED', 'bob']], 1]);
    assert.deepEqual(results.bob, results.alice);
    assert.deepEqual(results.carol, results.alice);
  });

  it('gives handles, too, which can be used afterwards', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, quorum, reveal }) => {
        const taken = await quorum({ of: [alice, bob], atLeast: 1 }, (party) =>
          party.run('own', () => 3).to(carol),
        );
        const { alice: a, bob: b } = taken.values;
        if (!a || !b) return null;
        return reveal(carol.run('sum', { a, b } as never, ({ a, b }: { a: number; b: number }) => a + b));
      }),
    );
    assert.equal((await w.results()).alice, 6);
  });

  it('fails alike at every party when too few came through, and says how many', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, quorum, reveal }) => {
        try {
          await quorum({ of: [alice, bob, carol], atLeast: 2 }, (party) =>
            reveal(party.run('own', async () => (party.name === 'carol' ? 1 : fails()))),
          );
        } catch (error) {
          assert.ok(error instanceof ScopeFailedError);
          const { code, origin, incident, facts } = error.agreed;
          return [code, origin, incident, facts];
        }
        return 'enough';
      }),
    );
    const results = (await w.results()) as Record<string, unknown[]>;
    assert.equal(results.alice?.[0], 'QUORUM_NOT_MET');
    assert.equal(results.alice?.[3], 'present: carol; at least 2 are needed; absent: alice, bob');
    assert.deepEqual(results.bob, results.alice);
    assert.deepEqual(results.carol, results.alice);
  });

  it('refuses what makes no sense', async () => {
    const options: readonly unknown[] = [undefined, {}, { of: [], atLeast: 1 }, { of: ['alice'] }];
    for (const given of [...options, 'number', 'zero', 'more', 'other']) {
      const w = await world(
        job(three, ({ alice, quorum }) => {
          const words: Record<string, unknown> = {
            number: { of: [alice], atLeast: 'all' },
            zero: { of: [alice], atLeast: 0 },
            more: { of: [alice], atLeast: 2 },
            other: { of: [alice], atLeast: 1, retries: 1 },
          };
          return quorum((typeof given === 'string' ? words[given] : given) as never, () => 1);
        }),
      );
      for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
      assert.equal(w.of('alice').host.failures[0]?.detail.code, 'PRIVITY_STEP_INVALID');
    }
  });

  it('goes on without a party that is lost in it, and fails what needs the party', async () => {
    let lose = (): void => {};
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const failure = { code: 'PEER_CRASHED', origin: 'carol', reporter: 'alice', incident: 'i' } as const;
    const w = await world(
      job(three, async ({ alice, bob, carol, quorum, attempt, conclave, reveal }) => {
        const taken = await quorum({ of: [alice, bob, carol], atLeast: 2 }, async (party) => {
          if (party.name === 'carol') return reveal(party.run('own', () => new Promise<number>(() => {})));
          return reveal(party.run('own', () => lost.then(() => 1)));
        });
        const gone = await attempt(async () => void carol.run('gone', () => 1));
        const gone2 = await attempt(async () => void (await conclave([alice, carol], () => 1)));
        return [
          taken.present,
          gone.ok || gone.failure.origin,
          gone2.ok || gone2.failure.origin,
          await reveal(bob.run('on', () => 2)),
        ];
      }),
    );
    const [alice, bob] = [w.of('alice'), w.of('bob')];
    const runs = [alice, bob].map(({ runtime }) => runtime.run());
    void w
      .of('carol')
      .runtime.run()
      .catch(() => {});
    while (!w.of('carol').host.log.some((line) => line.startsWith('start 0/0/0/2')))
      await new Promise(setImmediate);
    // As the supervisors of the survivors do.
    w.lose('carol', failure);
    lose();
    for (const { result } of await Promise.all(runs))
      assert.deepEqual(result, [['alice', 'bob'], 'carol', 'carol', 2]);
    w.abort(failure);
  });
});
