/**
 * What operations cost, from what the primitives of a protocol cost: held by the compliance suite for every protocol. `length` is the
 * number of elements of the result.
 */
import { type Cost, inParallel, inSequence, times } from '../cost.ts';
import { allOnesAnds, levels, prefixAnds } from '../protocols/circuits.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { magnitudeBits } from '../ring/fixed-point.ts';
import { GUARD_BITS } from './numeric.ts';

/** Cost of one operation on fixed numbers with `fracBits`, for `length` elements. */
export type OpCost = (costs: ProtocolCosts, length: number, fracBits: number) => Cost;

/** Of what sends nothing. */
export const local: OpCost = (c) => times(0, c.mulSS(1));
/** Several ands in rounds of their own, so many each time. */
const circuit = (c: ProtocolCosts, length: number, ands: number, rounds: number): Cost => ({
  rounds: rounds * c.andSS(length, 1).rounds,
  bytes: c.andSS(length, ands).bytes,
});
const mul: OpCost = (c, n, f) => c.mulTruncSS(n, f);
const guarded = (c: ProtocolCosts, n: number): Cost => c.mulTruncSS(n, GUARD_BITS);
const lt: OpCost = (c, n) => c.msbS(n);
const bitTimes: OpCost = (c, n) => inSequence(c.msbS(n), c.bit2a(n), c.mulSS(n));

/** Finding the highest one of a number of `width` bits. */
const highest = (c: ProtocolCosts, n: number, width: number, signed: boolean): Cost =>
  inSequence(c.a2b(n, signed ? width + 1 : width), circuit(c, n, prefixAnds(width), levels(width)));

/** {@link reciprocalOfNormal} with `outBits`. */
const inverse = (c: ProtocolCosts, n: number, outBits: number): Cost =>
  inSequence(guarded(c, n), guarded(c, 2 * n), guarded(c, 2 * n), c.mulTruncSS(n, 2 * GUARD_BITS - outBits));

const div: OpCost = (c, n, f) => {
  const width = magnitudeBits(f);
  const [numerator, reciprocal] = [f + 2, f + 6];
  return inSequence(
    highest(c, n, width, true),
    inParallel(c.b2a(n, width), c.bit2a(n)),
    inParallel(c.mulTruncSS(n, width - GUARD_BITS), c.mulTruncSS(n, width - numerator)),
    inverse(c, n, reciprocal),
    c.mulTruncSS(n, numerator + reciprocal - f),
  );
};

const root =
  (kind: 'sqrt' | 'rsqrt'): OpCost =>
  (c, n, f) => {
    const width = magnitudeBits(f);
    const [lowest, highestPower] = [Math.floor((1 - f) / 2), Math.floor((width - f) / 2)];
    const step = inSequence(c.mulTruncSS(n, GUARD_BITS + 1), guarded(c, 2 * n));
    return inSequence(
      highest(c, n, width, false),
      inParallel(c.b2a(n, width), c.b2a(n, highestPower - lowest + 1), c.bit2a(n)),
      c.mulTruncSS(n, width - GUARD_BITS),
      c.truncS(n, GUARD_BITS),
      guarded(c, n),
      step,
      step,
      guarded(c, n),
      c.mulTruncSS(n, GUARD_BITS - f + (kind === 'sqrt' ? -lowest : highestPower)),
    );
  };

/** {@link polynomial}. */
const polynomial = (c: ProtocolCosts, n: number, degree: number): Cost => {
  const steps: Cost[] = [];
  for (let have = 1; have < degree; ) {
    const more = Math.min(have, degree - have);
    steps.push(guarded(c, more * n));
    have += more;
  }
  return inSequence(...steps, c.truncS(n, GUARD_BITS));
};

/** {@link productOfAll}. */
const productOfAll = (c: ProtocolCosts, n: number, factors: number): Cost => {
  const steps: Cost[] = [];
  for (let left = factors; left > 1; left = Math.ceil(left / 2))
    steps.push(c.mulSS(Math.floor(left / 2) * n));
  return inSequence(...steps);
};

const log: OpCost = (c, n, f) => {
  const width = magnitudeBits(f);
  return inSequence(
    highest(c, n, width, false),
    inParallel(c.b2a(n, width), ...new Array<Cost>(6).fill(c.bit2a(n))),
    c.mulTruncSS(n, width - GUARD_BITS),
    polynomial(c, n, 7),
    c.truncS(n, GUARD_BITS - f),
  );
};

const exp: OpCost = (c, n, f) =>
  inSequence(
    c.truncS(n, 22),
    c.a2b(n, f + 22),
    inParallel(...new Array<Cost>(5).fill(c.bit2a(n))),
    c.bit2a(n),
    inParallel(productOfAll(c, n, 6), polynomial(c, n, 5)),
    guarded(c, n),
  );

const sigmoid: OpCost = (c, n, f) => {
  const high = 16;
  return inSequence(
    c.truncS(n, 22),
    c.a2b(n, f + 22),
    inParallel(
      inSequence(c.bit2a(n), inParallel(...new Array<Cost>(5).fill(c.bit2a(n)))),
      inSequence(circuit(c, n, allOnesAnds(high), levels(high)), c.bit2a(n)),
    ),
    c.mulSS(n),
    inParallel(productOfAll(c, n, 6), polynomial(c, n, 5)),
    c.mulTruncSS(n, 32),
    inverse(c, n, GUARD_BITS),
    c.mulTruncSS(n, GUARD_BITS + 1 - f),
  );
};

export const opCosts = {
  add: local,
  sub: local,
  neg: local,
  mul,
  square: mul,
  lt,
  le: lt,
  eq: (c, n) => c.eqzS(n),
  abs: bitTimes,
  relu: bitTimes,
  minimum: bitTimes,
  maximum: bitTimes,
  div,
  reciprocal: div,
  sqrt: root('sqrt'),
  rsqrt: root('rsqrt'),
  log,
  exp,
  sigmoid,
  tanh: sigmoid,
} satisfies Record<string, OpCost>;
