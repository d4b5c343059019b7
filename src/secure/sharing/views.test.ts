import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { typescriptKernels } from '../kernels/typescript.ts';
import { elementCount, gridIndex, type Shape, stridesOf } from '../ring/shape.ts';
import { type Arith, arith, rounded, type Words } from './shares.ts';
import { concatRuns, copyOfView, gatherRuns, transposeEach, type View, wordsOfView } from './views.ts';

const words = (count: number): Words => randomFillSync(new BigUint64Array(count));
const shares = (count: number): Arith => arith(count, [words(count), words(count)]);
/** Element by element: what all of them are compared with. */
const picked = (part: Words, index: ArrayLike<number>): Words =>
  BigUint64Array.from({ length: index.length }, (_, i) => part[index[i] ?? 0] ?? 0n);
const same = (made: Arith, x: Arith, index: ArrayLike<number>): void =>
  assert.deepEqual(
    made.parts,
    x.parts.map((part) => picked(part, index)),
  );

/** On either side of what is copied as memory. */
const shapes: readonly Shape[] = [[], [1], [7], [3, 1, 40], [2, 3, 4], [5, 33], [1, 1], [2, 1, 3, 35]];

describe('views of shares', () => {
  it('are the elements that their steps say', () => {
    for (const shape of shapes) {
      const x = shares(elementCount(shape));
      const all = stridesOf(shape);
      const check = (view: View): void => {
        const index = gridIndex(view.shape, view.strides, view.start);
        same(copyOfView(x, view), x, index);
        assert.deepEqual(wordsOfView(x.parts[0] as Words, view), picked(x.parts[0] as Words, index));
      };
      check({ shape, strides: all });
      check({ shape: [...shape].reverse(), strides: [...all].reverse() });
      shape.forEach((size, axis) => {
        for (const from of [0, size >> 1, size - 1])
          check({ shape: shape.with(axis, size - from), strides: all, start: from * (all[axis] ?? 0) });
        check({ shape: shape.with(axis, 1), strides: all });
        // As broadcasting does: the first of this axis, repeated.
        check({ shape: shape.with(axis, 5), strides: all.with(axis, 0) });
        check({ shape: [3, ...shape.with(axis, 2)], strides: [0, ...all.with(axis, 0)] });
      });
    }
  });

  it('are memory of their own, and rounded if what they are of is', () => {
    const x = rounded(4, [words(4)]);
    const copy = copyOfView(x, { shape: [4], strides: [1] });
    assert.notEqual(copy.parts[0]?.buffer, x.parts[0]?.buffer);
    const all = [
      copy,
      gatherRuns(x, [1], 4, 1),
      concatRuns([arith(1, [words(1)]), x], 1),
      transposeEach(typescriptKernels, x, { batch: 1, rows: 2, columns: 2 }),
    ];
    assert.deepEqual(
      all.map((one) => one.rounded),
      [true, true, true, true],
    );
    assert.equal(copyOfView(shares(1), { shape: [1], strides: [1] }).rounded, undefined);
  });
});

describe('gathering and joining', () => {
  it('take runs of any length, in any order and repeatedly', () => {
    for (const [outer, size, run] of [
      [1, 5, 1],
      [4, 3, 1],
      [1, 6, 40],
      [3, 4, 7],
    ] as const) {
      const x = shares(outer * size * run);
      const index = [size - 1, 0, 0, 1];
      const at = Array.from({ length: outer * index.length * run }, (_, i) => {
        const [row, middle] = [Math.floor(i / run / index.length), Math.floor(i / run) % index.length];
        return (row * size + (index[middle] ?? 0)) * run + (i % run);
      });
      same(gatherRuns(x, index, size, run), x, at);
      same(gatherRuns(x, Uint32Array.from(index), size, run), x, at);
    }
  });

  it('lay pieces of each row one behind the other', () => {
    const [x, y, z] = [shares(6), shares(2 * 50), shares(2)];
    const joined = concatRuns([x, y, z], 2);
    joined.parts.forEach((part, index) => {
      const [a, b, c] = [x, y, z].map(({ parts }) => parts[index] as Words) as [Words, Words, Words];
      const rows = [0, 1].flatMap((row) => [
        ...a.subarray(3 * row, 3 * row + 3),
        ...b.subarray(50 * row, 50 * row + 50),
        ...c.subarray(row, row + 1),
      ]);
      assert.deepEqual(part, BigUint64Array.from(rows));
    });
  });
});
