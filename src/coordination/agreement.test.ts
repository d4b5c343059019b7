/**
 * Agreement, checked on the code itself: every interleaving of messages, programs and faults at small scope. Which
 * scenarios: test/core/search-scenarios.ts; those that take minutes are run by `npm run explore -- --exhaustive`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { search } from '../../test/core/search.ts';
import { checkState } from '../../test/core/search-checks.ts';
import { encodeMove, type SearchScenario } from '../../test/core/search-scenario.ts';
import { allSearches, quickSearches } from '../../test/core/search-scenarios.ts';
import { SearchWorld } from '../../test/core/search-world.ts';
import { SeenSet } from '../../test/core/seen-set.ts';
import { shareOf } from '../../test/effort.ts';

const two: SearchScenario = {
  name: '',
  parties: 2,
  from: 'running',
  program: ['finish'],
  faults: { failures: 1, crashes: 1 },
};

/** The outcomes of all parties at every end of a scenario, as text. */
function endsOf(
  scenario: SearchScenario,
  reduce: boolean,
): { readonly ends: readonly string[]; readonly states: number } {
  const ends = new Set<string>();
  const { states, violation } = search(scenario, {
    reduce,
    onEnd: (world, state) => {
      const words = world.names.map((_, party) => {
        const digest = world.core(state, party).outcome?.digest ?? 'none';
        return world.isCrashed(state, party) ? `crashed after ${digest}` : digest;
      });
      ends.add(words.join());
    },
  });
  assert.equal(violation, null);
  return { ends: [...ends].sort(), states };
}

/** A state after some moves from the start of a scenario. */
function after(world: SearchWorld, ...moves: readonly number[]): Int32Array {
  const state = world.initial();
  for (const move of moves) world.apply(state, move);
  return state;
}

describe('agreement, all interleavings', () => {
  for (const scenario of shareOf(quickSearches, 5)) {
    it(scenario.name, (t) => {
      const { states, transitions, depth, complete, violation } = search(scenario);
      assert.equal(violation, null, violation ? [violation.says, ...violation.story].join('\n') : '');
      assert.ok(states > 3);
      t.diagnostic(
        `${states} states, ${transitions} transitions, depth ${depth}${complete ? '' : ', not complete'}`,
      );
    });
  }

  it('has the same searches at full length, under names of their own', () => {
    const names = allSearches.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, statesMax } of quickSearches) {
      const long = allSearches.find((scenario) => scenario.name === name);
      assert.ok((long?.statesMax ?? 0) > (statesMax ?? 1_000_000), name);
    }
  });

  it('leaves out interleavings, and no end', () => {
    const cut: SearchScenario = { ...two, parties: 3, faults: { cuts: 1 } };
    const [reduced, full] = [endsOf(cut, true), endsOf(cut, false)];
    assert.deepEqual(reduced.ends, full.ends);
    assert.ok(reduced.states < full.states / 2, `${reduced.states} of ${full.states} states`);
  });
});

describe('the checks of a search', () => {
  it('see two verdicts at parties that reach each other', () => {
    const world = new SearchWorld(two);
    const state = after(world, encodeMove('fail', 0), encodeMove('deliver', 0, 1));
    const [alice] = [world.local.core(state[0] ?? 0)];
    for (const party of [0, 1]) {
      const core = world.local.core(state[party] ?? 0);
      const outcome = { result: 'failed', failure: null, attached: [], digest: `${party}` } as const;
      state[party] = world.local.internCore({ ...core, phase: 'ended', endedAt: 0, outcome });
    }
    assert.match(checkState(world, state, false) ?? '', /^agreement: alice .* and bob .* disagree/);
    assert.equal(alice?.phase, 'aborting');
  });

  it('see success beside failure, also at a party that has crashed since', () => {
    const world = new SearchWorld(two);
    const state = after(world, encodeMove('finish', 0), encodeMove('finish', 1), encodeMove('crash', 1));
    const failure = { code: 'INTERNAL', origin: 'bob', reporter: 'bob', incident: 'i' } as const;
    for (const [party, result] of (['completed', 'failed'] as const).entries()) {
      const core = world.local.core(state[party] ?? 0);
      const outcome = { result, failure: result === 'failed' ? failure : null, attached: [], digest: result };
      state[party] = world.local.internCore({ ...core, phase: 'ended', endedAt: 0, outcome });
    }
    assert.match(checkState(world, state, false) ?? '', /^no success beside failure/);
  });

  it('see a completion before a program was through, and a party that waits for ever', () => {
    const world = new SearchWorld(two);
    const state = after(world, encodeMove('finish', 0));
    assert.match(checkState(world, state, true) ?? '', /^termination: alice waits for ever in phase closing/);
    const core = world.local.core(state[0] ?? 0);
    const outcome = { result: 'completed', failure: null, attached: [], digest: 'done' } as const;
    state[0] = world.local.internCore({ ...core, phase: 'ended', endedAt: 0, outcome });
    assert.match(checkState(world, state, false) ?? '', /^validity: alice completed before bob was through/);
  });

  it('tells the way to a violation', () => {
    const { violation } = search(two, {
      check: (world, state) => (world.core(state, 1).ended && world.isCrashed(state, 0) ? 'planted' : null),
    });
    assert.equal(violation?.says, 'planted');
    assert.ok(violation.story.some((line) => line.startsWith('crash: alice')));
    assert.ok(violation.story.some((line) => /bob receives|lose: bob, alice/.test(line)));
  });
});

describe('the set of seen states', () => {
  it('knows what it was given, beyond its first size, and counts unions', () => {
    const seen = new SeenSet(4);
    for (let i = 0; i < 1_000; i++) assert.equal(seen.add(i, i * 7), true);
    for (let i = 0; i < 1_000; i++) assert.equal(seen.add(i, i * 7), false);
    assert.equal(seen.size, 1_000);
    const other = new SeenSet(4);
    other.add(3, 21);
    other.add(5_000, 1);
    seen.addAll(other.hashes());
    assert.equal(seen.size, 1_001);
  });
});
