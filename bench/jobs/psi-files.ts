/** Two files in, two files out: each party's rows whose id the other has, too, in the same order at both. */
import { job, type PsiOptions, psi, readTable, writeTable, z } from 'privity';

const files = z.object({ table: z.string(), result: z.string() });

/** Declared, since the other systems do not look for types either. */
const TYPES = { id: 'VARCHAR', number: 'BIGINT' } as const;

export default job(
  {
    parties: ['alice', 'bob'],
    // Any name: `psi` refuses those that it does not have.
    args: z.object({ protocol: z.string() }),
    settings: { alice: files, bob: files },
  },
  async ({ alice, bob, args }) => {
    const protocol = args.protocol as PsiOptions['protocol'] & string;
    const mine = alice.run('read', ({ settings }) => readTable(settings.table, { types: TYPES }));
    const theirs = bob.run('read', ({ settings }) => readTable(settings.table, { types: TYPES }));
    const shared = psi({ on: 'id', protocol }, mine, theirs);
    alice.run('write', { rows: shared.alice }, ({ rows }, { settings }) => writeTable(rows, settings.result));
    bob.run('write', { rows: shared.bob }, ({ rows }, { settings }) => writeTable(rows, settings.result));
  },
);
