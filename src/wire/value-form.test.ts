import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formOf, formText } from './value-form.ts';

const text = (value: unknown): string => formText(formOf(value));

describe('the form of a value', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [1, 'number'],
    [true, 'boolean'],
    [null, 'null'],
    [undefined, 'nothing'],
    ['abcé', 'text up to 5 bytes'],
    [2n ** 64n, 'bigint up to 9 bytes'],
    [new Date(0), 'date'],
    [{}, '{}'],
    [{ mean: 1, count: 2 }, '{ mean: number, count: number }'],
    [{ count: 2, mean: 1 }, '{ count: number, mean: number }'],
    [{ 'a: b': 'x' }, '{ "a: b": text up to 1 bytes }'],
    [{ '[7]': [1] }, '{ "[7]": list of number [1] }'],
    [[], 'empty list'],
    [[1, 2, 3], 'list of number [3]'],
    [['a', 'bcd'], 'list of text up to 3 bytes [2]'],
    [[[1], [1, 2]], 'list of list of number [any] [2]'],
    [
      [
        [1, 2],
        [3, 4],
      ],
      'list of list of number [2] [2]',
    ],
    [[1, 'a'], 'list of (number | text up to 1 bytes) [2]'],
    [[{ a: 1 }, { a: 2 }], 'list of { a: number } [2]'],
    [Float64Array.of(1, 2), 'float64 array [2]'],
    [Uint8Array.of(1, 2, 3), 'bytes [3]'],
    [{ shape: [1, 2], data: Float64Array.of(1, 2) }, 'float64 tensor [1, 2]'],
    [{ shape: [], data: Float64Array.of(1) }, 'float64 tensor []'],
    [new Blob(['abc']), 'blob [3]'],
    [new Blob(['abc'], { type: 'text/x' }), 'blob of "text/x" [3]'],
  ];
  for (const [value, form] of cases) it(form, () => assert.equal(text(value), form));

  it('says nothing of what is in the value', () => {
    for (const [one, other] of [
      [
        { a: 1, b: 'xy' },
        { a: -7.5, b: 'zw' },
      ],
      [
        [1, 2],
        [3, 4],
      ],
      [new Date(1), new Date(2)],
    ])
      assert.equal(text(one), text(other));
  });

  it('is none where a value has more parts than anybody reads', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, index]));
    assert.equal(text(many), 'a value of too many parts');
    const unlike = Array.from({ length: 20 }, (_, index) => ({ [`key${index}`]: 1 }));
    assert.equal(text({ unlike }), '{ unlike: a value of too many parts }');
  });
});
