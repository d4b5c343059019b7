import { type Cost, evenCost, inSequence } from '../../cost.ts';
import { packedWords } from '../../kernels/kernels.ts';
import { productLength } from '../../sharing/linear.ts';
import { planeWords } from '../../sharing/shares.ts';
import {
  addAnds,
  addRounds,
  allOnesAnds,
  carryOutAnds,
  carryOutRounds,
  levels,
  SIGN_ANDS,
  SIGN_ROUNDS,
} from '../circuits.ts';
import { packedLength } from '../permutation.ts';
import type { ProtocolCosts } from '../protocol.ts';
import { CHECK_BYTES } from './sharing.ts';

const only = (rank: number, bytes: number): Cost => ({
  rounds: 1,
  bytes: [0, 1, 2].map((member) => (member === rank ? bytes : 0)),
});
const free = evenCost(3, 0, 0);
const planeBytes = (length: number): number => 8 * planeWords(length);
/** The share that a member lacks, from the one before it, and a hash of it, from the one after. */
const open = (bytes: number, to: number | undefined): Cost => ({
  rounds: 1,
  bytes: [0, 1, 2].map((member) => {
    const [toNext, toPrevious] = [(member + 1) % 3, (member + 2) % 3].map(
      (receiver) => to === undefined || to === receiver,
    );
    return (toNext ? bytes : 0) + (toPrevious ? CHECK_BYTES : 0);
  }),
});
const ands = (length: number, count: number, rounds: number): Cost =>
  evenCost(3, rounds, count * planeBytes(length));
const shareB = (owner: number, length: number, width: number): Cost =>
  only(owner, width * planeBytes(length));
const truncate = (length: number, by: number): Cost => evenCost(3, 2, 8 * (length + packedWords(length, by)));
const bit2a = (length: number): Cost => evenCost(3, 2, 8 * length);

/** Bytes of whole words: a last word that is not full counts as one. */
export const rep3Costs: ProtocolCosts = {
  shareA: (owner, length) => only(owner, 8 * length),
  shareB,
  openA: (length, to) => open(8 * length, to),
  openB: (length, width, to) => open(width * planeBytes(length), to),
  tells: (from, to) => from === (to + 2) % 3,
  mulSS: (length) => evenCost(3, 1, 8 * length),
  matmulSS: (dims) => evenCost(3, 1, 8 * productLength(dims)),
  mulTruncSS: truncate,
  matmulTruncSS: (dims, by) => truncate(productLength(dims), by),
  truncS: truncate,
  truncExactS: (length, by) =>
    inSequence(
      truncate(length, by),
      shareB(2, length, by),
      ands(length, carryOutAnds(by), carryOutRounds(by)),
      bit2a(length),
    ),
  andSS: (length, width) => ands(length, width, 1),
  a2b: (length, width) =>
    inSequence(shareB(0, length, width), ands(length, addAnds(width), addRounds(width))),
  b2a: (length, width) =>
    width === 1
      ? bit2a(length)
      : inSequence(shareB(2, length, 64), ands(length, addAnds(64), addRounds(64)), {
          rounds: 1,
          bytes: [64 * planeBytes(length), 64 * planeBytes(length), 0],
        }),
  bit2a,
  msbS: (length) => inSequence(shareB(0, length, 64), ands(length, SIGN_ANDS, SIGN_ROUNDS)),
  eqzS: (length) => inSequence(shareB(0, length, 64), ands(length, allOnesAnds(64), levels(64))),
  randomA: () => free,
  randomB: () => free,
  shuffleS: (length, columns) => evenCost(3, 3, 16 * length * columns),
  permuteByS: (owner, length, columns) => {
    const pass = 8 * length * columns;
    const told = only(owner, pass + 8 * packedLength(length));
    return { rounds: 2, bytes: told.bytes.map((bytes) => pass + bytes) };
  },
};
