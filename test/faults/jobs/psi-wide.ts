/** An intersection whose result does not fit onto the disk of bob: test/faults/psi-full-disk.test.ts. */
import { job, psi, tableOf, writeTable, z } from 'privity';

/** In every id, and nowhere else. */
const CANARY = 'canary-in-an-id';
/** Characters of what stands beside each of bob's ids: a multiple of 32, which is what one digest has. */
const NOTE_CHARS = 8192;

const args = z.object({
  protocol: z.enum(['dh', 'rr22']),
  rows: z.coerce.number(),
  /** Whether bob writes the rows of the result to a file. */
  writes: z.enum(['yes', 'no']),
});
const holder = z.object({ output: z.string() });

export default job(
  { parties: ['alice', 'bob'], args, settings: { bob: holder } },
  async ({ alice, bob, reveal, args: { protocol, rows: count, writes } }) => {
    const ids = () => tableOf({ id: Array.from({ length: count }, (_, row) => `${CANARY}-${row}`) });
    const left = alice.run('left', ids);
    const right = bob.run('right', async () =>
      (await ids()).query(`SELECT id, repeat(md5(id), ${NOTE_CHARS / 32}) AS note FROM rows`),
    );
    const both = psi({ on: 'id', protocol }, left, right);
    const counted = bob.run('write', { rows: both.bob }, async ({ rows }, { settings }) => {
      if (writes === 'yes') await writeTable(rows, settings.output);
      return rows.rowCount;
    });
    return { shared: await reveal(counted) };
  },
);
