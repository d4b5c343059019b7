/**
 * Truncation with the exact result: the error of {@link truncateSum}, the carry out of the low bits, is found and taken
 * off.
 */
import { invariant } from '../../../base/errors.ts';
import type { Fiber } from '../../fiber.ts';
import { subSS } from '../../sharing/linear.ts';
import { type Arith, arith, bits, planeWords } from '../../sharing/shares.ts';
import { carryOut, lowBits } from '../circuits.ts';
import type { Protocol } from '../protocol.ts';
import { onlyIndex, partsOf, type Rep3State } from './state.ts';
import { truncateSum } from './truncate.ts';

export async function truncExactS(
  protocol: Protocol,
  state: Rep3State,
  fiber: Fiber,
  x: Arith,
  by: number,
): Promise<Arith> {
  const { rank, kernels } = state;
  const truncation = { label: 'truncExactS', by, keep: true };
  const { parts, masked } = await truncateSum(state, fiber, partsOf(x)[0], truncation);
  invariant(masked !== undefined, 'a truncation has not kept what was wanted');
  const words = by * planeWords(x.length);
  const low = new BigUint64Array(words);
  // Members 0 and 1: the complement of c's low bits. Member 2: r's low bits.
  if (rank !== 2) kernels.affine(masked, masked, 0xffff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn);
  kernels.toPlanes(low, masked, lowBits(by));
  // The low bits carried into c exactly where r's are more than c's: where r + ~c overflows.
  const ofMask = await protocol.shareB(fiber, 2, x.length, by, rank === 2 ? low : undefined);
  const ofOpened = bits(x.length, by, onlyIndex(rank, 1, rank === 2 ? undefined : low, words));
  const carry = await protocol.bit2a(fiber, await carryOut(protocol, fiber, ofMask, ofOpened));
  return subSS(kernels, arith(x.length, parts), carry);
}
