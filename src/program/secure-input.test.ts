/** Bad input of secure devices: mistakes in the program, and data that cannot be shared. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds } from '../../test/parts/program-world.ts';
import { closeDatabase, tableOf } from '../data/index.ts';
import { secure } from './devices/secure/device.ts';
import { job } from './model/job.ts';
import { tensor } from './model/tensor.ts';

const world = useWorlds();
after(closeDatabase);

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const four = { parties: ['alice', 'bob', 'carol', 'dave'] } as const;
const numbers = (...list: number[]): Float64Array => Float64Array.from(list);

/** Runs a job that has to be refused; gives the error code, which has to be the same at all parties. */
async function refusal(body: (context: never) => unknown): Promise<string | undefined> {
  const w = await world(job(four, body as never));
  const outcomes = await w.run();
  for (const outcome of outcomes.values()) assert.equal(outcome.status, 'rejected');
  const codes = new Set(four.parties.map((party) => w.of(party).host.failures[0]?.detail.code));
  assert.equal(codes.size, 1, [...codes].join());
  return [...codes][0];
}

describe('a mistake is the same error at every party, in the call', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a job in plain JavaScript, which nothing keeps from these calls
  type Js = any;
  const rep3 = ({ alice, bob, carol }: Js): Js => secure([alice, bob, carol] as Js, { protocol: 'rep3' });
  const vector = (context: Js, shape = [3], device = rep3(context)): Js =>
    context.alice
      .run('x', () => new Float64Array(shape.reduce((n, size) => n * size, 1)))
      .to(device, { shape });

  const wrong: readonly [string, string, (context: Js) => unknown][] = [
    ['a factor that fixed point makes 0', 'PRIVITY_STEP_INVALID', (context) => vector(context).mul(0.000001)],
    [
      'a factor that fixed point makes another one',
      'PRIVITY_STEP_INVALID',
      (context) => vector(context).mul(0.00001),
    ],
    ['a number that fixed point makes 0', 'PRIVITY_STEP_INVALID', (context) => vector(context).gt(1e-7)],
    ['no text as a name', 'PRIVITY_STEP_INVALID', (context) => vector(context).as(1)],
    ['an empty name', 'PRIVITY_STEP_INVALID', (context) => vector(context).as('')],
    ['a long name', 'PRIVITY_STEP_INVALID', (context) => vector(context).as('x'.repeat(201))],
    ['a name with control characters', 'PRIVITY_STEP_INVALID', (context) => vector(context).as('a\u001b[2J')],
    [
      'too few members',
      'PRIVITY_SECURE_PARTIES',
      ({ alice, bob }) => secure([alice, bob] as Js, { protocol: 'rep3' }),
    ],
    [
      'too many members',
      'PRIVITY_SECURE_PARTIES',
      ({ alice, bob, carol, dave }) => secure([alice, bob, carol, dave] as Js, { protocol: 'rep3' }),
    ],
    [
      'a member twice',
      'PRIVITY_SECURE_PARTIES',
      ({ alice, bob }) => secure([alice, bob, bob], { protocol: 'rep3' }),
    ],
    [
      'names for parties',
      'PRIVITY_STEP_PARTY_UNKNOWN',
      () => secure(['alice', 'bob'] as Js, { protocol: 'semi2k' }),
    ],
    ['no protocol', 'PRIVITY_SECURE_OPTIONS', ({ alice, bob }) => secure([alice, bob], {} as Js)],
    [
      'an unknown option',
      'PRIVITY_SECURE_OPTIONS',
      ({ alice, bob }) => secure([alice, bob], { protocol: 'semi2k', bits: 20 } as Js),
    ],
    [
      'fractional bits out of range',
      'PRIVITY_SECURE_OPTIONS',
      ({ alice, bob }) => secure([alice, bob], { protocol: 'semi2k', fracBits: 31 }),
    ],
    [
      'a dealer who is a member',
      'PRIVITY_SECURE_DEALER',
      ({ alice, bob }) => secure([alice, bob], { protocol: 'semi2k', dealer: bob } as Js),
    ],
    [
      'three members without a dealer',
      'PRIVITY_SECURE_DEALER',
      ({ alice, bob, carol }) => secure([alice, bob, carol], { protocol: 'semi2k' }),
    ],
    [
      'a dealer of rep3',
      'PRIVITY_SECURE_DEALER',
      ({ alice, bob, carol, dave }) => secure([alice, bob, carol], { protocol: 'rep3', dealer: dave } as Js),
    ],
    [
      'a value of a party that is no member',
      'PRIVITY_SECURE_MEMBER',
      (context) => context.dave.run('x', () => 1).to(rep3(context)),
    ],
    [
      'a secret to a party that is no member',
      'PRIVITY_SECURE_MEMBER',
      (context) => vector(context).to(context.dave),
    ],
    ['shapes that do not broadcast', 'PRIVITY_SHAPE_MISMATCH', (context) => vector(context).add([1, 2])],
    [
      'matrices without a product',
      'PRIVITY_SHAPE_MISMATCH',
      (context) => vector(context).matmul(vector(context, [2, 3])),
    ],
    ['an axis that is not there', 'PRIVITY_SHAPE_MISMATCH', (context) => vector(context).sum(1)],
    ['an empty slice', 'PRIVITY_SHAPE_MISMATCH', (context) => vector(context).slice(2, 2)],
    ['an empty tensor', 'PRIVITY_TENSOR_EMPTY', (context) => vector(context, [0])],
    ['a shape that is none', 'PRIVITY_SHAPE_MISMATCH', (context) => vector(context, [1.5])],
    ['logic on numbers', 'PRIVITY_SECURE_DTYPE', (context) => vector(context).and(vector(context))],
    [
      'fixed point with integers',
      'PRIVITY_SECURE_DTYPE',
      (context) => vector(context).add(vector(context).cast('integer')),
    ],
    [
      'a truncation that does not exist',
      'PRIVITY_STEP_INVALID',
      (context) => vector(context).mul(2.5, { truncation: 'nearest' }),
    ],
    [
      'an unknown option of a product',
      'PRIVITY_STEP_INVALID',
      (context) => vector(context).matmul(vector(context), { exact: true }),
    ],
    ['public NaN', 'PRIVITY_SECURE_DOMAIN', (context) => vector(context).add(Number.NaN)],
    ['a public number out of the domain', 'PRIVITY_SECURE_DOMAIN', (context) => vector(context).mul(2 ** 40)],
    ['division by zero', 'PRIVITY_STEP_INVALID', (context) => vector(context).div(0)],
    [
      'a secret of another device',
      'PRIVITY_DEVICE_MISMATCH',
      (context) => {
        const { alice, bob, dave } = context;
        const other = secure([alice, bob, dave] as Js, { protocol: 'rep3' });
        vector(context).add(vector(context, [3], other));
      },
    ],
    [
      'a secret of a device of the same members with other options',
      'PRIVITY_DEVICE_MISMATCH',
      (context) => {
        const { alice, bob, carol } = context;
        const other = secure([alice, bob, carol] as Js, { protocol: 'rep3', fracBits: 12 });
        vector(context).add(vector(context, [3], other));
      },
    ],
    [
      'data of the dealer',
      'PRIVITY_SECURE_MEMBER',
      ({ alice, bob, dave }) => {
        const device = secure([alice, bob], { protocol: 'semi2k', dealer: dave } as Js);
        dave.run('x', () => 1).to(device);
      },
    ],
    [
      'a secret to the dealer',
      'PRIVITY_SECURE_MEMBER',
      (context) => {
        const { alice, bob, dave } = context;
        vector(context, [3], secure([alice, bob], { protocol: 'semi2k', dealer: dave } as Js)).to(dave);
      },
    ],
    [
      'one member of semi2k',
      'PRIVITY_SECURE_PARTIES',
      ({ alice }) => secure([alice] as Js, { protocol: 'semi2k' }),
    ],
    ['an empty constant', 'PRIVITY_TENSOR_EMPTY', (context) => rep3(context).constant([])],
    ['a choice of no position', 'PRIVITY_STEP_INVALID', (context) => vector(context).gather([])],
    ['an infinite public number', 'PRIVITY_SECURE_DOMAIN', (context) => vector(context).sub([1, 1 / 0, 2])],
    [
      'three conditions for two values',
      'PRIVITY_SHAPE_MISMATCH',
      (context) =>
        vector(context)
          .lt(1)
          .select(vector(context, [2]), 0),
    ],
    [
      'a handle as an operand',
      'PRIVITY_STEP_INVALID',
      (context) => vector(context).add(context.alice.run('y', () => 1)),
    ],
    ['a secret as an input', 'PRIVITY_HANDLE_EXPECTED', (c) => c.alice.run('y', { x: vector(c) }, () => 1)],
    ['arithmetic on a secret', 'PRIVITY_HANDLE_COERCED', (context) => vector(context) * 2],
    ['a secret in a text', 'PRIVITY_HANDLE_COERCED', (context) => `${vector(context)}`],
    ['a secret as JSON', 'PRIVITY_HANDLE_COERCED', (context) => JSON.stringify({ x: vector(context) })],
    ['a property of a secret', 'PRIVITY_HANDLE_COERCED', (context) => vector(context).data],
    ['an element of a secret', 'PRIVITY_HANDLE_COERCED', (context) => [...vector(context)]],
    ['a secret as the result', 'PRIVITY_VALUE_NOT_SENDABLE', (context) => vector(context)],
    [
      'a secret of a branch that runs beside',
      'PRIVITY_SECRET_BRANCH',
      async (context) => {
        let leaked: Js;
        const use = async (): Promise<void> => {
          for (let i = 0; i < 5; i++) await undefined;
          leaked.add(1);
        };
        const make = async (): Promise<void> => {
          leaked = vector(context);
        };
        await context.parallel([make, use]);
      },
    ],
    [
      'a secret of an attempt that has failed',
      'PRIVITY_HANDLE_SCOPE_FAILED',
      async (context) => {
        let leaked: Js;
        await context.attempt(async () => {
          leaked = vector(context);
          await context.reveal(
            context.bob.run('fails', () => {
              throw new Error('no');
            }),
          );
        });
        leaked.add(1);
      },
    ],
  ];
  for (const [what, code, body] of wrong) {
    it(what, async () => assert.equal(await refusal(body as never), code));
  }
});

describe('what the owner has is checked there', () => {
  type Shared = {
    readonly value: unknown;
    readonly shape: readonly number[];
    readonly dtype?: 'integer';
    readonly code: string;
    readonly words: RegExp;
  };
  const bad: readonly (readonly [string, Shared])[] = [
    [
      'NaN',
      {
        value: [1, 2, Number.NaN],
        shape: [3],
        code: 'PRIVITY_SECURE_DOMAIN',
        words: /row 3.*fill.*leave.*mask.*'nan' } is for plain tasks only/,
      },
    ],
    [
      'infinity',
      {
        value: tensor([2, 2], numbers(1, 2, 3, 1 / 0)),
        shape: [2, 2],
        code: 'PRIVITY_SECURE_DOMAIN',
        words: /row 2, column 2/,
      },
    ],
    [
      'NaN in a table',
      {
        value: () => tableOf({ a: numbers(1, 2, 3), b: numbers(4, Number.NaN, 6) }),
        shape: [3, 2],
        code: 'PRIVITY_SECURE_DOMAIN',
        words: /row 2, column 2/,
      },
    ],
    [
      'a number out of the domain in a table',
      {
        value: () => tableOf({ a: numbers(1, 2, -(2 ** 26)), b: numbers(4, 5, 6) }),
        shape: [3, 2],
        code: 'PRIVITY_SECURE_DOMAIN',
        words:
          /row 3, column 1 is below what holds where the job says nothing, -4096 to 4096\..*to 6, at most 67108864/,
      },
    ],
    [
      'a fraction among integers',
      { value: [1, 1.5], shape: [2], dtype: 'integer', code: 'PRIVITY_SECURE_DOMAIN', words: /row 2.*whole/ },
    ],
    [
      'too large a number',
      { value: 2 ** 26, shape: [], code: 'PRIVITY_SECURE_DOMAIN', words: /above.*-4096 to 4096/ },
    ],
    [
      'another length',
      { value: [1, 2], shape: [3], code: 'PRIVITY_SHARE_MISMATCH', words: /\[3\].*2 numbers/ },
    ],
    [
      'another shape',
      {
        value: tensor([1, 2], numbers(1, 2)),
        shape: [2, 1],
        code: 'PRIVITY_SHARE_MISMATCH',
        words: /\[2,1\].*\[1,2\]/,
      },
    ],
    ['no numbers', { value: { a: 1 }, shape: [], code: 'PRIVITY_SHARE_MISMATCH', words: /cannot be shared/ }],
    [
      'a table with text',
      {
        value: () => tableOf({ id: ['a'], x: numbers(1) }),
        shape: [1, 2],
        code: 'PRIVITY_COLUMN_TYPE',
        words: /'id'/,
      },
    ],
  ];
  for (const [what, { value, shape, dtype = 'fixed', code, words }] of bad) {
    it(what, async () => {
      const w = await world(
        job(three, async ({ alice, bob, carol, reveal }) => {
          const spu = secure([alice, bob, carol], { protocol: 'rep3' });
          const x = bob.run('x', () => (typeof value === 'function' ? value() : value) as number);
          return reveal(x.to(spu, { shape, dtype }));
        }),
      );
      for (const outcome of (await w.run()).values()) assert.equal(outcome.status, 'rejected');
      const [captured] = w.of('bob').host.failures;
      assert.equal(captured?.detail.code, code);
      assert.match(captured?.detail.message ?? '', words);
      assert.equal(captured?.failure.stepName, 'x');
      assert.deepEqual(w.of('alice').host.failures, []);
    });
  }
});
