/**
 * Flows of data that must not compile. Each line below a marker is an error that tsc has to report; if one starts to
 * compile, tsc reports the marker instead. Never executed.
 */
import { type At, job, profileKeys, psi, type Secret, secure, type Table, z } from '../../src/index.ts';

declare const table: Table;

export const flows = job(
  { parties: ['alice', 'bob'], args: z.object({ limit: z.number() }), settings: { alice: ['table'] } },
  async (context) => {
    const { alice, bob, reveal, parallel, conclave, quorum, args } = context;
    const x = alice.run('x', () => 1);
    const y = bob.run('y', () => 1);

    // 1: another party's value
    // @ts-expect-error
    bob.run('use', { x }, ({ x }) => x);

    // 2: a value that was sent to someone else
    // @ts-expect-error
    alice.run('use', { y: y.to(bob) }, ({ y }) => y);

    // 3: unwrapping a located value
    // @ts-expect-error
    const plain: number = x;

    // 4: unwrapping it by await
    // @ts-expect-error
    const awaited: number = await x;

    // 5: an unknown party
    // @ts-expect-error
    context.dave;

    // 6: a party by name
    // @ts-expect-error
    x.to('bob');

    // 7: widening the owners
    // @ts-expect-error
    const wide: At<'alice' | 'bob', number> = x;

    // 8: narrowing the owners
    const both = x.to(alice, bob);
    // @ts-expect-error
    const narrow: At<'bob', number> = both;

    // 9: pretending that a value is elsewhere
    // @ts-expect-error
    const moved: At<'bob', number> = x;

    // 10: arithmetic on a handle
    // @ts-expect-error
    x * 2;

    // 11: comparing a handle
    // @ts-expect-error
    x > 1;

    // 12: sending a function
    // @ts-expect-error
    alice.run('f', () => () => 1).to(bob);

    // 13: sending a Map
    // @ts-expect-error
    alice.run('m', () => new Map([['a', 1]])).to(bob);

    // 14: sending an instance of a class with methods
    // @ts-expect-error
    alice.run('u', () => new URL('https://example.org')).to(bob);

    // 15: sending a symbol, deep inside
    // @ts-expect-error
    alice.run('s', () => ({ list: [{ tag: Symbol('s') }] })).to(bob);

    // 16: revealing a function
    // @ts-expect-error
    await reveal(alice.run('f', () => ({ f: () => 1 })));

    // 17: revealing what is no handle
    // @ts-expect-error
    await reveal(5);

    // 18: revealing a promise of a handle
    // @ts-expect-error
    await reveal(Promise.resolve(x));

    // 19: a plain value as an input
    // @ts-expect-error
    alice.run('use', { n: 5 }, ({ n }) => n);

    // 20: psi of two tables at the same party
    const left = alice.run('left', () => table);
    // @ts-expect-error
    psi({ on: 'id' }, left, left);

    // 21: psi of a table at two parties
    const right = bob.run('right', () => table);
    // @ts-expect-error
    psi({ on: 'id' }, left.to(alice, bob), right);

    // 22: psi of what is no table
    // @ts-expect-error
    psi({ on: 'id' }, x, right);

    // 23: psi without a key
    // @ts-expect-error
    psi({ on: [] }, left, right);

    // 24: a party's result of psi at the other one
    const aligned = psi({ on: 'id' }, left, right);
    // @ts-expect-error
    bob.run('use', { rows: aligned.alice }, ({ rows }) => rows.rowCount);

    // 80: a result of psi at a party that receives none
    const received = psi({ on: 'id', receivers: 'bob' }, left, right);
    // @ts-expect-error
    received.alice;

    // 81: payload of a party that takes no part in psi
    // @ts-expect-error
    psi({ on: 'id', payload: { carol: 'x' } }, left, right);

    // 82: a receiver of psi that takes no part
    // @ts-expect-error
    psi({ on: 'id', receivers: 'carol' }, left, right);

    // 83: profile of keys of two tables at the same party
    // @ts-expect-error
    profileKeys({ on: 'id' }, left, left);

    // 84: an option that a profile of keys does not have
    // @ts-expect-error
    profileKeys({ on: 'id', receivers: 'bob' }, left, right);

    // 85: sending what compares keys, with keys of its own
    const compared = profileKeys({ on: 'id' }, left, right);
    // @ts-expect-error
    compared.alice.to(bob);

    // 25: settings in the job function
    // @ts-expect-error
    alice.settings;

    // 26: an undeclared setting
    // @ts-expect-error
    alice.run('load', ({ settings }) => settings.tabel);

    // 27: an undeclared argument
    // @ts-expect-error
    args.limits;

    // 28: a property of a handle
    // @ts-expect-error
    left.rowCount;

    // 29: the value of another type than the task gives
    // @ts-expect-error
    alice.run('use', { x }, ({ x }) => x.toUpperCase());

    // 30: promises in place of branches
    // @ts-expect-error
    await parallel([reveal(x)]);

    // 34: a party that is not a member of the conclave
    await conclave([alice], async (inner) => {
      // @ts-expect-error
      inner.bob;
    });

    // 35: revealing in a conclave what none of its members has
    await conclave([alice], async (inner) => {
      // @ts-expect-error
      await inner.reveal(y);
    });

    // 36: the result of a conclave at a party that is not a member
    const secret = await conclave([alice], () => 1);
    // @ts-expect-error
    bob.run('use', { secret }, ({ secret }) => secret);

    // 37: returning a handle from a conclave
    // @ts-expect-error
    await conclave([alice], () => x);

    // 38: a conclave of nobody
    // @ts-expect-error
    await conclave([], () => 1);

    // 39: an inner conclave with somebody from outside
    await conclave([alice], async (inner) => {
      // @ts-expect-error
      await inner.conclave([inner.alice, bob], () => 1);
    });

    // 40: a quorum of somebody from outside
    await conclave([alice], async (inner) => {
      // @ts-expect-error
      await inner.quorum({ of: [bob], atLeast: 1 }, () => 1);
    });

    // 41: the value of a party that is not in the quorum
    const taken = await quorum({ of: [alice], atLeast: 1 }, (party) => reveal(party.run('n', () => 1)));
    // @ts-expect-error
    taken.values.bob;

    // 42: taking for granted that a party is present
    // @ts-expect-error
    const sure: number = taken.values.alice;

    // 43: a quorum without a number
    // @ts-expect-error
    await quorum({ of: [alice] }, () => 1);

    return [sure, plain, awaited, wide, narrow, moved];
  },
);

// 31: settings for someone who is no party
// @ts-expect-error
job({ parties: ['alice'], settings: { bob: ['table'] } }, () => 1);

// 32: arguments that the job does not declare
job({ parties: ['alice'] }, ({ args }) => {
  // @ts-expect-error
  return args.limit;
});

// 33: options that do not exist
// @ts-expect-error
job({ parties: ['alice'], timeout: 5 }, () => 1);

export const secrets = job({ parties: ['alice', 'bob', 'carol', 'dave'] }, async (context) => {
  const { alice, bob, carol, dave, reveal } = context;
  const spu = secure([alice, bob, carol], { protocol: 'rep3' });
  const other = secure([alice, bob, dave], { protocol: 'rep3' });
  const pair = secure([alice, bob], { protocol: 'semi2k' });
  const at = alice.run('x', () => Float64Array.of(1, 2));
  const x = at.to(spu, { shape: [2] });
  const y = at.to(other, { shape: [2] });
  const z = at.to(pair, { shape: [2] });
  const k = at.to(spu, { shape: [2], dtype: 'integer' });

  // 34: secrets of two devices
  // @ts-expect-error
  x.add(y);

  // 35: secrets of two protocols
  // @ts-expect-error
  x.add(z);

  // 36: a secret of another device than was promised
  // @ts-expect-error
  const moved: Secret<typeof spu> = z;

  // 37: arithmetic on a secret
  // @ts-expect-error
  x * 2;

  // 38: comparing a secret
  // @ts-expect-error
  x > 1;

  // 39: unwrapping a secret
  // @ts-expect-error
  const plain: number = x;

  // 40: unwrapping it by await
  // @ts-expect-error
  const awaited: number = await x;

  // 41: the numbers of a secret
  // @ts-expect-error
  x.data;

  // 42: a secret as the input of a task
  // @ts-expect-error
  alice.run('use', { x }, () => 1);

  // 43: opening a secret to a party that is no member
  // @ts-expect-error
  x.to(dave);

  // 44: a party's opened secret at another party
  const atBob = x.to(bob);
  // @ts-expect-error
  alice.run('use', { atBob }, () => 1);

  // 45: sharing what a party that is no member has
  // @ts-expect-error
  dave.run('d', () => 1).to(spu);

  // 46: sharing text
  // @ts-expect-error
  alice.run('t', () => 'text').to(spu, { shape: [] });

  // 47: sharing a list without saying its shape
  // @ts-expect-error
  at.to(spu);

  // 48: a located value as an operand
  // @ts-expect-error
  x.add(at);

  // 49: fixed point with integers
  // @ts-expect-error
  x.add(k);

  // 50: logic on numbers
  // @ts-expect-error
  x.and(x);

  // 51: arithmetic on booleans
  // @ts-expect-error
  x.lt(1).add(1);

  // 52: a choice between types
  // @ts-expect-error
  x.lt(1).select(x, k);

  // 53: a root of integers
  // @ts-expect-error
  k.sqrt();

  // 54: rep3 with two members
  // @ts-expect-error
  secure([alice, bob], { protocol: 'rep3' });

  // 55: a dealer who is a member
  // @ts-expect-error
  secure([alice, bob], { protocol: 'semi2k', dealer: alice });

  // 56: a protocol that does not exist
  // @ts-expect-error
  secure([alice, bob], { protocol: 'spdz' });

  // 57: members by name
  // @ts-expect-error
  secure(['alice', 'bob'], { protocol: 'semi2k' });

  // 58: revealing a device
  // @ts-expect-error
  await reveal(spu);

  // 59: a matrix product across devices
  // @ts-expect-error
  x.matmul(y);

  // 60: a choice across devices
  // @ts-expect-error
  x.lt(1).select(x, y);

  // 61: a comparison across devices
  // @ts-expect-error
  y.lt(x);

  // 62: joining tensors of two devices
  // @ts-expect-error
  x.concat([x, z]);

  // 63: groups that another device has
  // @ts-expect-error
  x.groupSum(y.cast('integer'), 2);

  // 64: logic across devices
  // @ts-expect-error
  x.lt(1).and(y.lt(1));

  // 65: a secret equal to a number
  // @ts-expect-error
  x === 1;

  // 66: an element of a secret
  // @ts-expect-error
  x[0];

  // 67: a secret in a function of numbers
  // @ts-expect-error
  Math.exp(x);

  // 68: a secret as a number of rows
  // @ts-expect-error
  at.to(spu, { shape: [k] });

  // 69: positions that nobody knows
  // @ts-expect-error
  x.gather(k);

  // 70: going through the numbers of a secret
  // @ts-expect-error
  for (const number of x) void number;

  // 71: opening a secret to the dealer of its device
  const dealt = secure([alice, bob], { protocol: 'semi2k', dealer: dave });
  // @ts-expect-error
  at.to(dealt, { shape: [2] }).to(dave);

  // 72: data of the dealer
  // @ts-expect-error
  dave.run('d', () => 1).to(dealt);

  return [moved, plain, awaited];
});

export const shared = job({ parties: ['alice', 'bob', 'carol', 'dave'] }, async (context) => {
  const { alice, bob, carol, dave } = context;
  const spu = secure([alice, bob, carol], { protocol: 'rep3' });
  const left = alice.run('left', () => table);
  const right = bob.run('right', () => table);

  // 83: psi into a device that a party is no member of
  const away = secure([bob, carol, dave], { protocol: 'rep3' });
  // @ts-expect-error
  psi({ on: 'id', into: { device: away, rows: 9 } }, left, right);

  // 84: psi into a device without a number of rows
  // @ts-expect-error
  psi({ on: 'id', into: { device: spu } }, left, right);

  // 85: psi into a device with a receiver
  // @ts-expect-error
  psi({ on: 'id', into: { device: spu, rows: 9 }, receivers: 'bob' }, left, right);

  // 86: psi into a device of a column of a party that takes no part
  // @ts-expect-error
  psi({ on: 'id', into: { device: spu, rows: 9 }, payload: { carol: 'x' } }, left, right);

  // 87: psi into a device of two tables at the same party
  // @ts-expect-error
  psi({ on: 'id', into: { device: spu, rows: 9 } }, left, left);

  // 88: a secret column that was not asked for
  const payload = { alice: ['group'], bob: { income: { dtype: 'integer' } } } as const;
  const joined = psi({ on: 'id', into: { device: spu, rows: 9 }, payload }, left, right);
  // @ts-expect-error
  joined.bob.group;

  // 89: numbers of groups that are no integers
  // @ts-expect-error
  joined.bob.income.groupSum(joined.alice.group, 3);

  // 90: sums of whether rows match
  // @ts-expect-error
  joined.matches.sum();
});

export const promises = job({ parties: ['alice', 'bob'] }, async (context) => {
  const { alice, bob, reveal, attempt, retry, deadline, parallel, quorum } = context;
  const x = alice.run('x', () => 1);

  // 73: a promise in the value of an attempt
  // @ts-expect-error
  await attempt(async () => ({ deep: [{ x: reveal(x) }] }));

  // 74: in that of a retry
  // @ts-expect-error
  await retry({ attempts: 2 }, () => ({ x: reveal(x) }));

  // 75: in that of a deadline
  // @ts-expect-error
  await deadline(5, () => ({ x: reveal(x) }));

  // 76: in that of a branch
  // @ts-expect-error
  await parallel([() => reveal(x), () => ({ x: reveal(x) })]);

  // 77: in that of a party's part
  // @ts-expect-error
  await quorum({ of: [alice, bob], atLeast: 1 }, (party) => [reveal(party.run('n', () => 1))]);
});

// 78: a promise in the result of a job
// @ts-expect-error
job({ parties: ['alice'] }, async ({ alice, reveal }) => {
  const x = alice.run('x', () => 1);
  return { awaited: await reveal(x), x: reveal(x) };
});

// 79: far down in it
// @ts-expect-error
job({ parties: ['alice'] }, ({ alice, reveal }) => ({ list: [{ x: reveal(alice.run('x', () => 1)) }] }));
