import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { countingRandom } from '../../../test/parts/program-world.ts';
import { DataError, UsageError } from '../../base/errors.ts';
import { CHAIN_MESSAGE_CHARS_MAX, type ErrorDetail } from '../../coordination/public-details.ts';
import { RunAbortedError } from '../model/abort.ts';
import { PublicError } from '../model/public-error.ts';
import {
  capture,
  DETAIL_CAUSES_MAX,
  DETAIL_MESSAGE_CHARS_MAX,
  DETAIL_STACK_CHARS_MAX,
  FULL_MESSAGE_CHARS_MAX,
  isConsequence,
  PUBLIC_MESSAGE_CHARS_MAX,
} from './capture.ts';

const CANARY = 'canary-4711';
const random = countingRandom();
const context = (errorDetail: ErrorDetail = 'redacted') => ({
  party: 'alice',
  stepId: '3',
  stepName: 'rate',
  errorDetail,
  random,
});
const verdict = {
  failure: { code: 'TASK_FAILED', origin: 'bob', reporter: 'bob', incident: 'ab' },
  digest: 'd',
} as const;

class CanaryError extends Error {
  override name = CANARY;
  [CANARY] = CANARY;
  code = CANARY;
}
Object.defineProperty(CanaryError, 'name', { value: CANARY });

function cyclic(): Error {
  const error = new Error(CANARY);
  error.cause = new Error(CANARY, { cause: error });
  return error;
}

function longChain(): Error {
  let error = new Error(CANARY);
  for (let i = 0; i < 1000; i++) error = new Error(CANARY, { cause: error });
  return error;
}

const hostile = (): never => {
  throw new CanaryError(CANARY);
};
const traps: ProxyHandler<object> = {
  get: hostile,
  has: hostile,
  getPrototypeOf: hostile,
  ownKeys: hostile,
  getOwnPropertyDescriptor: hostile,
};

const thrown: readonly [string, unknown][] = [
  ['an error', new Error(CANARY)],
  ['an error of a class with a telling name', new CanaryError(CANARY, { cause: new CanaryError(CANARY) })],
  ['a string', CANARY],
  ['a symbol', Symbol(CANARY)],
  ['undefined', undefined],
  ['null', null],
  ['a number', 4711],
  ['a record', { message: CANARY, name: CANARY, stack: CANARY, [CANARY]: CANARY }],
  ['a function', Object.defineProperty(() => 1, 'name', { value: CANARY })],
  ['an object without prototype', Object.create(null)],
  ['a hostile proxy', new Proxy({}, traps)],
  ['a hostile proxy of an error', new Proxy(new Error(CANARY), traps)],
  ['a hostile proxy of a function', new Proxy(() => 1, traps)],
  [
    'getters that throw',
    Object.defineProperties(
      {},
      { message: { get: hostile }, cause: { get: hostile }, stack: { get: hostile }, name: { get: hostile } },
    ),
  ],
  [
    'texts that are no texts',
    { message: { toString: hostile }, stack: 1n, name: Symbol('x'), cause: new Map() },
  ],
  ['something that cannot be shown', { toString: hostile, [Symbol.toPrimitive]: hostile }],
  ['a cyclic cause', cyclic()],
  ['a very long chain', longChain()],
  ['an enormous message', new Error(CANARY.repeat(1_000_000))],
  ['an aggregate', new AggregateError([new Error(CANARY)], CANARY)],
  [
    'a typed error with a private cause',
    new DataError('PRIVITY_VALUE_CORRUPT', CANARY, { cause: new Error(CANARY) }),
  ],
];

describe('capture', () => {
  for (const [what, error] of thrown) {
    it(`lets nothing of ${what} cross by default`, () => {
      const { failure, detail } = capture(error, context());
      assert.doesNotMatch(JSON.stringify(failure), /canary|4711/);
      assert.deepEqual(Object.keys(failure), [
        'code',
        'origin',
        'reporter',
        'stepId',
        'stepName',
        'incident',
      ]);
      assert.match(failure.incident, /^[0-9a-f]{32}$/);
      assert.ok(JSON.stringify(detail).length < 20 * (DETAIL_MESSAGE_CHARS_MAX + DETAIL_STACK_CHARS_MAX));
      assert.ok(detail.causes.length <= DETAIL_CAUSES_MAX);
      assert.ok(detail.message.length <= DETAIL_MESSAGE_CHARS_MAX + 1);
    });
  }

  it('keeps the details here', () => {
    const { detail } = capture(new TypeError('outer', { cause: new Error('inner') }), context());
    assert.equal(detail.name, 'TypeError');
    assert.equal(detail.message, 'outer');
    assert.match(detail.stack, /capture\.test/);
    assert.deepEqual(
      detail.causes.map(({ message }) => message),
      ['inner'],
    );
  });

  it('takes the code of Privity’s own errors, and TASK_FAILED for all others', () => {
    const code = (error: unknown) => capture(error, context()).failure.code;
    assert.equal(code(new UsageError('PRIVITY_VALUE_NOT_SENDABLE', 'x')), 'USAGE');
    assert.equal(code(new DataError('PRIVITY_VALUE_CORRUPT', 'x')), 'DATA_CORRUPT');
    assert.equal(code(new Error('x')), 'TASK_FAILED');
    assert.equal(code({ failure: 'CHECK_FAILED', code: 'CHECK_FAILED' }), 'TASK_FAILED');
    assert.equal(code(new RunAbortedError(verdict)), 'TASK_FAILED');
  });

  it('knows by their codes the errors that say that there is no more disk, memory or descriptors', () => {
    const code = (error: unknown) => capture(error, context()).failure.code;
    const system = (name: string) => Object.assign(new Error('x'), { code: name });
    for (const name of ['ENOSPC', 'EDQUOT', 'ENOMEM', 'EMFILE', 'ERR_WORKER_OUT_OF_MEMORY'])
      assert.equal(code(system(name)), 'RESOURCE_EXHAUSTED', name);
    assert.equal(code(new Error('x', { cause: system('ENOSPC') })), 'RESOURCE_EXHAUSTED');
    assert.equal(code(new RangeError('Array buffer allocation failed')), 'RESOURCE_EXHAUSTED');
    assert.equal(code(system('ENOENT')), 'TASK_FAILED');
    assert.equal(code(new Error('Array buffer allocation failed')), 'TASK_FAILED');
    assert.equal(code(new RangeError('ENOSPC')), 'TASK_FAILED');
  });

  it('gives every failure an incident of its own', () => {
    const incidents = [1, 2, 3].map(() => capture(new Error('x'), context()).failure.incident);
    assert.equal(new Set(incidents).size, 3);
  });

  it('lets the message of a PublicError cross, and nothing else of it', () => {
    const error = new PublicError('no rows', { cause: new CanaryError(CANARY) });
    const { failure } = capture(error, context());
    assert.equal(failure.message, 'no rows');
    assert.doesNotMatch(JSON.stringify(failure), /canary/);
    const nested = capture(new Error(CANARY, { cause: new PublicError('inner') }), context());
    assert.equal(nested.failure.message, undefined, 'a public cause does not make its wrapper public');
    assert.equal(
      capture(new PublicError('x'.repeat(1000)), context()).failure.message?.length,
      PUBLIC_MESSAGE_CHARS_MAX + 1,
    );
  });

  it('lets text cross only if the origin’s policy says so', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    assert.equal(capture(error, context('message')).failure.message, 'outer');
    const full = capture(error, context('full')).failure.message ?? '';
    assert.match(full, /outer[\s\S]*caused by [\s\S]*inner/);
    const enormous = capture(new Error('x'.repeat(1e6)), context('full')).failure.message ?? '';
    assert.ok(enormous.length <= FULL_MESSAGE_CHARS_MAX + 1);
  });

  it('lets the chain of causes cross only under `full`, as class, message and code', () => {
    const root = Object.assign(new RangeError('root'), { code: 'E_ROOT' });
    const error = new TypeError('outer', { cause: new Error('x'.repeat(9_000), { cause: root }) });
    for (const policy of ['redacted', 'message'] as const)
      assert.equal(capture(error, context(policy)).failure.chain, undefined, policy);
    const { chain = [] } = capture(error, context('full')).failure;
    assert.deepEqual(
      chain.map(({ name, code }) => [name, code]),
      [
        ['TypeError', undefined],
        ['Error', undefined],
        ['RangeError', 'E_ROOT'],
      ],
    );
    assert.deepEqual([chain[0]?.message, chain[2]?.message], ['outer', 'root']);
    assert.equal(chain[1]?.message.length, CHAIN_MESSAGE_CHARS_MAX + 1);
    assert.equal(capture(longChain(), context('full')).failure.chain?.length, DETAIL_CAUSES_MAX + 1);
  });

  it('lets the details of a PublicError cross, in an order of their own, and of its cause nothing', () => {
    const details = { rows: 3, needed: 100, strict: true, table: 'a\u001b[2Jb' };
    const { failure } = capture(new PublicError('few', { details, cause: new Error(CANARY) }), context());
    assert.equal(
      JSON.stringify(failure.details),
      '{"needed":100,"rows":3,"strict":true,"table":"a\uFFFD[2Jb"}',
    );
    const nested = capture(
      new Error(CANARY, { cause: new PublicError('few', { details }) }),
      context('message'),
    );
    assert.equal(nested.failure.details, undefined);
  });

  it('lets no details cross that were put there behind the back of the constructor', () => {
    const put = (details: unknown) => Object.assign(new PublicError('few'), { details });
    const trap = Object.defineProperty({}, 'details', { enumerable: true, get: hostile });
    for (const details of [
      CANARY,
      [CANARY],
      { a: { b: CANARY } },
      { __proto__x: 1 },
      { [`${CANARY} a`]: 1 },
      trap,
    ])
      assert.equal(capture(put(details), context()).failure.details, undefined);
    assert.equal(capture(put({ a: { toJSON: () => CANARY } }), context()).failure.details, undefined);
  });

  it('refuses details that are more than a few plain values', () => {
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`n${i}`, i]));
    const wrong: readonly unknown[] = [
      ...[many, [], 'text', null, { a: {} }, { a: Number.NaN }, { a: 'x'.repeat(201) }, { 'a b': 1 }],
      { a: 1n },
    ];
    for (const details of wrong) {
      assert.throws(
        () => new PublicError('few', { details: details as never }),
        (error) => error instanceof UsageError && error.code === 'PRIVITY_PUBLIC_DETAILS',
      );
    }
  });

  it('removes what could repaint a terminal', () => {
    const { failure, detail } = capture(new PublicError('a\u001b[2Jb\u202ec\nd'), context());
    assert.equal(failure.message, 'a\uFFFD[2Jb\uFFFDc\nd');
    assert.equal(detail.message, failure.message);
  });

  it('survives anything that can be thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withMap: true, withNullPrototype: true, withSparseArray: true }), (error) => {
        const { failure } = capture(error, context());
        assert.deepEqual(Object.keys(failure).length, 6);
        isConsequence(error);
      }),
    );
  });
});

describe('isConsequence', () => {
  const aborted = new RunAbortedError(verdict);
  it('knows the verdict wherever it is in the chain', () => {
    assert.ok(isConsequence(aborted));
    assert.ok(isConsequence(new Error('x', { cause: new Error('y', { cause: aborted }) })));
    assert.ok(isConsequence(new DOMException('x', 'AbortError')));
  });
  it('takes nothing else for one', () => {
    for (const [, error] of thrown) assert.equal(isConsequence(error), false);
    assert.equal(isConsequence(new DOMException('x', 'TimeoutError')), false);
  });
});
