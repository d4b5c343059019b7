/**
 * What a compliance run does with a protocol: each primitive with its declared cost, each operation with its declared cost, domain and
 * accuracy. A new protocol is one more line in secure.test.ts.
 */
import type { Cost } from '../../src/secure/cost.ts';
import type { opCosts } from '../../src/secure/ops/costs.ts';
import * as ops from '../../src/secure/ops/index.ts';
import type { ProtocolCosts } from '../../src/secure/protocols/protocol.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import type { Arith, Bits } from '../../src/secure/sharing/shares.ts';

export interface PrimitiveCase {
  readonly name: string;
  readonly run: (on: Evaluator, x: Arith, y: Arith, bits: Bits) => Promise<unknown>;
  readonly cost: (costs: ProtocolCosts, length: number) => Cost;
}

const dims = { batch: 1, rows: 3, inner: 4, columns: 2 };
const part = (x: Arith, length: number): Arith => ({
  ...x,
  length,
  parts: x.parts.map((words) => words.subarray(0, length)),
});

/** `bits` has width 7. */
export const primitives: readonly PrimitiveCase[] = [
  { name: 'openA', run: (on, x) => on.protocol.openA(on.fiber, x), cost: (c, n) => c.openA(n) },
  { name: 'openA to one', run: (on, x) => on.protocol.openA(on.fiber, x, 1), cost: (c, n) => c.openA(n, 1) },
  { name: 'openB', run: (on, _x, _y, b) => on.protocol.openB(on.fiber, b), cost: (c, n) => c.openB(n, 7) },
  {
    name: 'openB to one',
    run: (on, _x, _y, b) => on.protocol.openB(on.fiber, b, 0),
    cost: (c, n) => c.openB(n, 7, 0),
  },
  { name: 'mulSS', run: (on, x, y) => on.protocol.mulSS(on.fiber, x, y), cost: (c, n) => c.mulSS(n) },
  {
    name: 'matmulSS',
    run: (on, x, y) => on.protocol.matmulSS(on.fiber, part(x, 12), part(y, 8), dims),
    cost: (c) => c.matmulSS(dims),
  },
  {
    name: 'mulTruncSS',
    run: (on, x, y) => on.protocol.mulTruncSS(on.fiber, x, y, 18),
    cost: (c, n) => c.mulTruncSS(n, 18),
  },
  {
    name: 'matmulTruncSS',
    run: (on, x, y) => on.protocol.matmulTruncSS(on.fiber, part(x, 12), part(y, 8), dims, 18),
    cost: (c) => c.matmulTruncSS(dims, 18),
  },
  { name: 'truncS', run: (on, x) => on.protocol.truncS(on.fiber, x, 18), cost: (c, n) => c.truncS(n, 18) },
  {
    name: 'truncExactS',
    run: (on, x) => on.protocol.truncExactS(on.fiber, x, 18),
    cost: (c, n) => c.truncExactS(n, 18),
  },
  {
    name: 'andSS',
    run: (on, _x, _y, b) => on.protocol.andSS(on.fiber, [[b, b]]),
    cost: (c, n) => c.andSS(n, 7),
  },
  { name: 'a2b', run: (on, x) => on.protocol.a2b(on.fiber, x, 64), cost: (c, n) => c.a2b(n, 64) },
  { name: 'a2b, 45 bits', run: (on, x) => on.protocol.a2b(on.fiber, x, 45), cost: (c, n) => c.a2b(n, 45) },
  { name: 'b2a', run: (on, _x, _y, b) => on.protocol.b2a(on.fiber, b), cost: (c, n) => c.b2a(n, 7) },
  {
    name: 'bit2a',
    run: async (on, x) => on.protocol.bit2a(on.fiber, await on.protocol.msbS(on.fiber, x)),
    cost: (c, n) => sequence(c.msbS(n), c.bit2a(n)),
  },
  { name: 'msbS', run: (on, x) => on.protocol.msbS(on.fiber, x), cost: (c, n) => c.msbS(n) },
  { name: 'eqzS', run: (on, x) => on.protocol.eqzS(on.fiber, x), cost: (c, n) => c.eqzS(n) },
  { name: 'randomA', run: (on, x) => on.protocol.randomA(on.fiber, x.length), cost: (c, n) => c.randomA(n) },
  {
    name: 'randomB',
    run: (on, x) => on.protocol.randomB(on.fiber, x.length, 3),
    cost: (c, n) => c.randomB(n, 3),
  },
  {
    name: 'shuffleS',
    run: (on, x, y) => on.protocol.shuffleS(on.fiber, [x, y]),
    cost: (c, n) => c.shuffleS(n, 2),
  },
];

function sequence(a: Cost, b: Cost): Cost {
  return { rounds: a.rounds + b.rounds, bytes: a.bytes.map((bytes, rank) => bytes + (b.bytes[rank] ?? 0)) };
}

export interface OperationCase {
  readonly name: keyof typeof opCosts;
  readonly run: (on: Evaluator, x: SecretTensor, y: SecretTensor) => Promise<SecretTensor> | SecretTensor;
  readonly plain: (x: number, y: number) => number;
  /** Grid from … to, linear or geometric, for each operand. */
  readonly x: readonly [from: number, to: number, kind?: 'geometric'];
  readonly y?: readonly [from: number, to: number, kind?: 'geometric'];
  /** What the docstring of the operation promises, for this true result. */
  readonly error: (result: number) => number;
}

const ulp = 2 ** -18;
const exact = (): number => 0;
const one = (): number => ulp;

export const operations: readonly OperationCase[] = [
  { name: 'add', run: ops.add, plain: (x, y) => x + y, x: [-6e7, 6e7], y: [6e7, -6.7e7], error: exact },
  { name: 'sub', run: ops.sub, plain: (x, y) => x - y, x: [-6e7, 6e7], y: [6e7, -6.7e7], error: exact },
  { name: 'neg', run: (on, x) => ops.neg(on, x), plain: (x) => -x, x: [-6e7, 6e7], error: exact },
  { name: 'mul', run: ops.mul, plain: (x, y) => x * y, x: [-8191, 8191], y: [8191, -8191], error: one },
  {
    name: 'mul',
    run: ops.mul,
    plain: (x, y) => x * y,
    x: [-(2 ** 26) + 1, 2 ** 26 - 1],
    y: [0.75, -0.75],
    error: one,
  },
  { name: 'square', run: (on, x) => ops.square(on, x), plain: (x) => x * x, x: [-8191, 8191], error: one },
  { name: 'lt', run: ops.lt, plain: (x, y) => Number(x < y), x: [-6e7, 6e7], y: [1e7, -6e7], error: exact },
  { name: 'le', run: ops.le, plain: (x, y) => Number(x <= y), x: [-50, 50], y: [-50, 50], error: exact },
  { name: 'eq', run: ops.eq, plain: (x, y) => Number(x === y), x: [-6e7, 6e7], y: [6e7, -6e7], error: exact },
  { name: 'abs', run: (on, x) => ops.abs(on, x), plain: Math.abs, x: [-6e7, 6e7], error: exact },
  {
    name: 'relu',
    run: (on, x) => ops.relu(on, x),
    plain: (x) => Math.max(x, 0),
    x: [-6e7, 6e7],
    error: exact,
  },
  { name: 'minimum', run: ops.minimum, plain: Math.min, x: [-6e7, 6e7], y: [3e7, -6.7e7], error: exact },
  { name: 'maximum', run: ops.maximum, plain: Math.max, x: [-100, 100], y: [50, -50], error: exact },
  {
    name: 'div',
    run: ops.div,
    plain: (x, y) => x / y,
    x: [-1000, 1000],
    y: [2 ** -7, 2 ** 26 - 1, 'geometric'],
    error: (q) => 3 * ulp + Math.abs(q) * 2 ** -21,
  },
  {
    // Both ends of the domain of quotients: up to 2^18, of either sign.
    name: 'div',
    run: ops.div,
    plain: (x, y) => x / y,
    x: [-7, 7],
    y: [-(2 ** -15), -(2 ** 26) + 1, 'geometric'],
    error: (q) => 3 * ulp + Math.abs(q) * 2 ** -21,
  },
  {
    name: 'div',
    run: ops.div,
    plain: (x, y) => x / y,
    x: [-(2 ** 26) + 1, 2 ** 26 - 1],
    y: [2 ** 8, 2 ** 26 - 1, 'geometric'],
    error: (q) => 3 * ulp + Math.abs(q) * 2 ** -21,
  },
  {
    name: 'reciprocal',
    run: (on, x) => ops.reciprocal(on, x),
    plain: (x) => 1 / x,
    x: [2 ** -17, 2 ** 26 - 1, 'geometric'],
    error: (q) => 3 * ulp + Math.abs(q) * 2 ** -21,
  },
  {
    name: 'reciprocal',
    run: (on, x) => ops.reciprocal(on, x),
    plain: (x) => 1 / x,
    x: [-(2 ** -17), -(2 ** 26) + 1, 'geometric'],
    error: (q) => 3 * ulp + Math.abs(q) * 2 ** -21,
  },
  {
    // √0 is 0, and what is next to it.
    name: 'sqrt',
    run: (on, x) => ops.sqrt(on, x),
    plain: Math.sqrt,
    x: [0, 2 ** -10],
    error: (r) => 2 * ulp + r * 2 ** -19,
  },
  {
    name: 'sqrt',
    run: (on, x) => ops.sqrt(on, x),
    plain: Math.sqrt,
    x: [2 ** -18, 2 ** 26 - 1, 'geometric'],
    error: (r) => 2 * ulp + r * 2 ** -19,
  },
  {
    name: 'rsqrt',
    run: (on, x) => ops.rsqrt(on, x),
    plain: (x) => 1 / Math.sqrt(x),
    x: [2 ** -18, 2 ** 26 - 1, 'geometric'],
    error: (r) => 2 * ulp + r * 2 ** -19,
  },
  {
    name: 'log',
    run: (on, x) => ops.log(on, x),
    plain: Math.log,
    x: [2 ** -18, 2 ** 26 - 1, 'geometric'],
    error: () => 2 * ulp,
  },
  {
    name: 'exp',
    run: (on, x) => ops.exp(on, x),
    plain: Math.exp,
    x: [-20, 9.7],
    error: (r) => 2 * ulp + r * 2 ** -16,
  },
  {
    name: 'exp',
    run: (on, x) => ops.exp(on, x),
    plain: Math.exp,
    x: [-(2 ** 20) + 1, -13],
    error: () => 2 * ulp,
  },
  {
    name: 'sigmoid',
    run: (on, x) => ops.sigmoid(on, x),
    plain: (x) => 1 / (1 + Math.exp(-x)),
    x: [-30, 30],
    error: () => 3 * ulp,
  },
  {
    name: 'sigmoid',
    run: (on, x) => ops.sigmoid(on, x),
    plain: (x) => 1 / (1 + Math.exp(-x)),
    x: [-(2 ** 20) + 1, 2 ** 20 - 1],
    error: () => 3 * ulp,
  },
  { name: 'tanh', run: (on, x) => ops.tanh(on, x), plain: Math.tanh, x: [-15, 15], error: () => 6 * ulp },
  {
    name: 'tanh',
    run: (on, x) => ops.tanh(on, x),
    plain: Math.tanh,
    x: [-(2 ** 19) + 1, 2 ** 19 - 1],
    error: () => 6 * ulp,
  },
];
