import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  crash,
  deliver,
  deliverAll,
  deliveries,
  happen,
  runningWorld,
  type World,
  worldDigest,
} from '../../test/core/core-world.ts';
import { step } from './machine.ts';
import type { CoreEvent, Effect, Failure } from './types.ts';

function failureAt(party: string, stepId: string): Failure {
  return { code: 'TASK_FAILED', origin: party, reporter: party, stepId, incident: `${party}-${stepId}` };
}

/** What the program of each party hears about scopes, beside the world itself. */
interface Heard {
  readonly world: World;
  readonly ended: readonly (string | null | undefined)[];
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

  it('have one outcome at all parties, in every interleaving of two failures and a success', () => {
    const votes = [failureAt('alice', '3/4'), failureAt('bob', '3/1'), null];
    const outcomes = new Map<string, Set<string>>();
    const seen = new Set<string>();
    const stack: { heard: Heard; left: readonly string[] }[] = [
      {
        heard: { world: runningWorld(3), ended: [undefined, undefined, undefined] },
        left: ['fail 0', 'fail 1', 'leave 0', 'leave 1', 'leave 2'],
      },
    ];
    for (let node = stack.pop(); node; node = stack.pop()) {
      const { heard, left } = node;
      const key = worldDigest(heard.world) + JSON.stringify([heard.ended, left]);
      if (seen.has(key)) continue;
      seen.add(key);
      const go = (party: number, event: CoreEvent, next: World, rest: readonly string[]) => {
        const ended = effectsOf(heard.world, party, event).find((effect) => effect.type === 'scopeEnded');
        const told = ended ? heard.ended.with(party, ended.failure?.incident ?? null) : heard.ended;
        stack.push({ heard: { world: next, ended: told }, left: rest });
      };
      for (const { from, to } of deliveries(heard.world)) {
        const message = heard.world.queues[from]?.[to]?.[0];
        assert.ok(message);
        go(to, { type: 'received', peer: from, message }, deliver(heard.world, from, to), left);
      }
      for (const word of left) {
        const [what, at = ''] = word.split(' ');
        const [party, rest] = [Number(at), left.filter((other) => other !== word)];
        const failure = votes[party];
        // A program that fails says so before it leaves.
        if (what === 'leave' && left.includes(`fail ${party}`)) continue;
        const event: CoreEvent =
          what === 'fail' && failure
            ? { type: 'scopeFailed', scope: '3', failure }
            : { type: 'scopeLeft', scope: '3' };
        go(party, event, happen(heard.world, party, event), rest);
      }
      if (left.length === 0 && deliveries(heard.world).length === 0) {
        assert.equal(new Set(heard.ended).size, 1, `parties disagree: ${JSON.stringify(heard.ended)}`);
        assert.notEqual(heard.ended[0], undefined);
        outcomes.set(String(heard.ended[0]), new Set());
      }
    }
    // The first that fails cancels the others; when both fail unheard, the earlier step is the cause.
    assert.deepEqual([...outcomes.keys()].sort(), ['alice-3/4', 'bob-3/1']);
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
