import type { Kernels } from './kernels.ts';
import { matmulThreads } from './matmul-threads.ts';
import { typescriptKernels } from './typescript.ts';
import { wasmKernels } from './wasm.ts';

let loading: Promise<Kernels> | undefined;

/** The fastest kernels that run here; one module for all sessions of the process. */
export function loadKernels(): Promise<Kernels> {
  loading ??= wasmKernels(matmulThreads).then((found) => found ?? typescriptKernels);
  return loading;
}
