/** What is said of a matrix product in the call, before anything is computed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UsageError } from '../../base/errors.ts';
import { rep3Costs } from '../protocols/rep3/costs.ts';
import { operationNamed } from './catalogue.ts';
import type { OperandForm } from './operation.ts';
import { aFixed, anInteger } from './samples.ts';

const matmul = operationNamed('matmul');
const shapeOf = (operands: readonly OperandForm[], options?: unknown): readonly number[] =>
  matmul.result(operands, [options], 'matmul').shape;
const refused = (code: string, text: RegExp, operands: readonly OperandForm[], options: unknown): void =>
  assert.throws(
    () => shapeOf(operands, options),
    (error: UsageError) => error.code === code && text.test(error.message),
  );

describe('a matrix product with transposed factors', () => {
  it('has the shape of the product of what they are read as', () => {
    const [left, right] = [{ transposeLeft: true }, { transposeRight: true }];
    assert.deepEqual(shapeOf([aFixed(5, 2), aFixed(5, 3)], left), [2, 3]);
    assert.deepEqual(shapeOf([aFixed(2, 5), aFixed(3, 5)], right), [2, 3]);
    assert.deepEqual(shapeOf([aFixed(7, 5, 2), aFixed(7, 3, 5)], { ...left, ...right }), [7, 2, 3]);
    assert.deepEqual(shapeOf([aFixed(5, 2), anInteger(5)], { ...left, truncation: 'exact' }), [2]);
  });

  it('takes a vector as it is', () => {
    for (const options of [{}, { transposeLeft: true }, { transposeRight: true }]) {
      assert.deepEqual(shapeOf([aFixed(4), aFixed(4)], options), []);
      assert.deepEqual(shapeOf([aFixed(4, 4), aFixed(4)], options), [4]);
    }
    assert.deepEqual(shapeOf([aFixed(4), aFixed(3, 4)], { transposeLeft: true, transposeRight: true }), [3]);
  });

  it('costs, and is bounded by, as many products as without', () => {
    const call = (operands: readonly OperandForm[], params: readonly unknown[]) => ({
      operands,
      params,
      shape: [2, 3],
      fracBits: 18,
    });
    const plain = call([aFixed(2, 50), aFixed(50, 3)], []);
    const turned = call([aFixed(50, 2), aFixed(3, 50)], [{ transposeLeft: true, transposeRight: true }]);
    assert.deepEqual(matmul.cost(rep3Costs, turned), matmul.cost(rep3Costs, plain));
    const one = { min: -(2n ** 18n), max: 2n ** 18n };
    const [of, ofTurned] = [plain, turned].map((each) =>
      matmul.bounds.bound({ ...each, operands: each.operands.map((form) => ({ ...form, bound: one })) }),
    );
    assert.equal(of?.max, 50n * 2n ** 18n);
    assert.deepEqual(ofTurned, of);
  });

  it('of wrong shapes is refused with the options that are in effect', () => {
    const both = [aFixed(2, 5), aFixed(5, 3)];
    refused('PRIVITY_SHAPE_MISMATCH', /matmul: \[2,5\] with transposeLeft and \[5,3\] have/, both, {
      transposeLeft: true,
    });
    refused('PRIVITY_SHAPE_MISMATCH', /matmul: \[2,5\] and \[5,3\] with transposeRight have/, both, {
      transposeRight: true,
    });
    refused('PRIVITY_SHAPE_MISMATCH', /matmul: \[2,5\] and \[2,5\] have/, [aFixed(2, 5), aFixed(2, 5)], {});
  });

  it('with other options is refused', () => {
    const both = [aFixed(2, 2), aFixed(2, 2)];
    refused('PRIVITY_STEP_INVALID', /transposeLeft.*true or false/, both, { transposeLeft: 1 });
    refused('PRIVITY_STEP_INVALID', /matmul takes/, both, { transpose: true });
    refused('PRIVITY_STEP_INVALID', /matmul takes/, both, 'exact');
    assert.throws(
      () => operationNamed('dot').result(both, [{ transposeLeft: true }], 'dot'),
      /dot takes \{ truncation \}/,
    );
  });
});
