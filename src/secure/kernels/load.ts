import type { Kernels } from './kernels.ts';
import { typescriptKernels } from './typescript.ts';

/** The fastest kernels that run here. */
export function loadKernels(): Promise<Kernels> {
  return Promise.resolve(typescriptKernels);
}
