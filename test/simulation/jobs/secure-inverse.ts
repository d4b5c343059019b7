/** Least squares on shares: a system of equations, whose solution is checked by one bit that is opened. */
import { job, secure, tensor } from 'privity';

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
  const spu = secure([alice, bob, carol], { protocol: 'rep3' });
  const gram = alice
    .run('gram', () => tensor([2, 2], Float64Array.of(1, 0.5, 0.5, 1)))
    .to(spu, { shape: [2, 2], max: 1 });
  const moments = bob.run('moments', () => Float64Array.of(1, -1)).to(spu, { shape: [2], max: 1 });
  const shown = await reveal(gram.solve(moments, { condition: 100, max: 10 }));
  return [...shown.data].map((weight) => Math.round(1000 * weight));
});
