import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import { Branch, digestOf } from '../state/branch.ts';
import { Scope } from '../state/scope.ts';
import { isHandle, makeHandle, recordOf } from './handle.ts';

const run = {};
const branch = new Branch('', null, digestOf([]), new Scope('', null, []));
const handle = makeHandle(
  {
    run,
    value: { id: '0', name: 'rate', copies: new Map() },
    owners: ['alice', 'bob'],
    cell: undefined,
    branch,
  },
  () => handle,
);
// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript could do with a handle
const any = handle as any;

describe('a handle', () => {
  const coercions: readonly [string, () => unknown][] = [
    ['addition', () => any + 1],
    ['subtraction', () => any - 1],
    ['a template', () => `${any}`],
    ['String()', () => String(any)],
    ['Number()', () => Number(any)],
    ['comparison', () => any < 1],
    // biome-ignore lint/suspicious/noDoubleEquals: this is what must throw
    ['loose equality', () => any == 1],
    ['use as a key', () => ({ [any]: 1 })],
    ['JSON', () => JSON.stringify({ any })],
    ['iteration', () => [...any]],
    [
      'for in',
      () => {
        for (const key in any) return key;
        return 0;
      },
    ],
    ['spreading', () => ({ ...any })],
    ['Object.keys', () => Object.keys(any)],
    ['a property', () => any.length],
    ['an index', () => any[0]],
    ['in', () => 'x' in any],
    [
      'destructuring',
      () => {
        const { mean } = any;
        return mean;
      },
    ],
    ['a method', () => any.map(String)],
    [
      'assignment',
      () => {
        any.x = 1;
      },
    ],
    [
      'assignment to its method',
      () => {
        any.to = 1;
      },
    ],
    ['deletion', () => delete any.to],
    ['definition', () => Object.defineProperty(any, 'x', { value: 1 })],
  ];
  for (const [what, coerce] of coercions) {
    it(`throws on ${what}, and says what to do`, () => {
      assert.throws(coerce, (error: Error & { code?: string }) => {
        assert.equal(error.code, 'PRIVITY_HANDLE_COERCED');
        assert.match(error.message, /"rate", at alice and bob/);
        assert.match(error.message, /alice\.run\('name'/);
        return true;
      });
    });
  }

  it('can be awaited, returned from async functions, printed and compared by identity', async () => {
    assert.equal(await handle, handle);
    assert.equal(await (async () => handle)(), handle);
    assert.equal(inspect(handle), 'At<alice | bob> "rate"');
    assert.equal(format('%o', { x: handle }).includes('rate'), true);
    assert.ok(handle === any);
    assert.equal(any instanceof Map, false);
    assert.equal(Object.prototype.toString.call(handle), '[object At]');
  });

  it('is known by identity, not by looks', () => {
    assert.ok(isHandle(handle));
    for (const other of [null, 1, {}, { to: () => 1 }, Object.create(handle), new Proxy(any, {})])
      assert.ok(!isHandle(other));
    assert.equal(recordOf(handle, run, 'here').value.name, 'rate');
    assert.throws(() => recordOf({}, run, 'here'), { code: 'PRIVITY_HANDLE_EXPECTED' });
    assert.throws(() => recordOf(handle, {}, 'here'), { code: 'PRIVITY_HANDLE_FOREIGN' });
  });
});
