import type { CorrelationSource } from '../../correlation/source.ts';
import { type Cost, evenCost, inParallel, inSequence, times } from '../../cost.ts';
import type { MatrixDims } from '../../ring/matrix-dims.ts';
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
import type { ProtocolCosts } from '../protocol.ts';

/** What costs depend on. */
type SourceOutline = Pick<CorrelationSource, 'kind' | 'costs'>;

/**
 * With what the source sends among the members; what a dealer sends is in correlation/recipes.ts. Bytes of whole words.
 */
export function semi2kCosts(size: number, { kind, costs: made }: SourceOutline): ProtocolCosts {
  const pair = kind === 'pair';
  const free = evenCost(size, 0, 0);
  /** Everybody tells everybody. */
  const tell = (words: number): Cost => evenCost(size, 1, 8 * words * (size - 1));
  const open = (words: number, to: number | undefined): Cost =>
    to === undefined
      ? tell(words)
      : {
          rounds: 1,
          bytes: Array.from({ length: size }, (_, rank) => (rank === to ? 0 : 8 * words)),
        };
  /** A circuit with all its triples made before. The first `crossed` ands of two members cost half (bit-stock.ts). */
  const circuit = (length: number, ands: number, rounds: number, crossed: number): Cost => {
    const words = ands * planeWords(length);
    if (words === 0) return free;
    const known = pair ? crossed * planeWords(length) : 0;
    const correlated = inParallel(
      words > known ? made.bitTriples(words - known) : free,
      known > 0 ? made.bitCrosses(known) : free,
    );
    return inSequence(correlated, { ...tell(2 * words - known), rounds });
  };
  /** Bits of a sum: two members know theirs, more open a masked value. */
  const summands = (length: number): Cost => (pair ? free : tell(length));
  const matrices = ({ batch, rows, inner, columns }: MatrixDims): number => batch * inner * (rows + columns);
  const truncStock = (length: number): Cost => (pair ? made.bitProducts(length) : free);
  const truncRound = (length: number): Cost => tell(pair ? planeWords(length) : length);
  const truncS = (length: number): Cost => inSequence(truncStock(length), truncRound(length));
  const b2a = (length: number, width: number): Cost => {
    const words = width * planeWords(length);
    return inSequence(pair ? made.bitProducts(64 * words) : free, tell(words));
  };
  const mulSS = (length: number): Cost => inSequence(made.mulTriples(length), tell(2 * length));
  /** Of the switches of one member. */
  const network = (length: number, columns: number): Cost => {
    const depth = levels(length);
    return depth === 0 ? free : times(2 * depth - 1, mulSS((columns * 2 ** depth) / 2));
  };
  return {
    shareA: () => free,
    shareB: () => free,
    openA: (length, to) => open(length, to),
    openB: (length, width, to) => open(width * planeWords(length), to),
    tells: () => true,
    mulSS,
    matmulSS: (dims) => inSequence(made.matmulTriple(dims), tell(matrices(dims))),
    mulTruncSS: (length) =>
      inSequence(
        inParallel(made.mulTriples(length), truncStock(length)),
        tell(2 * length),
        truncRound(length),
      ),
    matmulTruncSS: (dims) =>
      inSequence(
        inParallel(made.matmulTriple(dims), truncStock(productLength(dims))),
        tell(matrices(dims)),
        truncRound(productLength(dims)),
      ),
    truncS,
    truncExactS: (length, by) =>
      inSequence(truncS(length), circuit(length, carryOutAnds(by), carryOutRounds(by), by), b2a(length, 1)),
    andSS: (length, width) => circuit(length, width, 1, 0),
    a2b: (length, width) =>
      inSequence(summands(length), circuit(length, addAnds(width), addRounds(width), width - 1)),
    b2a,
    bit2a: (length) => b2a(length, 1),
    msbS: (length) => inSequence(summands(length), circuit(length, SIGN_ANDS, SIGN_ROUNDS, 63)),
    eqzS: (length) => inSequence(summands(length), circuit(length, allOnesAnds(64), levels(64), 0)),
    randomA: () => free,
    randomB: () => free,
    shuffleS: (length, columns) => times(size, network(length, columns)),
    permuteByS: (_owner, length, columns) => network(length, columns),
  };
}
