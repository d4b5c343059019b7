/**
 * The inner loops over rows. Two implementations give the same bytes: WebAssembly (kernels/psi.ts, compiled from
 * AssemblyScript), and these in TypeScript, which serve where WebAssembly is not there and say what is computed.
 */
import { decode, encode, mapBlocks, rowCount, valuesOf } from '../okvs/okvs.ts';
import { OKVS_ROW_BYTES, type OkvsShape } from '../okvs/shape.ts';
import { hashRows } from './blake3.ts';
import { gathered } from './gather.ts';
import type { RowBucket, RowKernels } from './row-kernel-types.ts';
import { matchTags } from './tag-match.ts';
import { wasmRowKernels } from './wasm-row-kernels.ts';

export const typescriptRowKernels: RowKernels = {
  name: 'typescript',
  hashRows,
  bucket,
  hashedBucket(shape, key, inputs, which) {
    if (which === undefined) return bucket(shape, hashRows(key, inputs, OKVS_ROW_BYTES));
    const some = gathered(inputs, which);
    const rows = hashRows(key, some, OKVS_ROW_BYTES);
    some.fill(0);
    return bucket(shape, rows);
  },
  mapBlocks,
  matchTags,
  clear() {},
};

/** The fastest that run here. */
export async function loadRowKernels(): Promise<RowKernels> {
  return (await wasmRowKernels()) ?? typescriptRowKernels;
}

function bucket(shape: OkvsShape, rows: Uint8Array): RowBucket {
  return {
    count: rowCount(rows),
    values: () => valuesOf(rows),
    encode: (random) => encode(shape, rows, random),
    decode: (encoding) => decode(shape, encoding, rows),
  };
}
