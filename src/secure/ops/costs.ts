/**
 * What several operations cost, from what the primitives of a protocol cost; the formula of one stands beside its code.
 */
import { type Cost, inSequence, times } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { elementCount } from '../ring/shape.ts';
import type { Operation } from './operation.ts';

export type CostRule = Operation['cost'];

/** What sends nothing, for as many members as there are. */
export const local = (c: ProtocolCosts): Cost => times(0, c.mulSS(1));

/** Element by element: of so many, with so many fractional bits. */
export const each =
  (of: (c: ProtocolCosts, length: number, fracBits: number) => Cost): CostRule =>
  (c, { shape, fracBits }) =>
    of(c, elementCount(shape), fracBits);

/** A comparison, and the product of its outcome with a number. */
export const choiceCost = (c: ProtocolCosts, n: number): Cost =>
  inSequence(c.msbS(n), c.bit2a(n), c.mulSS(n));
