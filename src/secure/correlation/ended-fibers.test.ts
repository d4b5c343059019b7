import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { EndedFibers } from './ended-fibers.ts';

interface Tree {
  readonly asks: boolean;
  readonly forks: readonly (readonly Tree[])[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    asks: fc.boolean(),
    forks: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(fc.array(tie('tree'), { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
    ),
  }),
}));

it('every fiber may ask while it lives, none after its end, and what is kept does not grow (law)', () => {
  fc.assert(
    fc.property(tree, ({ forks }) => {
      const fibers = new EndedFibers(1 << 16);
      const ended: string[] = [];
      const refused = (path: string): void =>
        assert.throws(() => fibers.requireLive(path), { code: 'PRIVITY_DEALER_PROTOCOL' }, path);
      const live = (path: string, fiber: Tree): void => {
        if (fiber.asks) fibers.requireLive(path);
        fiber.forks.forEach((children, fork) => {
          children.forEach((child, index) => {
            const name = `${path}/${fork}.${index}`;
            live(name, child);
            // Only of one that has asked does a dealer hear that it has ended.
            if (!child.asks) return;
            fibers.end(name);
            ended.push(name);
          });
        });
        for (const path of ended) refused(path);
        if (fiber.asks) fibers.requireLive(path);
      };
      live('', { asks: true, forks });
    }),
    { numRuns: share(200) },
  );
});

it('paths that are none, and more fibers than there may be, are refused', () => {
  const fibers = new EndedFibers(2);
  for (const path of ['/', '/1', '/1.', '/1.2.3', '/.1/2'])
    assert.throws(() => fibers.requireLive(path), { code: 'PRIVITY_DEALER_PROTOCOL' }, path);
  fibers.requireLive('/0.0/0.0');
  assert.throws(() => fibers.requireLive('/0.0/0.0/0.0'), /more concurrent/);
});
