import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useWorlds } from '../../test/parts/program-world.ts';
import type { Link } from '../contracts/link.ts';
import { encodeDataFrame } from '../wire/value-frame.ts';
import type { TaskContext } from './model/context.ts';
import { type Job, job } from './model/job.ts';

const world = useWorlds();

const two = { parties: ['alice', 'bob'] } as const;

/** A task that ends only with its run. */
const never = ({ signal }: TaskContext): Promise<number> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('lockstep', () => {
  const step = (name: string, code: () => unknown = () => 1) => ({ name, code });
  const program = (...steps: { name: string; code: () => unknown }[]) =>
    job(two, async ({ alice, bob, reveal }) => {
      let last: unknown;
      for (const { name, code } of steps) {
        const x = alice.run(name, code);
        last = await reveal(
          bob.run('use', { x: (x as ReturnType<typeof alice.run<number>>).to(bob) }, ({ x }) => x),
        );
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
    const w = await world(job(two, body));
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
