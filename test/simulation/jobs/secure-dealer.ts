/** The same of two parties, with a third that deals the correlated randomness and holds no data. */
import { job, secure, tensor } from 'privity';

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
  const spu = secure([alice, bob], { protocol: 'semi2k', dealer: carol });
  const x = alice.run('x', () => tensor([2, 2], Float64Array.of(1, -2.5, 3, 4))).to(spu, { shape: [2, 2] });
  const y = bob.run('y', () => Float64Array.of(2, 10)).to(spu, { shape: [2] });
  const product = x.matmul(y);
  const below = product.lt(0);
  const shown = await reveal(below.select(product, product.add(1)));
  return [...shown.data].map(Math.round);
});
