import { job, psi, readTable, writeTable, z } from 'privity';

/** An answer about fewer customers could point at one, so nobody gets it. */
const CUSTOMERS_MIN = 10;

/**
 * A bank (alice) asks an agency (bob) that has called people for several clients how the calls with its own customers
 * ended. The agency learns nothing of the bank's customers but how many there are.
 */
export default job(
  {
    parties: ['alice', 'bob'],
    settings: {
      /** A file with the columns phone, contact, last_campaign; and where the answer goes. */
      alice: z.object({ table: z.string(), output: z.string() }),
      /** A file with the columns number, month, accepted. */
      bob: z.object({ table: z.string() }),
    },
  },
  async ({ alice, bob }) => {
    const customers = alice.run('load customers', ({ settings }) => readTable(settings.table));
    const calls = bob.run('load calls', ({ settings }) => readTable(settings.table));

    const called = psi(
      {
        on: { left: 'phone', right: 'number' },
        // The bank writes +4930231250, the agency (030) 231250: one form for both.
        normalise: { phone: { phone: '+49' } },
        // Withheld numbers belong to nobody.
        nulls: 'leave out',
        receivers: 'alice',
        payload: { bob: ['month', 'accepted'] },
        minimumRows: CUSTOMERS_MIN,
      },
      customers,
      calls,
    );

    alice.run('write answer', { rows: called.alice }, ({ rows }, { settings }) =>
      writeTable(rows, settings.output),
    );
  },
);
