import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deliverAll, happen, runningWorld, type World } from '../../test/core/core-world.ts';
import type { CoreEvent, Failure, TrailEntry } from './types.ts';

const members = [0, 1];
const names = ['alice', 'bob'];

function entry(branch: string, position: number, more: Partial<TrailEntry> = {}): TrailEntry {
  const stepId = branch === '' ? `${position}` : `${branch}/${position}`;
  const inside = branch === '' ? {} : { parties: names };
  const step = { kind: 'task', name: `step ${stepId}`, places: ['bob'], digest: `d${stepId}` } as const;
  return { branch, position, stepId, ...step, ...inside, ...more };
}

const opening = entry('', 0, { kind: 'conclave', places: names });
const scope = entry('0/0', 0, { kind: 'attempt', places: names });

/** All have issued the conclave, its members the first step in it, too. */
function inConclave(first: TrailEntry = scope): World {
  let world = runningWorld(3);
  for (const party of [0, 1, 2]) world = happen(world, party, { type: 'steps', entries: [opening] });
  for (const party of members) world = happen(world, party, { type: 'steps', entries: [first] });
  return world;
}

function left(world: World, party: number, steps: number, digest: string): World {
  return happen(world, party, { type: 'conclaveLeft', conclave: '0', members, fin: { steps, digest } });
}

const failure: Failure = {
  code: 'TASK_FAILED',
  origin: 'bob',
  reporter: 'bob',
  stepId: '0/0/0/0',
  incident: 'i',
};

describe('conclaves', () => {
  it('have scopes that concern their members only', () => {
    const before = inConclave();
    let world = happen(before, 1, { type: 'scopeFailed', scope: '0/0/0', failure });
    assert.deepEqual(
      world.queues[1]?.map((queue) => queue.length),
      [1, 0, 0],
    );
    world = deliverAll(world);
    for (const party of members) world = happen(world, party, { type: 'scopeLeft', scope: '0/0/0' });
    world = deliverAll(world);
    assert.ok(world.cores.every(({ scopes, phase }) => scopes.size === 0 && phase === 'running'));
    assert.deepEqual(world.cores[2], before.cores[2]);
  });

  it('do not show where they stand to others', () => {
    const event: CoreEvent = { type: 'tick' };
    let world: World = { ...inConclave(), now: 300 };
    for (const party of [0, 1, 2]) world = happen(world, party, event);
    const branches = (to: number) =>
      world.queues[0]?.[to]?.flatMap((m) =>
        m.type === 'heartbeat' ? m.heads.map(({ branch }) => branch) : [],
      );
    assert.deepEqual(branches(1), ['', '0/0']);
    assert.deepEqual(branches(2), ['']);
    assert.ok(
      deliverAll(world).cores.every(({ phase, trail }) => phase === 'running' && trail.pending.length === 0),
    );
  });

  it('are forgotten when all members came through in the same way', () => {
    let world = left(inConclave(), 0, 1, 'd');
    assert.deepEqual(
      world.queues[0]?.map((queue) => queue.length),
      [0, 1, 0],
    );
    world = deliverAll(left(deliverAll(world), 1, 1, 'd'));
    assert.ok(world.cores.every(({ conclaves, phase }) => conclaves.size === 0 && phase === 'running'));
  });

  it('are compared by members that have left the scope around them', () => {
    let world = runningWorld(2);
    const around = entry('', 0, { kind: 'attempt', places: names });
    for (const party of members) {
      const inner = entry('0/0/0/0', 0, { digest: `of ${party}` });
      const conclave = entry('0/0', 0, { kind: 'conclave', places: names });
      world = happen(world, party, { type: 'steps', entries: [around, conclave, inner] });
      const fin = { steps: 1, digest: `of ${party}` };
      world = happen(world, party, { type: 'conclaveLeft', conclave: '0/0/0', members, fin });
      world = happen(world, party, { type: 'scopeLeft', scope: '0' });
    }
    world = deliverAll(world);
    for (const { outcome } of world.cores) assert.equal(outcome?.failure?.code, 'DIVERGENCE');
  });

  it('end the run when members came through in different ways, and name the step', () => {
    const other = entry('0/0', 0, { digest: 'other', name: 'something else' });
    const world = happen(inConclave(entry('0/0', 0)), 1, { type: 'steps', entries: [] });
    const changed = {
      ...world,
      cores: world.cores.with(
        1,
        happen(inConclave(other), 1, { type: 'steps', entries: [] }).cores[1] as never,
      ),
    };
    const ended = deliverAll(left(left(changed, 0, 1, 'd0/0/0'), 1, 1, 'other'));
    for (const { outcome } of ended.cores) {
      assert.equal(outcome?.failure?.code, 'DIVERGENCE');
      assert.match(outcome?.failure?.facts ?? '', /"step 0\/0\/0".*"something else"/);
    }
  });

  it('name a step that only one member has', () => {
    let world = inConclave(entry('0/0', 0));
    world = happen(world, 0, { type: 'steps', entries: [entry('0/0', 1)] });
    world = deliverAll(left(left(world, 0, 2, 'd0/0/1'), 1, 1, 'd0/0/0'));
    assert.equal(world.cores[2]?.outcome?.failure?.code, 'DIVERGENCE');
    assert.equal(world.cores[2]?.outcome?.failure?.stepId, '0/0/1');
  });

  it('are not compared within a scope that has failed', () => {
    let world = runningWorld(2);
    const outer = entry('', 0, { kind: 'attempt', places: names });
    for (const party of members) world = happen(world, party, { type: 'steps', entries: [outer] });
    // Alice's program comes through just before it hears that bob's has failed; bob's never comes through.
    world = happen(world, 1, { type: 'scopeFailed', scope: '0', failure });
    world = happen(world, 0, {
      type: 'conclaveLeft',
      conclave: '0/0/0',
      members,
      fin: { steps: 1, digest: 'd' },
    });
    world = happen(world, 0, { type: 'scopeLeft', scope: '0' });
    world = deliverAll(happen(deliverAll(world), 1, { type: 'scopeLeft', scope: '0' }));
    assert.ok(world.cores.every(({ conclaves, scopes }) => conclaves.size === 0 && scopes.size === 0));
  });

  it('end the conversation with a peer that votes where it has no part', () => {
    const [queues] = [inConclave().queues];
    const vote = { type: 'vote', scope: '0/0/0', failure: null, members } as const;
    const world = { ...inConclave(), queues: queues.with(2, (queues[2] ?? []).with(0, [vote])) };
    assert.ok(deliverAll(world).cores[0]?.board.cuts[0]?.[2]);
  });
});
