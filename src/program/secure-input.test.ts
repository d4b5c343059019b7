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

describe('a public number that fixed point would change', () => {
  // biome-ignore lint/suspicious/noExplicitAny: numbers in every form, as no type tells them apart
  type Js = any;
  const calls: Readonly<Record<string, (x: Js, spu: Js, numbers: Js) => unknown>> = {
    mul: (x, _, numbers) => x.mul(numbers),
    minimum: (x, _, numbers) => x.minimum(numbers),
    maximum: (x, _, numbers) => x.maximum(numbers),
    'select, the first': (x, _, numbers) => x.gt(3).select(numbers, 0.3),
    'select, the second': (x, _, numbers) => x.gt(3).select(0.3, numbers),
    constant: (_, spu, numbers) => spu.constant(numbers),
  };
  /** Of three numbers, which is refused and at which position; nothing: none is. */
  const tries: readonly (readonly [numbers: Js, position: string | undefined])[] = [
    [0.00001, 'it another number, more than 0.4 % off'],
    [0.000001, 'it 0'],
    [[0.5, 1e-5, 1e-5], 'the one at row 2 another number'],
    [[1e-5, 0.5, 1e-6], 'the one at row 3 0'],
    [Float64Array.of(0.5, 0, -1e-5), 'the one at row 3 another number'],
    [tensor([3], Float64Array.of(1e-5, 0, 1)), 'the one at row 1 another number'],
    [[0.5, 0, 0.0005], undefined],
    [[0.5, 1e-6, 1e-5].map((x) => Math.round(x * 2 ** 18) / 2 ** 18), undefined],
  ];
  const others: readonly (readonly [string, (x: Js) => unknown, string | undefined])[] = [
    ['dot', (x) => x.dot([0.5, 1e-5, 0.5]), 'the one at row 2 another number'],
    [
      'matmul',
      (x) => x.matmul(tensor([3, 2], Float64Array.of(1, 1, 1, 1e-5, 1, 1))),
      'the one at row 2, column 2 another number',
    ],
    ['clamp', (x) => x.clamp(1e-5, 3), 'it another number'],
    ['lt', (x) => x.lt([0.5, 1e-6, 0.5]), 'the one at row 2 0'],
    ['lt of small ones', (x) => x.lt([0.5, 1e-5, 0.5]), undefined],
    ['gt of one', (x) => x.gt(1e-7), 'it 0'],
    ['add of one', (x) => x.add(1e-6), 'it 0'],
    ['add of what all becomes 0', (x) => x.add([1e-6, 0, 1e-6]), 'the one at row 1 0'],
    ['add of some', (x) => x.add([1e-6, 0.5, 1e-17]), undefined],
    ['div', (x) => x.div([1e-3, 1e-4, 1]), undefined],
    ['div by one', (x) => x.div(1e-5), undefined],
  ];
  const cases = Object.entries(calls).flatMap(([name, call]) =>
    tries.map(([numbers, refused]) => [name, (x: Js, spu: Js) => call(x, spu, numbers), refused] as const),
  );
  it('is refused in every form, and nothing else is', async () => {
    const found: (readonly [string, string | undefined])[] = [];
    const every = [...cases, ...others];
    const w = await world(
      job(three, ({ alice, bob, carol }: Js) => {
        const spu = secure([alice, bob, carol], { protocol: 'rep3' });
        const x = alice.run('x', () => [1, 2, 3]).to(spu, { shape: [3], max: 4 });
        for (const [name, call] of every) {
          try {
            call(x, spu);
            found.push([name, undefined]);
          } catch (error) {
            const { code, message } = error as { readonly code: string; readonly message: string };
            assert.equal(code, 'PRIVITY_SECURE_ROUNDING', message);
            // What a number is stays at a party.
            assert.doesNotMatch(message, /0\.0000|1e-/);
            found.push([name, message]);
          }
        }
      }) as never,
    );
    const outcomes = await w.run();
    assert.deepEqual(
      w.of('alice').host.failures.map(({ detail }) => detail.message),
      [],
    );
    assert.equal(outcomes.size, 3);
    assert.equal(found.length, 3 * every.length);
    for (const [i, [name, message]] of found.entries()) {
      const refused = every[i % every.length]?.[2];
      const where = `${name}, case ${i % every.length}`;
      if (refused === undefined) assert.equal(message, undefined, where);
      else assert.ok(message?.includes(`makes ${refused}`), `${where}: ${message}`);
    }
  });
});

describe('an error of what an operation does later', () => {
  for (const [what, code] of [
    ['a number outside of what was declared', 'PRIVITY_SECURE_DOMAIN'],
    ['an assumption that does not hold', 'PRIVITY_SECURE_ASSUMPTION'],
  ] as const) {
    it(`has the line of the job that called it: ${what}`, async () => {
      let line = '';
      const w = await world(
        job(three, async ({ alice, bob, carol, reveal }) => {
          const spu = secure([alice, bob, carol], { protocol: 'rep3' });
          const x = bob.run('x', () => [5000, 1, 2]);
          const range = code === 'PRIVITY_SECURE_DOMAIN' ? {} : { max: 9000 };
          line = lineAfter(new Error());
          const shared = x.to(spu, { shape: [3], ...range });
          if (code === 'PRIVITY_SECURE_DOMAIN') return reveal(shared);
          const assumed = shared.assume({ max: 10 });
          line = lineAfter(new Error());
          return reveal(assumed.sort());
        }),
      );
      await w.run();
      const [captured] = w.of('bob').host.failures;
      assert.equal(captured?.detail.code, code);
      assert.ok(captured.detail.stack.includes(line), `${line} is not in ${captured.detail.stack}`);
    });
  }
});

/** `file:line` of what stands below the line on which the error was made. */
function lineAfter({ stack = '' }: Error): string {
  const [, file = '', line = ''] = /at .*?([\w.-]+\.[jt]s):(\d+):\d+/.exec(stack) ?? [];
  return `${file}:${Number(line) + 1}:`;
}

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
          /row 3, column 1 of what is shared is below what holds where the job says nothing, -4096 to 4096\..*to 6, at most 67108864/,
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
