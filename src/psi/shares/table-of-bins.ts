/**
 * From what two parties hold of bins to a secret table: a row for each bin, in an order that nobody knows, with whether
 * it matches and the columns of both, which are 0 where it does not.
 *
 * Reference: B. Pinkas, T. Schneider, O. Tkachenko, A. Yanai, "Efficient circuit-based PSI with linear communication",
 *   EUROCRYPT 2019 (equality of words, payload by a second value); for the shuffle see the device's protocol.
 * Differences: equality, products and shuffle are those of any secure device, of which both are members.
 * Security: that of the device: what is sent are shares, and its own products and shuffle. Nothing is opened. A bin is
 *   a row that the holder knows: so nothing leaves here that has not been shuffled.
 * Needs: words that agree just where a bin matches, and summands of the other party's columns (bins.ts).
 * Flow: both share words (as bits), summands and the holder's columns; match = and of all bits of not (a xor b);
 *   column = match · (summand + summand); one shuffle of all columns together.
 * Cost: {@link tableOfBinsCost}.
 */
import { type Cost, inParallel, inSequence } from '../../secure/cost.ts';
import { secret } from '../../secure/ops/operands.ts';
import { andOfPlanes, lowBits } from '../../secure/protocols/circuits.ts';
import type { ProtocolCosts } from '../../secure/protocols/protocol.ts';
import type { Dtype } from '../../secure/ring/fixed-point.ts';
import { checkShape } from '../../secure/ring/shape.ts';
import type { SecretTensor } from '../../secure/secret.ts';
import type { Evaluator } from '../../secure/session.ts';
import { addSS, concat, lowestBit, onesPlanes, slice, xorSS } from '../../secure/sharing/linear.ts';
import { type Arith, type Bits, planeWords } from '../../secure/sharing/shares.ts';
import type { BinParts } from './join.ts';
import { binsOf, wordBits } from './sizes.ts';

/** What is public of bins, for all members of the device. */
export interface BinsForm {
  /** Ranks on the device of the party whose rows are in bins, and of the other one. */
  readonly holder: number;
  readonly other: number;
  readonly bins: number;
  /** Columns of the holder, and of the other party. */
  readonly own: number;
  readonly theirs: number;
}

/** @throws {DataError} PRIVITY_SECURE_LIMIT: more than a device takes at once */
export function binsForm(given: Omit<BinsForm, 'bins'>, rows: number): BinsForm {
  const form = { ...given, bins: binsOf(rows) };
  checkShape(tableShape(form), 'the rows of an intersection');
  return form;
}

/** Columns in rows of a matrix: whether it matches, those of the holder, those of the other party. */
export const tableShape = ({ bins, own, theirs }: BinsForm): readonly [number, number] => [
  1 + own + theirs,
  bins,
];

/** `parts` at the two parties that have them; they are zeroed. */
export async function tableOfBins(on: Evaluator, form: BinsForm, parts?: BinParts): Promise<SecretTensor> {
  const { protocol, fiber, kernels } = on;
  const shared = await sharedParts(on, form, parts);
  const { bins } = form;
  const [ours, theirs] = shared.words;
  const ones = protocol.publicB(bins, ours.width, onesPlanes(bins, ours.width));
  const equal = await andOfPlanes(protocol, fiber, xorSS(kernels, xorSS(kernels, ours, theirs), ones));
  const match = await protocol.bit2a(fiber, equal);
  const columns = columnsOf(on, form, shared);
  const matched =
    columns.length === 0
      ? []
      : cut(await protocol.mulSS(fiber, concat(columns.map(() => match)), concat(columns)), bins);
  const shuffled = await protocol.shuffleS(fiber, [match, ...matched]);
  return secret(on, 'integer', tableShape(form), concat(shuffled));
}

interface Shared {
  /** Of the holder, and of the other party. */
  readonly words: readonly [Bits, Bits];
  /** The holder's columns, then its summands of the other's. */
  readonly ofHolder: Arith | undefined;
  /** The other party's summands of its columns. */
  readonly ofOther: Arith | undefined;
}

/** All in one round. */
async function sharedParts(on: Evaluator, form: BinsForm, parts: BinParts | undefined): Promise<Shared> {
  const { holder, other, bins, own, theirs } = form;
  const width = wordBits(bins);
  const { rank } = on.protocol;
  const planes = (): BigUint64Array => {
    const out = new BigUint64Array(width * planeWords(bins));
    on.kernels.toPlanes(out, parts?.words ?? new BigUint64Array(bins), lowBits(width));
    return out;
  };
  const joined = (vectors: readonly BigUint64Array[] = []): BigUint64Array => {
    const out = new BigUint64Array(vectors.length * bins);
    for (const [at, words] of vectors.entries()) out.set(words, at * bins);
    return out;
  };
  const bits =
    (owner: number) =>
    ({ protocol, fiber }: Evaluator): Promise<Bits> =>
      protocol.shareB(fiber, owner, bins, width, rank === owner ? planes() : undefined);
  const numbers =
    (owner: number, count: number, vectors: () => readonly BigUint64Array[]) =>
    async ({ protocol, fiber }: Evaluator): Promise<Arith | undefined> => {
      if (count === 0) return undefined;
      return protocol.shareA(fiber, owner, count * bins, rank === owner ? joined(vectors()) : undefined);
    };
  const summands = () => parts?.shares ?? [];
  const [ours, others, ofHolder, ofOther] = await on.all(
    bits(holder),
    bits(other),
    numbers(holder, own + theirs, () => [...(parts?.own ?? []), ...summands()]),
    numbers(other, theirs, summands),
  );
  for (const words of [parts?.words, ...(parts?.own ?? []), ...summands()]) words?.fill(0n);
  return { words: [ours, others], ofHolder, ofOther };
}

/** Random ones among them where a bin does not match. */
function columnsOf(on: Evaluator, { bins, own }: BinsForm, { ofHolder, ofOther }: Shared): readonly Arith[] {
  const first = ofHolder === undefined ? [] : cut(ofHolder, bins);
  const second = ofOther === undefined ? [] : cut(ofOther, bins);
  return first.map((column, at) => {
    const rest = at < own ? undefined : second[at - own];
    return rest === undefined ? column : addSS(on.kernels, column, rest);
  });
}

const cut = (x: Arith, bins: number): readonly Arith[] =>
  Array.from({ length: x.length / bins }, (_, at) => slice(x, at * bins, (at + 1) * bins));

/** One column of the table. Local: booleans are the lowest bits of numbers that are 0 or 1. */
export function columnOfBins(on: Evaluator, table: SecretTensor, column: number, dtype: Dtype): SecretTensor {
  const bins = table.shape[1] ?? 0;
  const numbers = slice(table.shares as Arith, column * bins, (column + 1) * bins);
  const shares = dtype === 'boolean' ? lowestBit(on.kernels, numbers) : numbers;
  return secret(on, dtype, [bins], shares);
}

/** What each member of the device sends in {@link sharedParts}. */
export function sharedPartsCost(c: ProtocolCosts, { holder, other, bins, own, theirs }: BinsForm): Cost {
  const width = wordBits(bins);
  return inParallel(
    c.shareB(holder, bins, width),
    c.shareB(other, bins, width),
    ...(own + theirs === 0 ? [] : [c.shareA(holder, (own + theirs) * bins)]),
    ...(theirs === 0 ? [] : [c.shareA(other, theirs * bins)]),
  );
}

export function tableOfBinsCost(c: ProtocolCosts, form: BinsForm): Cost {
  const { bins, own, theirs } = form;
  const columns = own + theirs;
  return inSequence(
    sharedPartsCost(c, form),
    ...andLevels(wordBits(bins)).map((width) => c.andSS(bins, width)),
    c.bit2a(bins),
    ...(columns === 0 ? [] : [c.mulSS(columns * bins)]),
    c.shuffleS(bins, 1 + columns),
  );
}

/** Widths of the levels of {@link andOfPlanes}. */
function andLevels(width: number): readonly number[] {
  const widths: number[] = [];
  for (let left = width; left > 1; left = Math.ceil(left / 2)) widths.push(Math.floor(left / 2));
  return widths;
}
