/** An intersection of a hundred ids by the protocol that is asked for: test/simulation/psi-phases.test.ts. */
import { job, psi, tableOf, z } from 'privity';

/** Ids of each party, and how many of them both have. */
const ROWS = 100;
const SHARED = 40;

const args = z.object({
  protocol: z.enum(['dh', 'rr22']),
  /** A task that prints an id, which no record may have. */
  prints: z.boolean().default(false),
});
/** What every id begins with: whoever finds it in a record has found an id. */
const holder = z.object({ idsBeginWith: z.string() });

export default job(
  { parties: ['alice', 'bob'], args, settings: { alice: holder, bob: holder } },
  async ({ alice, bob, reveal, args: { protocol, prints } }) => {
    const ids = (from: number, beginWith: string) => {
      const id = Array.from({ length: ROWS }, (_, place) => `${beginWith}${from + place}`);
      if (prints) console.log(id[0]);
      return tableOf({ id });
    };
    const atAlice = alice.run('load', ({ settings }) => ids(0, settings.idsBeginWith));
    const atBob = bob.run('load', ({ settings }) => ids(ROWS - SHARED, settings.idsBeginWith));
    const both = psi({ on: 'id', protocol }, atAlice, atBob);
    return [
      await reveal(alice.run('count', { rows: both.alice }, ({ rows }) => rows.rowCount)),
      await reveal(bob.run('count', { rows: both.bob }, ({ rows }) => rows.rowCount)),
    ];
  },
);
