import { job, PublicError, psi, readTable, z } from 'privity';

const file = z.object({ table: z.string() });

/** With fewer customers in common a mean would point at persons. */
const SHARED_MIN = 10;

// What do customers whom both shops know spend at bob's? Neither shop shows the other its list of customers.
export default job(
  { parties: ['alice', 'bob'], settings: { alice: file, bob: file } },
  async ({ alice, bob, reveal }) => {
    const members = alice.run('load members', ({ settings }) => readTable(settings.table));
    const orders = bob.run('load orders', ({ settings }) => readTable(settings.table));

    const shared = psi({ on: 'customer_id' }, members, orders);

    const count = await reveal(alice.run('count', { rows: shared.alice }, ({ rows }) => rows.rowCount));
    if (count < SHARED_MIN)
      throw new PublicError('too few customers in common', { details: { needed: SHARED_MIN } });

    const spent = bob.run('mean', { rows: shared.bob }, ({ rows }) => rows.mean(['euros']));
    return { sharedCustomers: count, meanAtBob: await reveal(spent) };
  },
);
