import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds } from '../../test/parts/program-world.ts';
import { closeDatabase, tableOf } from '../data/index.ts';
import type { Tensor } from '../wire/value-kinds.ts';
import { secure } from './devices/secure/device.ts';
import { OPERATIONS_PENDING_MAX } from './devices/secure/runtime.ts';
import type { Secret } from './model/at.ts';
import type { AnyDevice } from './model/device-types.ts';
import { job } from './model/job.ts';
import { tensor } from './model/tensor.ts';

const world = useWorlds();
after(closeDatabase);

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const four = { parties: ['alice', 'bob', 'carol', 'dave'] } as const;
const numbers = (...list: number[]): Float64Array => Float64Array.from(list);
const near = (actual: readonly number[], wanted: readonly number[], within: number): void => {
  assert.equal(actual.length, wanted.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - (wanted[i] ?? Number.NaN)) <= within, `${actual} is not ${wanted}`);
  });
};

describe('a secret', () => {
  it('is shared, computed with and revealed, also to a party that is no member', async () => {
    const w = await world(
      job(four, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => tensor([2, 2], numbers(1, -2.5, 3, 4))).to(spu, { shape: [2, 2] });
        const y = bob.run('y', () => numbers(2, 10)).to(spu, { shape: [2] });
        const shown = await reveal(x.matmul(y).add(0.5));
        return [[...shown.shape], [...shown.data]];
      }),
    );
    const results = await w.results();
    for (const party of four.parties) {
      const [shape, data] = results[party] as [number[], number[]];
      assert.deepEqual(shape, [2]);
      near(data, [-22.5, 46.5], 1e-4);
    }
  });

  it('of a table has its rows and columns, and is opened to one member', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const rows = bob.run('t', () => tableOf({ a: numbers(1, 2, 3), b: Int32Array.of(4, 5, 6) }));
        const atAlice = rows
          .to(spu, { shape: [3, 2] })
          .as('both columns')
          .to(alice);
        alice.run('look', { atAlice }, ({ atAlice }) => {
          assert.deepEqual([...atAlice.shape, ...atAlice.data], [3, 2, 1, 4, 2, 5, 3, 6]);
        });
      }),
    );
    await w.results();
    const ledger = (party: string) =>
      w.of(party).host.disclosures.map(({ kind, name, to, type, shape }) => [kind, name, to, type, shape]);
    assert.deepEqual(ledger('bob')[0], [
      ...['share', 't', ['alice', 'carol']],
      ...['secret fixed tensor, all within -4096 to 4096', [3, 2]],
    ]);
    const opened = ['bob', 'carol'].flatMap(ledger).filter(([kind]) => kind === 'reveal');
    assert.deepEqual(opened, [['reveal', 'both columns', ['alice'], 'opened fixed tensor', [3, 2]]]);
    assert.deepEqual(ledger('alice'), []);
  });

  it('that is opened as a truncation left it says so in the ledger, and what is opened to one is told by one', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => numbers(1.5, 2.25, -3)).to(spu, { shape: [3], max: 8 });
        const y = bob.run('y', () => numbers(1.5, 2.25, -3)).to(spu, { shape: [3], max: 8 });
        await reveal(x.mul(y).as('product'));
        await reveal(x.mul(y).slice(0, 2).neg().add(1).mul(3).as('moved'));
        await reveal(x.mul(y, { truncation: 'exact' }).as('exact'));
        await reveal(x.mul(y).add(x).as('sum'));
        await reveal(x.mul(2).as('doubled'));
        x.mul(y).as('to carol').to(carol);
      }),
    );
    await w.results();
    const opened = (party: string) =>
      w
        .of(party)
        .host.disclosures.filter(({ kind }) => kind === 'reveal')
        .map(({ name, type }) => [name, type]);
    const plain = 'opened fixed tensor';
    const traces = `${plain}, with traces of dropped bits`;
    const all = [
      ['product', traces],
      ['moved', traces],
      ['exact', plain],
      ['sum', plain],
      ['doubled', plain],
    ];
    assert.deepEqual(opened('alice'), all);
    assert.deepEqual(opened('bob'), [...all, ['to carol', traces]]);
    assert.deepEqual(opened('carol'), all);
  });

  it('of every kind has its operations, with the results of the same computation in the open', async () => {
    const x = [3, -1.5, 0.25, 2];
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const a = alice.run('a', () => x).to(spu, { shape: [4], max: 8 });
        const b = bob.run('b', () => numbers(2, 2, 4, -1)).to(spu, { shape: [4], max: 8 });
        const [sizes, divisors] = [a, b].map((one) => one.abs().assume({ min: 0.25, max: 8 })) as [
          typeof a,
          typeof b,
        ];
        const k = carol.run('k', () => Int32Array.of(5, 3, 9, 9)).to(spu, { shape: [4], dtype: 'integer' });
        const bit = a.gt(0);
        const fixed = [
          ...[
            a.add(b),
            a.sub(1),
            a.neg(),
            a.mul(b),
            a.square(),
            a.abs(),
            a.relu(),
            a.div(divisors),
            divisors.reciprocal(),
          ],
          ...[a.abs().sqrt(), sizes.rsqrt(), a.exp(), sizes.log(), a.sigmoid(), a.tanh(), a.softmax()],
          ...[a.minimum(b), a.maximum(0), a.cumulativeSum(), a.sort(), bit.select(a, b), bit.select(a, 7)],
          ...[a.reshape([2, 2]).transpose().reshape([-1]), a.slice(1, 3).concat([b.gather([3, 0])])],
          ...[
            a.groupSum([0, 1, 0, 1], 4),
            bit.and(b.lt(3)).or(a.eq(b)).cast('fixed'),
            bit.xor(true).not().cast('fixed'),
          ],
          ...[a.dot(b), a.sum(), a.mean(), a.min(), a.max()].map((one) => one.reshape([1])),
        ];
        const whole = [
          k.add(1),
          k.mul(k),
          k.shift(2),
          k.shift(-1),
          k.groupSum(k.sub(k), 4),
          k.cast('fixed').cast('integer'),
        ];
        const sums = [
          k.sum().reshape([1]),
          k.argmax().reshape([1]),
          a.le(b).cast('integer').sum().reshape([1]),
        ];
        const shown = [];
        for (const one of [...fixed, ...whole, ...sums]) shown.push([...(await reveal(one)).data]);
        const order = await reveal(k.shuffle().sort());
        return [...shown, [...order.data]];
      }),
    );
    const results = await w.results();
    const shown = results.bob as number[][];
    const y = [2, 2, 4, -1];
    const map = (f: (v: number, w: number) => number): number[] => x.map((v, i) => f(v, y[i] ?? 0));
    const exps = x.map(Math.exp);
    const total = exps.reduce((sum, v) => sum + v, 0);
    const wanted = [
      ...[map((v, w) => v + w), map((v) => v - 1), map((v) => -v), map((v, w) => v * w), map((v) => v * v)],
      ...[
        map(Math.abs),
        map((v) => Math.max(v, 0)),
        map((v, w) => v / Math.abs(w)),
        map((_, w) => 1 / Math.abs(w)),
      ],
      ...[map((v) => Math.sqrt(Math.abs(v))), map((v) => 1 / Math.sqrt(Math.abs(v))), exps],
      ...[map((v) => Math.log(Math.abs(v))), map((v) => 1 / (1 + Math.exp(-v))), map((v) => Math.tanh(v))],
      ...[exps.map((v) => v / total), map(Math.min), map((v) => Math.max(v, 0)), [3, 1.5, 1.75, 3.75]],
      ...[
        [-1.5, 0.25, 2, 3],
        map((v, w) => (v > 0 ? v : w)),
        map((v) => (v > 0 ? v : 7)),
        [3, 0.25, -1.5, 2],
      ],
      ...[
        [-1.5, 0.25, -1, 2],
        [3.25, 0.5, 0, 0],
        [1, 0, 0, 1],
        [1, 0, 1, 1],
      ],
      ...[[2], [3.75], [0.9375], [-1.5], [3]],
      ...[
        [6, 4, 10, 10],
        [25, 9, 81, 81],
        [20, 12, 36, 36],
        [2, 1, 4, 4],
        [26, 0, 0, 0],
        [5, 3, 9, 9],
        [26],
        [2],
        [2],
      ],
      [3, 5, 9, 9],
    ];
    assert.equal(shown.length, wanted.length);
    for (const [i, due] of wanted.entries()) near(shown[i] ?? [], due, 2e-3);
    assert.deepEqual(results.alice, shown);
  });

  it('is rounded down where the job says so, and summed up along the first axis', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice
          .run('x', () =>
            tensor(
              [2, 2],
              numbers(-1, 1, 3, 5).map((v) => v / 2 ** 18),
            ),
          )
          .to(spu, { shape: [2, 2], max: 1 });
        const half = x.sub(x).add(0.5);
        const exact = { truncation: 'exact' } as const;
        const products = [x.mul(half, exact), x.mul(0.5, exact), half.matmul(x, exact), x.square(exact)];
        const shown = [];
        for (const one of [...products, x.cumulativeSum()]) {
          const { data } = await reveal(one);
          shown.push([...data].map((value) => value * 2 ** 18));
        }
        return shown;
      }),
    );
    const [byHalf, byPublic, matrix, square, sums] = (await w.results()).carol as number[][];
    assert.deepEqual(byHalf, [-1, 0, 1, 2]);
    assert.deepEqual(byPublic, [-1, 0, 1, 2]);
    assert.deepEqual(matrix, [1, 3, 1, 3]);
    assert.deepEqual(square, [0, 0, 0, 0]);
    assert.deepEqual(sums, [-1, 1, 2, 6]);
  });

  it('shares its rounds with others that do not need its result, in steps of their own', async () => {
    const costs = async (together: boolean) => {
      const w = await world(
        job(three, async ({ alice, bob, carol, reveal }) => {
          const spu = secure([alice, bob, carol], { protocol: 'rep3' });
          const x = alice.run('x', () => numbers(1, 2, 3)).to(spu, { shape: [3] });
          const compared = [0, 1, 2, 3].map((limit) => x.lt(limit).cast('fixed'));
          if (together) return [...(await reveal(compared.reduce((sum, one) => sum.add(one)))).data];
          let sum: number[] = [0, 0, 0];
          for (const one of compared) {
            const { data } = await reveal(one);
            sum = sum.map((value, i) => value + (data[i] ?? 0));
          }
          return sum;
        }),
      );
      assert.deepEqual((await w.results()).carol, [2, 1, 0]);
      return w.of('alice').host;
    };
    const one = await costs(true);
    const rounds = one.costs.reduce((sum, cost) => sum + cost.rounds, 0);
    assert.equal(one.costs.length, 1, 'one exchange');
    // Sharing, comparison, conversion, opening, and the agreement on seeds: not four times.
    assert.ok(rounds < 20, `${rounds} rounds`);
    const lines = one.costs.flatMap(({ operations }) => operations);
    assert.deepEqual(
      lines.filter(({ operation }) => operation === 'lt').map(({ count, elements }) => [count, elements]),
      [[4, 12]],
    );
    assert.deepEqual(
      one.trail.filter(({ kind }) => kind === 'secure' || kind === 'exchange').map(({ name }) => name),
      ['lt', 'cast', 'lt', 'cast', 'lt', 'cast', 'lt', 'cast', 'add', 'add', 'add', 'rep3: 13 operations'],
    );
    assert.ok((await costs(false)).costs.length > 1);
  });

  it('is computed by and by in a long loop, and at the end also if nobody asks', async () => {
    const w = await world(
      job(three, ({ alice, bob, carol }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        let x: Secret<typeof spu> = alice.run('x', () => 1).to(spu);
        for (let i = 0; i < 3 * OPERATIONS_PENDING_MAX; i++) x = x.add(1);
      }),
    );
    await w.results();
    const { costs, trail, finished } = w.of('bob').host;
    assert.equal(costs.length, 4);
    assert.equal(trail.filter(({ kind }) => kind === 'secure').length, 3 * OPERATIONS_PENDING_MAX);
    assert.equal(finished.length, trail.filter(({ kind }) => kind !== 'task').length);
    assert.ok(finished.every(({ outcome }) => outcome === 'completed'));
  });

  it('crosses branches that have joined, and scopes that have succeeded', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal, parallel, attempt }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => 3).to(spu, { max: 10 });
        const [a, b] = await parallel([async () => x.add(1), async () => x.mul(x)]);
        const tried = await attempt(() => a.mul(b));
        return tried.ok ? (await reveal(tried.value.add(x))).data[0] : undefined;
      }),
    );
    near(Object.values(await w.results()) as number[], [39, 39, 39], 1e-3);
  });
});

describe('semi2k', () => {
  // biome-ignore lint/suspicious/noExplicitAny: which parties are members is only known when the job runs
  type Js = any;
  const compute = (name: string, members: readonly string[], dealer?: string) =>
    it(name, async () => {
      const w = await world(
        job(four, async (context) => {
          const { alice, bob, reveal, attempt }: Js = context;
          const options: Js = { protocol: 'semi2k', ...(dealer ? { dealer: (context as Js)[dealer] } : {}) };
          const spu = secure(members.map((member) => (context as Js)[member]) as Js, options);
          const x = alice.run('x', () => numbers(1, -2, 3)).to(spu, { shape: [3] });
          const y = bob.run('y', () => numbers(2, 2, 0.5)).to(spu, { shape: [3] });
          const product = await reveal(x.mul(y));
          const tried = await attempt(async () => [...(await reveal(x.lt(y).select(x, y))).data]);
          return [[...product.data], tried.ok && tried.value, [...(await reveal(x.add(y))).data]];
        }),
      );
      const results = (await w.results()) as Record<string, [number[], number[], number[]]>;
      for (const party of four.parties) {
        const [product, smaller, sum] = results[party] ?? [[], [], []];
        near(product, [2, -4, 1.5], 1e-3);
        near(smaller, [1, -2, 0.5], 1e-3);
        near(sum, [3, 0, 3.5], 1e-3);
      }
      for (const party of four.parties) {
        assert.ok(w.of(party).host.finished.every(({ outcome }) => outcome === 'completed'));
      }
      const released = Object.values(await w.close());
      assert.ok(released.every(({ mailboxMessages, pendingSends }) => mailboxMessages + pendingSends === 0));
    });
  compute('of two, who make their own correlated randomness', ['alice', 'bob']);
  compute('of two, with a dealer', ['alice', 'bob'], 'carol');
  compute(
    'of three, with a dealer who comes first in the federation order of none',
    ['alice', 'bob', 'dave'],
    'carol',
  );
});

it('a device works in a conclave of its members, and nobody else takes part', async () => {
  const w = await world(
    job(four, async ({ alice, bob, carol, conclave, reveal }) => {
      const outside = secure([alice, bob, carol], { protocol: 'rep3' });
      const before = alice.run('x', () => 5).to(outside);
      const inside = await conclave([alice, bob, carol], async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const y = bob.run('y', () => 3).to(spu);
        return (await reveal(y.mul(before))).data[0] ?? 0;
      });
      return Math.round(await reveal(inside));
    }),
  );
  assert.deepEqual(Object.values(await w.results()), [15, 15, 15, 15]);
  assert.ok(!w.of('dave').host.trail.some(({ stepId, kind }) => stepId.includes('/') && kind === 'secure'));
});

describe('a failure', () => {
  it('of a member in the middle ends the computation everywhere, and none is blamed for what follows', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => numbers(1, 2)).to(spu, { shape: [2] });
        await reveal(x);
        carol.run('fails', () => {
          throw new Error('no');
        });
        let y: Secret<typeof spu> = x;
        for (let i = 0; i < 500; i++) y = y.mul(x).lt(1).cast('fixed');
        return (await reveal(y)).data.length;
      }),
    );
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    assert.equal(w.of('carol').host.failures.length, 1);
    for (const party of ['alice', 'bob']) assert.deepEqual(w.of(party).host.failures, []);
  });

  it('of an attempt destroys its randomness; the next scope agrees on new', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal, attempt, parallel }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => 2).to(spu, { max: 10 });
        const failed = await attempt(async () => {
          const y = x.mul(x);
          await reveal(y);
          const bad = bob.run('bad', () => Number.NaN).to(spu);
          return reveal(y.mul(bad));
        });
        const [again] = await parallel([async () => square(x)]);
        return [failed.ok ? '' : failed.failure.code, (await reveal(again.add(x))).data[0]];
      }),
    );
    const results = (await w.results()) as Record<string, [string, number]>;
    for (const [code, value] of Object.values(results)) {
      assert.equal(code, 'DATA_INVALID');
      near([value], [6], 1e-3);
    }
  });

  // biome-ignore lint/suspicious/noExplicitAny: which parties are members is only known when the job runs
  type Js = any;
  const cut = (body: Uint8Array): Uint8Array => (body.length > 36 ? body.subarray(0, body.length - 8) : body);
  /** A sender's messages to a receiver lose their last word; the receiver has to say whose they were. */
  const blamed: readonly [string, string[], string | undefined, sender: string, receiver: string, RegExp][] =
    [
      ['rep3', ['alice', 'bob', 'carol'], undefined, 'alice', 'bob', /^alice: .*another size/],
      ['semi2k', ['alice', 'bob'], undefined, 'bob', 'alice', /^bob: /],
      ['semi2k', ['alice', 'bob', 'carol'], 'dave', 'bob', 'carol', /^bob: .*another size/],
      ['semi2k', ['alice', 'bob', 'carol'], 'dave', 'dave', 'carol', /^dave: .*another length/],
      [
        'semi2k',
        ['alice', 'bob', 'carol'],
        'dave',
        'carol',
        'dave',
        /^carol: .*another length|^carol: .*not take/,
      ],
    ];
  for (const [protocol, members, dealer, sender, receiver, words] of blamed) {
    it(`of a message names its sender, ${sender} in ${protocol}, and is PROTOCOL_VIOLATION, no wrong number`, async () => {
      const w = await world(
        job(four, async (context) => {
          const { alice, reveal }: Js = context;
          const options: Js = { protocol, ...(dealer ? { dealer: (context as Js)[dealer] } : {}) };
          const spu = secure(members.map((member) => (context as Js)[member]) as Js, options);
          const x = alice.run('x', () => numbers(1, 2, 3)).to(spu, { shape: [3] });
          return [...(await reveal(x.mul(x))).data];
        }),
      );
      w.between(sender, receiver).tamper(sender, cut);
      const outcomes = await w.run();
      for (const outcome of outcomes.values()) assert.equal(outcome.status, 'rejected');
      const [captured] = w.of(receiver).host.failures;
      assert.equal(captured?.failure.code, 'PROTOCOL_VIOLATION');
      assert.match(captured?.detail.message ?? '', words);
      // Which party it was is for the receiver's own log.
      assert.equal(captured?.failure.message, undefined);
    });
  }
});

function square<D extends AnyDevice>(x: Secret<D>): Secret<D> {
  return x.mul(x);
}

it('the numbers of a secret appear in no message and no ledger', async () => {
  const canary = 12345.678;
  const w = await world(
    job(three, async ({ alice, bob, carol, reveal }) => {
      const spu = secure([alice, bob, carol], { protocol: 'rep3' });
      const x = alice.run('x', () => new Float64Array(64).fill(canary)).to(spu, { shape: [64], max: 20_000 });
      const mean: Tensor<Float64Array> = await reveal(x.lt(0).cast('fixed').mean());
      return mean.data[0];
    }),
  );
  assert.deepEqual((await w.results()).bob, 0);
  const encoded = new BigInt64Array(1).fill(BigInt(Math.round(canary * 2 ** 18)));
  const patterns = [
    Buffer.from(encoded.buffer),
    Buffer.from(Float64Array.of(canary).buffer),
    Buffer.from('12345'),
  ];
  for (const { body } of w.crossed) {
    for (const pattern of patterns) assert.ok(!Buffer.from(body).includes(pattern));
  }
  assert.ok(w.crossed.length > 10);
  assert.doesNotMatch(JSON.stringify(three.parties.map((party) => w.of(party).host.disclosures)), /12345/);
});
