/**
 * Bounds of secrets in jobs: what is refused in the call, what is checked at the owner, and what is opened of an order.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds } from '../../../../test/parts/program-world.ts';
import { closeDatabase } from '../../../data/index.ts';
import type { Secret } from '../../model/at.ts';
import type { AnyDevice } from '../../model/device-types.ts';
import { type Job, job } from '../../model/job.ts';
import { secure } from './device.ts';

const world = useWorlds();
after(closeDatabase);

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const numbers = (...list: number[]): Float64Array => Float64Array.from(list);
type Numbers = Secret<AnyDevice>;

/** What every party says of a job that shares a vector of three numbers with these options. */
async function told(
  options: { readonly min?: number; readonly max?: number },
  body: (x: Numbers) => unknown,
  values = numbers(1, 2, 3),
): Promise<readonly (string | undefined)[]> {
  const w = await world(
    job(three, async ({ alice, bob, carol, reveal }) => {
      const spu = secure([alice, bob, carol], { protocol: 'rep3' });
      const x = alice.run('creatinine', () => values).to(spu, { shape: [3], ...options });
      const result = body(x as unknown as Numbers);
      return [...(await reveal(result as Numbers)).data];
    }),
  );
  await w.run();
  return three.parties.map((party) => {
    const detail = w.of(party).host.failures[0]?.detail;
    return detail && `${detail.code} ${detail.message}`;
  });
}

describe('an operation that could leave its domain', () => {
  const wide = { max: 5000 };
  const refused: readonly (readonly [
    string,
    { readonly min?: number; readonly max?: number },
    (x: Numbers) => unknown,
    RegExp,
  ])[] = [
    [
      'a power',
      wide,
      (x) => x.square().square(),
      /square: its squares may be 0 to 625000000000000, and the domain is below 2\^26 = 67108864/,
    ],
    [
      'a product where nothing is said',
      {},
      (x) => x.mul(x).mul(x),
      /mul: its products.*"creatinine" of -4096/,
    ],
    ['a sum of products', wide, (x) => x.dot(x), /dot: its sums of products/],
    ['a product by a public number', wide, (x) => x.mul(20_000.5), /mul: .*public numbers of 20000.5/],
    [
      'a quotient by what may be 0',
      { min: 0, max: 10 },
      (x) => x.div(x),
      /div: the magnitude of the divisor.*Say a min of [\d.e-]+ or more/s,
    ],
    ['a quotient that may be large', { min: 1e-3, max: 500 }, (x) => x.div(x), /div: its quotients/],
    ['a root of what may be negative', wide, (x) => x.sqrt(), /sqrt: its operand may be -5000 to 5000/],
    ['a logarithm of what may be 0', { min: 0, max: 1 }, (x) => x.log(), /log: its operand/],
    ['an exponential', { max: 10 }, (x) => x.exp(), /exp: its operand may be -10 to 10.*9\.70/],
    [
      'an integer that opens no more exactly',
      wide,
      (x) => x.cast('integer').square().square().mul(100),
      /reveal/,
    ],
    [
      'a sort of keys too far apart',
      wide,
      (x) => x.cast('integer').shift(49).sort(),
      /sort: the keys of a sort of 3/,
    ],
  ];
  for (const [what, options, body, words] of refused) {
    it(`is refused in the call, at every party: ${what}`, async () => {
      for (const text of await told(options, body)) {
        assert.match(text ?? 'nothing', /^PRIVITY_SECURE_BOUND /);
        assert.match(text ?? '', words);
        assert.match(text ?? '', /(smaller max|min of [\d.e-]+ or more).*scale.*fracBits.*clamp.*assume/s);
      }
    });
  }

  const allowed: readonly (readonly [
    string,
    { readonly min?: number; readonly max?: number },
    (x: Numbers) => unknown,
  ])[] = [
    ['a bound that says what such data is', { min: 0, max: 80 }, (x) => x.square().square()],
    ['clamp', wide, (x) => x.clamp(0, 80).square().square()],
    ['assume', wide, (x) => x.assume({ max: 80 }).square().square()],
    [
      'keys near each other, however large',
      wide,
      (x) =>
        x
          .cast('integer')
          .mul(2 ** 20)
          .sort(),
    ],
  ];
  for (const [what, options, body] of allowed) {
    it(`is let through by ${what}`, async () => {
      assert.deepEqual(await told(options, body), [undefined, undefined, undefined]);
    });
  }
});

describe('a declared bound', () => {
  const refusedFor = async (options: object, values = numbers(1, 2, 3)) =>
    told(options, (x) => x.add(1), values);

  it('is compared with the data at its owner, who alone is told how large they are', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice
          .run('creatinine', () => numbers(1, 31_337, 3))
          .to(spu, { shape: [3], min: 0, max: 200 });
        return [...(await reveal(x)).data];
      }),
      { errorDetail: 'full' },
    );
    await w.run();
    const [captured] = w.of('alice').host.failures;
    assert.equal(captured?.failure.code, 'DATA_INVALID');
    assert.match(
      captured?.detail.message ?? '',
      /row 2 of what is shared is above what the job says of it, 0 to 200.*31337/,
    );
    // Even where everything that an error says may cross.
    assert.match(JSON.stringify(captured?.failure), /row 2 of what is shared is above/);
    assert.doesNotMatch(JSON.stringify(captured?.failure), /31337/);
    for (const party of ['bob', 'carol']) assert.deepEqual(w.of(party).host.failures, []);
    // Nothing of it has left, and the one bit that has is in the ledger.
    assert.deepEqual(w.of('alice').host.disclosures, []);
    const [refusal] = w.of('alice').host.withheld;
    assert.deepEqual(
      [refusal?.type, refusal?.reason],
      ['secret fixed tensor, all within 0 to 200', 'refused-for-data'],
    );
  });

  it('is inclusive, as its numbers are rounded', async () => {
    assert.deepEqual(
      await refusedFor({ min: 0.1, max: 0.3 }, numbers(0.1, 0.2, 0.3)),
      Array(3).fill(undefined),
    );
    const [text] = await refusedFor({ min: 0.1, max: 0.3 }, numbers(0.1, 0.2, 0.30001));
    assert.match(text ?? '', /PRIVITY_SECURE_DOMAIN.*row 3/);
  });

  it('that is none is the same error at every party', async () => {
    for (const options of [
      { min: 2, max: 1 },
      { max: 2 ** 26 },
      { max: Number.NaN },
      { max: '3' },
      { max: -1 },
    ]) {
      for (const text of await refusedFor(options)) assert.match(text ?? '', /^PRIVITY_STEP_INVALID/);
    }
  });

  it('that parties say differently is found out', async () => {
    const shares = (max: number): Job =>
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        return [...(await reveal(alice.run('x', () => numbers(1)).to(spu, { shape: [1], max }))).data];
      });
    const w = await world({ alice: shares(10), bob: shares(10), carol: shares(11) });
    const outcomes = [...(await w.run()).values()];
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  });
});

describe('clamp', () => {
  it('moves what is outside to the ends', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = bob.run('x', () => numbers(-4096, -1.5, 0.25, 2, 4096)).to(spu, { shape: [5] });
        const whole = x.cast('integer').clamp(-3, 3);
        return [[...(await reveal(x.clamp(-1.5, 1))).data], [...(await reveal(whole)).data]];
      }),
    );
    assert.deepEqual((await w.results()).carol, [
      [-1.5, -1.5, 0.25, 1, 1],
      [-3, -2, 0, 2, 3],
    ]);
  });
});

describe('an assumption', () => {
  const sorted = (values: Float64Array, max: number): Job =>
    job(three, async ({ alice, bob, carol, reveal }) => {
      const spu = secure([alice, bob, carol], { protocol: 'rep3' });
      const x = alice.run('keys', () => values).to(spu, { shape: [3] });
      const assumed = x.cast('integer').shift(30).assume({ max });
      return [...(await reveal(assumed.add(1).sort())).data];
    });

  it('is told with what it is about, once for each time, and not if it says nothing new', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => numbers(3, 2, 1)).to(spu, { shape: [3], max: 4 });
        const y = x.as('w').assume({ min: 0, max: 3.5 });
        return [...(await reveal(y.assume({ max: 8 }))).data];
      }),
    );
    await w.results();
    const told = w.of('bob').host.costs.flatMap(({ assumptions }) => assumptions);
    assert.deepEqual(told, [{ of: 'w', shape: [3], min: 0, max: 3.5 }]);
  });

  it('is checked before an order is opened that rests on it, which is a line in every ledger', async () => {
    const w = await world(sorted(numbers(3, -2, 1), 2 ** 40));
    assert.deepEqual((await w.results()).carol, [-(2 ** 31) + 1, 2 ** 30 + 1, 3 * 2 ** 30 + 1]);
    for (const party of three.parties) {
      const lines = w
        .of(party)
        .host.disclosures.filter(({ kind, name }) => kind === 'secure' && name === 'sort');
      assert.deepEqual(
        lines.map(({ type, to }) => [type, to.length]),
        [['opened bit: whether all keys are as assumed', 2]],
      );
    }
  });

  it('that does not hold ends the run at every member before anything is opened', async () => {
    const w = await world(sorted(numbers(3, -2, 2000), 2 ** 40));
    for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
    const codes = three.parties.flatMap((party) =>
      w.of(party).host.failures.map(({ detail }) => detail.code),
    );
    assert.ok(codes.length > 0);
    assert.deepEqual([...new Set(codes)], ['PRIVITY_SECURE_ASSUMPTION']);
  });

  it('that contradicts what is known is an error', async () => {
    for (const text of await told({ max: 4 }, (x) => x.assume({ min: 5, max: 6 })))
      assert.match(text ?? '', /^PRIVITY_STEP_INVALID.*assume says 5 to 6 of "creatinine".*-4 to 4/);
  });
});

it('what operations can do, methods can: products of both types, batches, rows by keys, public choices', async () => {
  const w = await world(
    job(three, async ({ alice, bob, carol, reveal }) => {
      const spu = secure([alice, bob, carol], { protocol: 'rep3' });
      const x = alice.run('x', () => numbers(1.5, -2, 3, 0.25)).to(spu, { shape: [2, 2], max: 8 });
      const k = bob.run('k', () => numbers(3, -1, 2, 4)).to(spu, { shape: [2, 2], dtype: 'integer' });
      const batch = x.reshape([2, 1, 2]).matmul(k.reshape([2, 2, 1]));
      const keys = k.reshape([4]).slice(0, 2);
      const all = [x.mul(k), k.mul(x), x.dot(k), batch, x.matmul(k), x.sortBy(keys), k.gt(2).select(1, 0)];
      const shown: [readonly number[], string, number[]][] = [];
      for (const one of all) shown.push([one.shape, one.dtype, [...(await reveal(one)).data]]);
      return shown;
    }),
  );
  assert.deepEqual((await w.results()).bob, [
    [[2, 2], 'fixed', [4.5, 2, 6, 1]],
    [[2, 2], 'fixed', [4.5, 2, 6, 1]],
    [[2], 'fixed', [6.5, 7]],
    [[2, 1, 1], 'fixed', [6.5, 7]],
    [[2, 2], 'fixed', [0.5, -9.5, 9.5, -2]],
    [[2, 2], 'fixed', [3, 0.25, 1.5, -2]],
    [[2, 2], 'fixed', [1, 0, 0, 1]],
  ]);
});

describe('a run on plaintext', () => {
  const four = { parties: ['alice', 'bob', 'carol', 'dave'] } as const;
  const powers = job(four, async ({ alice, bob, carol, dave, reveal }) => {
    const spu = secure([alice, bob, carol], { protocol: 'semi2k', dealer: dave });
    const x = alice.run('creatinine', () => numbers(60, 5000, 120)).to(spu, { shape: [3] });
    const assumed = x.as('small').assume({ min: 0, max: 100 });
    const cubes = x.square().mul(x);
    const smooth = assumed.mul(0.001).sigmoid();
    return [[...(await reveal(cubes)).data], (await reveal(smooth)).data.length];
  });

  it('goes on where it would be refused, and tells the range that each step really had', async () => {
    const w = await world(powers, { plaintext: true });
    for (const result of Object.values(await w.results()))
      assert.deepEqual(result, [[60 ** 3, 5000 ** 3, 120 ** 3], 3], 'what plain arithmetic gives');
    const told = (party: string) => w.of(party).host.costs.flatMap(({ plaintext }) => plaintext ?? []);
    const [share, assume, square, mul, ...rest] = told('alice');
    assert.deepEqual(
      [share?.operation, share?.name, share?.min, share?.max, share?.bound, share?.outside],
      ['share', 'creatinine', 60, 5000, { min: -4096, max: 4096 }, true],
    );
    assert.deepEqual(
      [assume?.operation, assume?.name, assume?.bound, assume?.outside],
      ['assume', 'small', { min: 0, max: 100 }, true],
    );
    assert.deepEqual([square?.max, square?.bound], [25_000_000, { min: 0, max: 16_777_216 }]);
    // What really was, though the ring has wrapped.
    assert.deepEqual([mul?.max, mul?.bound], [1.25e11, undefined]);
    assert.match(mul?.refused ?? '', /^mul: its products/);
    const opened = rest.filter(({ operation }) => operation === 'reveal');
    assert.ok((opened[0]?.off ?? 0) > 1e6, 'of what has wrapped');
    assert.ok((opened[1]?.off ?? 1) < 1e-4, `${opened[1]?.off}`);
    // Once, and not by every member.
    assert.deepEqual([...told('bob'), ...told('dave')], []);
  });

  it('has no part in a run for real', async () => {
    const w = await world(
      job(three, async ({ alice, bob, carol, reveal }) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        return [...(await reveal(alice.run('x', () => 1).to(spu))).data];
      }),
    );
    await w.results();
    assert.ok(w.of('alice').host.costs.every((cost) => !('plaintext' in cost)));
  });
});
