import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Lockstep } from '../steps/lockstep.ts';
import { Branch, digestOf, positionOf, type StepPlan, sourceHash } from './branch.ts';
import { Scope } from './scope.ts';

const seed = digestOf(['seed']);
const plan = (more: Partial<StepPlan> = {}): StepPlan => ({
  kind: 'task',
  name: 'a',
  places: ['alice'],
  inputs: [],
  source: 's',
  ...more,
});
const digestAfter = (...plans: StepPlan[]): string => {
  const branch = new Branch('', null, seed, new Scope('', null, []));
  for (const step of plans) branch.issue(step);
  return branch.digest;
};

describe('the digest of a branch', () => {
  it('differs when anything about a step differs', () => {
    const variants = [
      plan(),
      plan({ kind: 'reveal' }),
      plan({ name: 'b' }),
      plan({ places: ['bob'] }),
      plan({ places: ['alice', 'bob'] }),
      plan({ inputs: ['0'] }),
      plan({ inputs: ['0', '1'] }),
      plan({ source: 't' }),
    ];
    assert.equal(new Set(variants.map((variant) => digestAfter(variant))).size, variants.length);
  });

  it('is equal for equal programs and for no others', () => {
    const plans = fc.array(
      fc.record({
        kind: fc.constantFrom('task' as const, 'reveal' as const),
        name: fc.string(),
        places: fc.array(fc.string(), { maxLength: 3 }),
        inputs: fc.array(fc.string(), { maxLength: 3 }),
        source: fc.string(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(plans, plans, (a, b) => {
        assert.equal(digestAfter(...a), digestAfter(...structuredClone(a)));
        assert.equal(digestAfter(...a) === digestAfter(...b), JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it('separates fields that would run together', () => {
    const fields: readonly (string | readonly string[])[][] = [
      ['ab', 'c'],
      ['a', 'bc'],
      [['a', 'b']],
      [['a'], ['b']],
      ['a', ['b']],
    ];
    assert.equal(new Set(fields.map((list) => digestOf(list).toString('hex'))).size, fields.length);
  });

  it('folds branches in their order, not in that of their ends', () => {
    const run = (order: readonly number[]): string => {
      const parent = new Branch('', null, seed, new Scope('', null, []));
      const { stepId } = parent.issue(plan({ kind: 'parallel' }));
      const children = parent.fork(stepId, 2);
      for (const index of order) children[index]?.issue(plan({ name: `in ${index}` }));
      parent.join(children);
      return parent.digest;
    };
    assert.equal(run([0, 1]), run([1, 0]));
    assert.notEqual(run([0, 1]), run([0]));
    assert.notEqual(run([0]), run([1]));
  });
});

describe('the hash of a task', () => {
  it('is that of its source, but for paths that a loader writes into it', () => {
    const make = (body: string) => new Function(body) as () => unknown;
    assert.equal(sourceHash(make('return 1')), sourceHash(make('return 1')));
    assert.notEqual(sourceHash(make('return 1')), sourceHash(make('return 2')));
    assert.equal(
      sourceHash(make('return "file:///a/job.ts"')),
      sourceHash(make('return "file:///b/c/job.ts"')),
    );
  });
});

describe('where a step is', () => {
  it('is past, to come, or never to come', () => {
    const lockstep = new Lockstep(seed, new Scope('', null, []));
    const { root } = lockstep;
    root.issue(plan());
    assert.deepEqual(
      ['0', '1', '9', '1/0/0', '0/0/0'].map((id) => lockstep.whereIs(id)),
      ['past', 'future', 'future', 'future', 'never'],
    );
    const { stepId } = root.issue(plan({ kind: 'parallel' }));
    const [first, second] = lockstep.fork(root, stepId, 2);
    assert.ok(first && second);
    first.issue(plan());
    first.close();
    assert.deepEqual(
      ['1/0/0', '1/0/1', '1/1/0', '1/2/0', '1/1/3/0/0', '1/0/0/0/0', '2'].map((id) => lockstep.whereIs(id)),
      ['past', 'never', 'future', 'never', 'future', 'never', 'future'],
    );
    lockstep.join(root, [first, second]);
    assert.deepEqual(
      ['1/0/0', '1/1/0', '2'].map((id) => lockstep.whereIs(id)),
      ['never', 'never', 'future'],
    );
    root.close();
    assert.equal(lockstep.whereIs('2'), 'never');
  });

  it('is read from its id', () => {
    assert.deepEqual(positionOf('3'), { branch: '', position: 3 });
    assert.deepEqual(positionOf('4/0/2'), { branch: '4/0', position: 2 });
  });

  it('comes before another only if it does so at every party', () => {
    const root = new Branch('', null, seed, new Scope('', null, []));
    const [a, b] = root.fork('0', 2);
    assert.ok(a && b);
    assert.ok(root.isBefore(a) && a.isBefore(a));
    assert.ok(!a.isBefore(b) && !a.isBefore(root));
    const [deep] = a.fork('0/0/0', 1);
    assert.ok(deep);
    assert.ok(deep.isBefore(deep) && a.isBefore(deep) && !deep.isBefore(b));
    a.join([deep]);
    assert.ok(deep.isBefore(a));
    root.join([a, b]);
    assert.ok(a.isBefore(root) && deep.isBefore(root));
  });
});
