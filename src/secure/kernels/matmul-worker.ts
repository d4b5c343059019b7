/** Runs in a worker thread of {@link MatmulThreads}. */
import { parentPort } from 'node:worker_threads';
import { helpWith, type SharedProduct } from './shared-matmul.ts';
import { typescriptKernels } from './typescript.ts';
import { wasmKernels } from './wasm.ts';

const kernels = (await wasmKernels()) ?? typescriptKernels;
parentPort?.on('message', (product: SharedProduct) => helpWith(kernels, product));
