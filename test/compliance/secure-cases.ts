/**
 * What a compliance run does with the primitives of a protocol, each with its declared cost. A new protocol is one more
 * line in secure.test.ts.
 */
import type { Cost } from '../../src/secure/cost.ts';
import type { ProtocolCosts } from '../../src/secure/protocols/protocol.ts';
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
  {
    name: 'shuffleKeptS, and one column back',
    run: async ({ protocol, fiber }, x, y) => (await protocol.shuffleKeptS(fiber, [x, y])).undo(fiber, [x]),
    cost: (c, n) => sequence(c.shuffleS(n, 2), c.shuffleS(n, 1)),
  },
  ...[0, 1].map(
    (owner): PrimitiveCase => ({
      name: `permuteByS of member ${owner}`,
      run: ({ protocol, fiber }, x, y) => {
        const order = Uint32Array.from({ length: x.length }, (_, i) => x.length - 1 - i);
        return protocol.permuteByS(fiber, [x, y], owner, protocol.rank === owner ? order : undefined);
      },
      cost: (c, n) => c.permuteByS(owner, n, 2),
    }),
  ),
];

function sequence(a: Cost, b: Cost): Cost {
  return { rounds: a.rounds + b.rounds, bytes: a.bytes.map((bytes, rank) => bytes + (b.bytes[rank] ?? 0)) };
}
