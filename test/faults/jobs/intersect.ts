/** Two parties and an intersection of a few rows. */
import { job, psi, secure, tableOf, z } from 'privity';

export default job(
  {
    parties: ['alice', 'bob'],
    args: z.object({ protocol: z.enum(['dh', 'rr22', 'any', 'shares']).default('any') }),
  },
  async ({ alice, bob, args, reveal }) => {
    const a = alice.run('a', () => tableOf({ id: ['x', 'y', 'z'] }));
    const b = bob.run('b', () => tableOf({ id: ['z', 'x'] }));
    if (args.protocol === 'shares') {
      const device = secure([alice, bob], { protocol: 'semi2k' });
      const joined = psi({ on: 'id', into: { device, rows: 3 } }, a, b);
      const { data } = await reveal(joined.matches.cast('integer').sum());
      return { rows: data[0] };
    }
    const named = args.protocol === 'any' ? {} : { protocol: args.protocol };
    const both = psi({ on: 'id', ...named }, a, b);
    return { rows: await reveal(alice.run('rows', { both: both.alice }, ({ both }) => both.rowCount)) };
  },
);
