/**
 * The inner loops over rows. Two implementations give the same bytes: WebAssembly (kernels/psi.ts, compiled from
 * AssemblyScript), and these in TypeScript, which serve where WebAssembly is not there and say what is computed.
 */
import { decode, encode } from '../okvs/okvs.ts';
import { hashRows } from './blake3.ts';
import type { RowKernels } from './row-kernel-types.ts';
import { matchTags } from './tag-match.ts';
import { wasmRowKernels } from './wasm-row-kernels.ts';

export const typescriptRowKernels: RowKernels = {
  name: 'typescript',
  hashRows,
  encode,
  decode,
  matchTags,
  clear() {},
};

/** The fastest that run here. */
export async function loadRowKernels(): Promise<RowKernels> {
  return (await wasmRowKernels()) ?? typescriptRowKernels;
}
