/** Jobs of many shapes, one by its name: what opens scopes and conclaves, and what lets values leave. */
import { type JobContext, job, psi, secure, tableOf, z } from 'privity';

type Three = 'alice' | 'bob' | 'carol';
type Context = JobContext<Three, { readonly shape: string }, object>;

const never = ({ signal }: { readonly signal: AbortSignal }): Promise<number> =>
  new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)));

const shapes = {
  'two attempts in a row': async ({ alice, bob, attempt, reveal }: Context) => {
    const one = await attempt(() => reveal(alice.run('one', () => 1)));
    const two = await attempt(() => reveal(bob.run('two', () => 2)));
    return [one.ok, two.ok];
  },
  'an attempt in an attempt': async ({ alice, bob, attempt, reveal }: Context) => {
    const outer = await attempt(async () => {
      const inner = await attempt(() => reveal(bob.run('fails', () => Promise.reject(new Error('no')))));
      return [inner.ok, await reveal(alice.run('after', () => 2))];
    });
    return outer.ok ? outer.value : 'failed';
  },
  'scopes, three deep': async ({ alice, bob, carol, attempt, retry, reveal }: Context) =>
    retry({ attempts: 3, when: () => true }, (n) =>
      attempt(async () => {
        const seen = await reveal(bob.run('seen', { x: alice.run('x', () => n).to(bob) }, ({ x }) => x));
        const deep = await attempt(() => reveal(carol.run('deep', () => seen)));
        return deep.ok;
      }).then(({ ok }) => ok),
    ),
  'a retry that succeeds in its third attempt': async ({ carol, retry, reveal }: Context) =>
    retry({ attempts: 3, when: () => true }, (n) => {
      const tried = carol.run('third time', () => {
        if (n < 3) throw new Error('not yet');
        return n;
      });
      return reveal(tried);
    }),
  'a deadline that passes': async ({ alice, bob, attempt, deadline, reveal }: Context) => {
    const late = await attempt(() => deadline(50, () => reveal(alice.run('slow', never))));
    return [late.ok, await reveal(bob.run('after', () => 1))];
  },
  'conclaves, one of them without the first party': async ({
    alice,
    bob,
    carol,
    conclave,
    reveal,
  }: Context) => {
    const inner = await conclave([bob, carol], async ({ attempt, reveal }) => {
      const tried = await attempt(() => reveal(carol.run('y', () => 2)));
      const again = await attempt(() => reveal(bob.run('z', () => 3)));
      return [tried.ok, again.ok];
    });
    const outer = await conclave([alice, bob], async ({ reveal }) => reveal(alice.run('x', () => 1)));
    return [await reveal(inner), await reveal(outer)];
  },
  'a quorum of two': async ({ alice, bob, carol, quorum, reveal }: Context) => {
    const taken = await quorum({ of: [alice, bob, carol], atLeast: 2 }, (party) =>
      reveal(party.run('part', () => 1)),
    );
    return [taken.present.length > 1, await reveal(alice.run('after', () => 2))];
  },
  'parallel branches with attempts': async ({ alice, bob, carol, parallel, attempt, reveal }: Context) => {
    const tried = await parallel([
      () => attempt(() => reveal(alice.run('one', () => 'x'.repeat(3_000)))),
      () => attempt(() => reveal(bob.run('two', () => Promise.reject(new Error('no'))))),
      () => reveal(carol.run('three', () => 3)),
    ]);
    return [tried[0].ok, tried[1].ok, tried[2]];
  },
  'an intersection': async ({ alice, bob, carol, reveal }: Context) => {
    const mine = alice.run('mine', () => tableOf({ id: ['a', 'b', 'c'] }));
    const hers = bob.run('hers', () => tableOf({ id: ['b', 'c', 'd'] }));
    const both = psi({ on: 'id' }, mine, hers);
    const count = alice.run('count', { rows: both.alice }, ({ rows }) => rows.rowCount);
    return reveal(carol.run('double', { count: count.to(carol) }, ({ count }) => 2 * count));
  },
  'a device of three in an attempt': async ({ alice, bob, carol, attempt, reveal }: Context) => {
    const spu = secure([alice, bob, carol], { protocol: 'rep3' });
    const tried = await attempt(async () => {
      const x = alice.run('x', () => Float64Array.of(1, 2, 3, 4)).to(spu, { shape: [4] });
      const y = bob.run('y', () => Float64Array.of(4, 3, 2, 1)).to(spu, { shape: [4] });
      return Math.round((await reveal(x.mul(y).sum().as('product'))).data[0] ?? 0);
    });
    const refused = await attempt(async () => {
      const x = carol.run('x', () => new Float64Array(5)).to(spu, { shape: [4] });
      return reveal(x.mean().as('mean'));
    });
    return [tried.ok && tried.value, refused.ok];
  },
  'a device of two with a dealer': async ({ alice, bob, carol, reveal }: Context) => {
    const spu = secure([alice, bob], { protocol: 'semi2k', dealer: carol });
    const x = alice.run('x', () => Float64Array.of(1, 2)).to(spu, { shape: [2] });
    const opened = x.mul(2).to(bob);
    return reveal(
      bob.run('sum', { opened }, ({ opened }) => Math.round(opened.data.reduce((a, b) => a + b, 0))),
    );
  },
};

export const SHAPES = Object.keys(shapes) as readonly (keyof typeof shapes)[];

export default job(
  { parties: ['alice', 'bob', 'carol'], args: z.object({ shape: z.enum(SHAPES) }) },
  (context): Promise<unknown> => shapes[context.args.shape](context as unknown as Context),
);
