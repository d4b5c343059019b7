/** What bench/secure.ts measures: the operations, their sizes, and what the design asks of each. */
import * as ops from '../src/secure/ops/index.ts';
import type { SecretTensor } from '../src/secure/secret.ts';
import type { Evaluator } from '../src/secure/session.ts';
import type { Arith } from '../src/secure/sharing/shares.ts';
import { setting } from './parts/figure.ts';

export interface Work {
  readonly name: string;
  /** Operands are vectors of so many numbers. */
  readonly elements: number;
  /** What one run counts as; default: elements. */
  readonly units?: number;
  readonly unit?: string;
  /** Units a second, three parties on a machine of two cores. */
  readonly target?: number;
  /** Nanoseconds of processor time for a unit, of all three together, at which two cores would reach the target. */
  readonly cpuTarget?: number;
  readonly run: (on: Evaluator, x: SecretTensor, y: SecretTensor) => Promise<unknown>;
}

const size = setting('PRIVITY_BENCH_SECURE_ELEMENTS', 1_000_000);
const edge = 512;

export const works: readonly Work[] = [
  {
    name: 'ring mul',
    elements: size,
    target: 30e6,
    cpuTarget: 66,
    run: ({ protocol, fiber }, x, y) => protocol.mulSS(fiber, x.shares as Arith, y.shares as Arith),
  },
  { name: 'fixed-point mul', elements: size, target: 18e6, cpuTarget: 111, run: ops.mul },
  { name: 'less than', elements: size, target: 8e6, cpuTarget: 250, run: ops.lt },
  {
    name: `matmul ${edge}³`,
    elements: edge * edge,
    units: edge ** 3,
    unit: 'MAC',
    target: 0.85e9,
    cpuTarget: 2.35,
    run: (on, x, y) => ops.matmul(on, ops.reshape(on, x, [edge, edge]), ops.reshape(on, y, [edge, edge])),
  },
  { name: 'division', elements: size / 10, target: 0.3e6, cpuTarget: 6_700, run: ops.div },
  { name: 'sigmoid', elements: size / 10, run: (on, x) => ops.sigmoid(on, x) },
  { name: 'exp', elements: size / 10, run: (on, x) => ops.exp(on, x) },
  { name: 'open', elements: size, run: (on, x) => ops.reveal(on, x) },
  { name: 'sort', elements: size, target: 0.2e6, cpuTarget: 10_000, run: (on, x) => ops.sort(on, x) },
];
