/** Programs that have to compile. Checked by tsc with the rest; never executed. */
import {
  type AnyDevice,
  type At,
  job,
  type KeyComparison,
  type Party,
  PublicError,
  profileKeys,
  psi,
  type Secret,
  type SecureDevice,
  secure,
  type Table,
  type Tensor,
  tensor,
  z,
} from '../../src/index.ts';

declare const readTable: (path: string) => Promise<Table>;
declare const table: Table;

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
    const one = psi({ on: { left: 'id', right: 'key' }, receivers: 'bob' }, loans, clicks);
    same<typeof one, { readonly bob: At<'bob', Table> }>(true);
    const count = psi(
      { on: 'id', cardinality: true, normalise: { id: ['trim', { zeros: 8 }] } },
      loans,
      clicks,
    );
    same<typeof count, { readonly alice: At<'alice', number>; readonly bob: At<'bob', number> }>(true);
    psi({ on: 'id', payload: { bob: 'clicked' }, duplicates: { upTo: 3 } }, loans, clicks);
    const keys = profileKeys({ on: 'id', normalise: { id: 'trim' }, minimumCount: 30 }, loans, clicks);
    same<typeof keys, { readonly alice: At<'alice', KeyComparison>; readonly bob: At<'bob', KeyComparison> }>(
      true,
    );
    await reveal(
      bob.run('rules', { keys: keys.bob }, ({ keys }) => keys.suggestions.map(({ rule }) => rule)),
    );
    const spu = secure([alice, bob], { protocol: 'semi2k' });
    const payload = { alice: ['age'], bob: { clicked: { dtype: 'integer' }, day: {} } } as const;
    const joined = psi({ on: 'id', into: { device: spu, rows: 100 }, payload }, loans, clicks);
    same<typeof joined.matches, Secret<typeof spu, 'boolean'>>(true);
    same<typeof joined.alice, { readonly age: Secret<typeof spu> }>(true);
    same<typeof joined.bob.clicked, Secret<typeof spu, 'integer'>>(true);
    same<typeof joined.bob.day, Secret<typeof spu>>(true);
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

/** A function of one's own over any device. */
function distance<D extends AnyDevice>(x: Secret<D>, y: Secret<D>): Secret<D> {
  return x.sub(y).square().sum().sqrt();
}

export const secrets = job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
  const spu = secure([alice, bob, carol], { protocol: 'rep3' });
  same<typeof spu, SecureDevice<'alice' | 'bob' | 'carol', 'rep3'>>(true);
  const again = secure([carol, alice, bob], { protocol: 'rep3', fracBits: 18 });
  const x = alice.run('x', () => tensor([2, 2], Float64Array.of(1, 2, 3, 4))).to(spu, { shape: [2, 2] });
  same<typeof x, Secret<typeof spu>>(true);
  const y = bob.run('y', (): Table => table).to(again, { shape: [2, 2] });
  const one = carol.run('one', () => 1).to(spu);
  const whole = bob.run('k', () => [1, 2]).to(spu, { shape: [2], dtype: 'integer' });
  same<typeof whole, Secret<typeof spu, 'integer'>>(true);
  const positive = x.gt(0);
  same<typeof positive, Secret<typeof spu, 'boolean'>>(true);
  const chosen = positive
    .and(y.lt([1, 2]))
    .select(x, 0)
    .add(one);
  same<typeof chosen, Secret<typeof spu>>(true);
  const counted = whole
    .cast('fixed')
    .add(positive.cast('fixed').sum(0))
    .concat([spu.constant([1, 2])]);
  same<typeof counted, Secret<typeof spu>>(true);
  const mixed = whole.mul(x.clamp(0, 9));
  same<typeof mixed, Secret<typeof spu>>(true);
  const squares = whole.assume({ min: 0, max: 9 }).dot(whole);
  same<typeof squares, Secret<typeof spu, 'integer'>>(true);
  const ordered = x.matmul(whole).sortBy(whole);
  same<typeof ordered, Secret<typeof spu>>(true);
  const bounded = carol.run('age', () => 40).to(spu, { min: 0, max: 130, dtype: 'integer' });
  same<typeof bounded, Secret<typeof spu, 'integer'>>(true);
  const flags = positive.select(1, 0);
  same<typeof flags, Secret<typeof spu>>(true);
  const atBob = distance(x, y).as('distance').to(bob);
  same<typeof atBob, At<'bob', Tensor<Float64Array>>>(true);
  bob.run('show', { atBob }, ({ atBob }) => atBob.data[0]);
  const shown = await reveal(counted.matmul(tensor([4, 1], new Float64Array(4))));
  same<typeof shown, Tensor<Float64Array>>(true);
  const both = secure([alice, bob], { protocol: 'semi2k', dealer: carol });
  same<typeof both, SecureDevice<'alice' | 'bob', 'semi2k'>>(true);
  const anySecret = [chosen, whole][shown.shape[0] ?? 0];
  return anySecret ? (await reveal(anySecret)).data : null;
});

// A promise of the whole result is awaited by the runtime, and what is no promise may have any form.
interface Tree {
  readonly left?: Tree;
  readonly values: ReadonlyMap<string, readonly Date[]>;
}
declare const tree: Tree;
export const promised = job({ parties: ['alice'] }, ({ alice, reveal }) => reveal(alice.run('x', () => 1)));
export const nested = job({ parties: ['alice'] }, async ({ parallel, attempt, alice, reveal }) => {
  const [x] = await parallel([() => reveal(alice.run('x', () => 1))]);
  same<typeof x, number>(true);
  const tried = await attempt(() => reveal(alice.run('y', () => 'text')));
  if (tried.ok) same<typeof tried.value, string>(true);
  return { tree, x, anything: tried as unknown, list: [{ a: 1 }, null] };
});
