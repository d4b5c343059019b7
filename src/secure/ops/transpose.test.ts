/** That a transposed matrix is read as it stands in products, and copied, once, by whatever needs its elements. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runSecure } from '../../../test/parts/secure-parties.ts';
import { typescriptKernels } from '../kernels/typescript.ts';
import { decode } from '../ring/fixed-point.ts';
import { publicTensor } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import * as ops from './index.ts';

const six = [1, 2, 3, 4, 5, 6];

/** What members open, and how many matrices any of them has transposed in memory. */
async function told(
  body: (on: Evaluator, x: SecretTensor) => Promise<SecretTensor> | SecretTensor,
  shape: readonly number[] = [2, 3],
) {
  let transposed = 0;
  const kernels = {
    ...typescriptKernels,
    transpose: (...matrices: Parameters<typeof typescriptKernels.transpose>) => {
      transposed++;
      typescriptKernels.transpose(...matrices);
    },
  };
  const [opened] = await runSecure(
    'rep3',
    3,
    async (on, rank) => {
      const x = await ops.share(on, { owner: 0, dtype: 'integer', shape }, rank === 0 ? six : undefined);
      const result = await body(on, x);
      const opened = await ops.reveal(on, result);
      return {
        shape: result.shape,
        values: [...decode(opened?.words ?? new BigUint64Array(), 'integer', 0)],
      };
    },
    { options: { kernels } },
  );
  return { ...opened, transposed };
}
/** Of three members each with two parts. */
const ONCE = 6;

describe('a transposed matrix', () => {
  it('is not copied for a product, on either side, or transposed back by an option', async () => {
    const gram = { shape: [3, 3], values: [17, 22, 27, 22, 29, 36, 27, 36, 45], transposed: 0 };
    assert.deepEqual(await told((on, x) => ops.matmul(on, ops.transpose(on, x), x)), gram);
    const flags = { transposeLeft: true, transposeRight: true };
    assert.deepEqual(
      await told((on, x) => ops.matmul(on, x, ops.transpose(on, x), 'probabilistic', flags)),
      gram,
    );
    assert.deepEqual(await told((on, x) => ops.matmul(on, x, x, 'exact', { transposeLeft: true })), gram);
    const byPublic = await told((on, x) =>
      ops.matmul(on, ops.transpose(on, x), publicTensor([1, 10], { dtype: 'integer' })),
    );
    assert.deepEqual(byPublic, { shape: [3], values: [41, 52, 63], transposed: 0 });
  });

  it('is copied once by what needs its elements', async () => {
    const rows = await told((on, x) => {
      const y = ops.transpose(on, x);
      return ops.add(on, ops.slice(on, y, 0, 2), ops.gather(on, y, [2, 2]));
    });
    assert.deepEqual(rows, { shape: [2, 2], values: [4, 10, 5, 11], transposed: ONCE });
  });

  it('keeps its elements when it is transposed again, or given another shape', async () => {
    const back = await told((on, x) => ops.transpose(on, ops.transpose(on, x)));
    assert.deepEqual([back.shape, back.values], [[2, 3], six]);
    const flat = await told((on, x) => ops.reshape(on, ops.transpose(on, x), [1, 6]));
    assert.deepEqual(flat, { shape: [1, 6], values: [1, 4, 2, 5, 3, 6], transposed: ONCE });
    // A product of one that was given another shape is of that shape.
    const product = await told((on, x) => {
      const pairs = ops.reshape(on, ops.transpose(on, x), [2, 3]);
      return ops.matmul(on, pairs, publicTensor([1, 1, 1], { dtype: 'integer' }));
    });
    assert.deepEqual(product.values, [7, 14]);
  });

  it('of a batch, and other orders of axes, are as NumPy has them', async () => {
    const order = (axes?: readonly number[]) =>
      told((on, x) => ops.transpose(on, x, axes), [1, 2, 3]).then(({ shape, values }) => [shape, values]);
    assert.deepEqual(await order(), [
      [3, 2, 1],
      [1, 4, 2, 5, 3, 6],
    ]);
    assert.deepEqual(await order([0, 2, 1]), [
      [1, 3, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
    assert.deepEqual(await order([1, 0, 2]), [[2, 1, 3], six]);
    assert.deepEqual(await order([2, 0, 1]), [
      [3, 1, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
    assert.deepEqual(await order([0, -2, -1]), [[1, 2, 3], six]);
  });
});
