/** Programs that have to compile. Checked by tsc with the rest; never executed. */
import { type At, job, type Party, PublicError, psi, type Table, tensor, z } from '../../src/index.ts';

declare const readTable: (path: string) => Promise<Table>;

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>): void => {};

export const basics = job(
  { parties: ['alice', 'bob', 'carol'] },
  async ({ alice, bob, carol, reveal, parallel }) => {
    const x = alice.run('x', () => 1);
    same<typeof x, At<'alice', number>>(true);
    const later = alice.run('later', async () => 'text');
    same<typeof later, At<'alice', string>>(true);
    const both = x.to(bob, carol);
    same<typeof both, At<'bob' | 'carol', number>>(true);
    const y = bob.run(
      'y',
      { x: both, mine: bob.run('mine', () => [1n]) },
      ({ x, mine }, { party, signal }) => {
        same<typeof x, number>(true);
        same<typeof mine, bigint[]>(true);
        same<typeof party, 'bob'>(true);
        signal.throwIfAborted();
        return { sum: x, mine };
      },
    );
    const shown = await reveal(y);
    same<typeof shown, { sum: number; mine: bigint[] }>(true);
    const [a, b] = await parallel([
      async () => reveal(x),
      () => carol.run('c', () => tensor([1], Float64Array.of(1))),
    ]);
    same<typeof a, number>(true);
    if (a > 1) throw new PublicError('control flow on public values');
    return (await reveal(b)).shape;
  },
);

interface Loans {
  readonly rows: number;
  readonly means?: Readonly<Record<string, number>>;
  readonly notes: readonly (string | null)[];
}

export const interfaces = job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const loans = alice.run('loans', (): Loans => ({ rows: 1, notes: [null] }));
  const rate = bob.run('rate', { loans: loans.to(bob) }, ({ loans }) => loans.means?.rate);
  return reveal(rate);
});

export const withSchemas = job(
  {
    parties: ['alice', 'bob'],
    args: z.object({ limit: z.coerce.number() }),
    settings: { alice: ['table'], bob: z.object({ file: z.string(), tries: z.number().optional() }) },
  },
  async ({ alice, bob, args, reveal }) => {
    same<typeof args.limit, number>(true);
    const loans = alice.run('load', ({ settings }) => {
      same<typeof settings, { readonly table: string }>(true);
      return readTable(settings.table);
    });
    const clicks = bob.run('load', ({ settings }) => {
      same<typeof settings.tries, number | undefined>(true);
      return readTable(settings.file);
    });
    const aligned = psi({ on: ['id', 'day'] }, loans, clicks);
    same<typeof aligned.alice, At<'alice', Table>>(true);
    const rate = bob.run('rate', { rows: aligned.bob }, ({ rows }) => rows.mean(['clicked']));
    return reveal(rate);
  },
);

export const conclaves = job(
  { parties: ['alice', 'bob', 'carol'], settings: { bob: ['table'] } },
  async ({ alice, bob, carol, conclave, reveal }) => {
    const x = alice.run('x', () => 1);
    const sum = await conclave([alice, bob], async (inner) => {
      const y = inner.bob.run('y', ({ settings }) => settings.table.length);
      const tried = await inner.attempt(async () => inner.reveal(x));
      const both = await inner.conclave([inner.bob], () => 'narrower');
      same<typeof both, At<'bob', string>>(true);
      const used = bob.run('use', { both, z: x.to(inner.bob) }, ({ both, z }) => both.length + z);
      return { sum: (await inner.reveal(y)) + (tried.ok ? tried.value : await inner.reveal(used)) };
    });
    same<typeof sum, At<'alice' | 'bob', { sum: number }>>(true);
    const nothing = await conclave([carol], () => {});
    same<typeof nothing, At<'carol', void>>(true);
    const later = alice.run('later', { sum }, ({ sum }) => sum.sum);
    return [await reveal(sum), await reveal(later), carol.run('c', { sum: sum.to(carol) }, ({ sum }) => sum)];
  },
);

export const quorums = job(
  { parties: ['alice', 'bob', 'carol'], settings: { alice: ['table'], bob: ['table'] } },
  async ({ alice, bob, carol, quorum, reveal }) => {
    const taken = await quorum({ of: [alice, bob], atLeast: 1 }, async (party, { reveal }) => {
      const rows = party.run('rows', ({ settings }) => settings.table.length);
      return reveal(carol.run('check', { rows: rows.to(carol) }, ({ rows }) => rows > 1));
    });
    same<typeof taken.present, readonly ('alice' | 'bob')[]>(true);
    same<typeof taken.values.bob, boolean | undefined>(true);
    for (const { party, failure } of taken.absent) if (party === 'alice') return failure.code;
    return reveal(bob.run('all', () => taken.present.length));
  },
);

/** Functions of one's own over parties and handles. */
function double<P extends string>(party: Party<P>, x: At<P, number>): At<P, number> {
  return party.run('double', { x }, ({ x }) => 2 * x);
}

export const generic = job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const mine = double(
    alice,
    alice.run('x', () => 1),
  );
  same<typeof mine, At<'alice', number>>(true);
  const counts = await Promise.all([reveal(mine), reveal(double(bob, mine.to(bob)))]);
  return counts;
});
