import { job, psi, readTable, z } from 'privity';

const file = z.object({ table: z.string() });

// What do customers whom both shops know spend at bob's? Neither shop shows the other its list of customers.
export default job(
  { parties: ['alice', 'bob'], settings: { alice: file, bob: file } },
  async ({ alice, bob, reveal }) => {
    const members = alice.run('load members', ({ settings }) => readTable(settings.table));
    const orders = bob.run('load orders', ({ settings }) => readTable(settings.table));

    const shared = psi({ on: 'customer_id' }, members, orders);

    const count = alice.run('count', { rows: shared.alice }, ({ rows }) => rows.rowCount);
    const spent = bob.run('mean', { rows: shared.bob }, ({ rows }) => rows.mean(['euros']));

    return { sharedCustomers: await reveal(count), meanAtBob: await reveal(spent) };
  },
);
