import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  crash,
  deliverAll,
  deliveries,
  happen,
  runningWorld,
  type World,
} from '../../test/core/core-world.ts';
import { searchScopes } from '../../test/core/scope-search.ts';
import { step } from './machine.ts';
import type { CoreEvent, Effect, Failure } from './types.ts';

function failureAt(party: string, stepId: string): Failure {
  return { code: 'TASK_FAILED', origin: party, reporter: party, stepId, incident: `${party}-${stepId}` };
}

function vote(world: World, party: number, failure: Failure | null): World {
  const told = failure ? happen(world, party, { type: 'scopeFailed', scope: '3', failure }) : world;
  return happen(told, party, { type: 'scopeLeft', scope: '3' });
}

/** The scope effects of one event, without changing the world. */
function effectsOf(world: World, party: number, event: CoreEvent): readonly Effect[] {
  const core = world.cores[party];
  assert.ok(core);
  return step(core, event, world.now).effects.filter((effect) => effect.type.startsWith('scope'));
}

describe('scopes', () => {
  it('succeed when every party is through', () => {
    let world = vote(vote(runningWorld(3), 0, null), 1, null);
    world = deliverAll(world);
    assert.deepEqual(effectsOf(world, 2, { type: 'scopeLeft', scope: '3' }), [
      { type: 'scopeEnded', scope: '3', failure: null, attached: [] },
    ]);
    assert.ok(deliverAll(vote(world, 2, null)).cores.every((core) => core.scopes.size === 0));
  });

  it('cancel at the others at once, and leave the run going', () => {
    const failure = failureAt('alice', '3/1');
    let world = vote(runningWorld(3), 0, failure);
    const [first] = deliveries(world);
    assert.ok(first);
    const message = world.queues[0]?.[first.to]?.[0];
    assert.ok(message);
    assert.deepEqual(effectsOf(world, first.to, { type: 'received', peer: 0, message }), [
      { type: 'scopeCancelled', scope: '3', failure },
    ]);
    // The others' programs leave the cancelled scope; what they say then is no vote any more.
    world = vote(vote(deliverAll(world), 1, null), 2, failureAt('carol', '3/0'));
    assert.ok(world.cores.every((core) => core.phase === 'running' && core.scopes.size === 0));
  });

  it('have one outcome at all parties, in every interleaving of failures at two of them', () => {
    const scopes = [{ path: '3', failing: [0, 1] }];
    const { violation, outcomes } = searchScopes({ size: 3, scopes, faults: [], finishing: false });
    assert.equal(violation, null, violation ? [violation.says, ...violation.story].join('\n') : '');
    // A failure cancels the others; when both fail unheard, one of the two is the cause everywhere.
    assert.deepEqual([...outcomes].sort(), ['3: alice-3', '3: bob-3', '3: ok']);
  });

  it('fail when a member is lost before it has voted, and the run goes on', () => {
    let world = crash(vote(vote(runningWorld(3), 0, null), 1, null), 2);
    for (const party of [0, 1]) world = happen(world, party, { type: 'lost', peer: 2, code: 'PEER_CRASHED' });
    world = deliverAll(world);
    const [alice, bob] = world.cores;
    assert.equal(alice?.phase, 'running');
    assert.deepEqual(
      alice?.absent.map(({ party, failure }) => [party, failure.code]),
      [[2, 'PEER_CRASHED']],
    );
    assert.deepEqual(bob?.absent, alice?.absent);
    assert.equal(world.told[0]?.['ended 3'], world.told[1]?.['ended 3']);
    assert.match(world.told[0]?.['ended 3'] ?? '', / without /);
  });

  it('end with the run when a member is lost that has voted already', () => {
    let world = deliverAll(vote(vote(runningWorld(3), 0, null), 2, null));
    world = crash(world, 2);
    for (const party of [0, 1]) world = happen(world, party, { type: 'lost', peer: 2, code: 'PEER_CRASHED' });
    for (const core of deliverAll(world).cores.slice(0, 2))
      assert.equal(core.outcome?.failure?.code, 'PEER_CRASHED');
  });

  it('end with the run when something else is wrong, too', () => {
    let world = crash(vote(runningWorld(3), 0, null), 2);
    const failure = failureAt('bob', '9');
    world = happen(world, 1, { type: 'failed', failure });
    world = happen(world, 0, { type: 'lost', peer: 2, code: 'PEER_CRASHED' });
    world = deliverAll(happen(world, 1, { type: 'lost', peer: 2, code: 'PEER_CRASHED' }));
    for (const core of world.cores.slice(0, 2)) assert.equal(core.outcome?.failure?.code, 'TASK_FAILED');
  });
});
