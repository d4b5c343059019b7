import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '../../contracts/random.ts';
import { OKVS_ROW_BYTES, okvsShape } from '../okvs/shape.ts';
import { loadRowKernels } from './row-kernels.ts';

const bytes = (length: number, seed = 1): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (state >>> 24) ^ (state >>> 8);
  });
};
const random: Random = { bytes: (length) => bytes(length, 77) };

describe('kernels over rows', () => {
  it('encodes what it decodes', async () => {
    const kernels = await loadRowKernels();
    const rows = kernels.hashRows(bytes(32), bytes(32 * 1000), OKVS_ROW_BYTES);
    const shape = okvsShape(1000, 1);
    const bucket = kernels.bucket(shape, rows);
    const encoding = bucket.encode(random);
    assert.ok(encoding !== undefined);
    const values = bucket.decode(encoding);
    for (let row = 0; row < 1000; row++)
      assert.deepEqual(values.subarray(row * 16, row * 16 + 16), rows.subarray(row * 40, row * 40 + 16));
  });
});
