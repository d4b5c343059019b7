/**
 * Division of a sum of three summands z_0 + z_1 + z_2 by 2^f, with an error below 1 and never a gross one; the proof is
 * in docs/protocols.md. Members 0 and 1 see the value under a mask r that only member 2 knows. Member 2 knows r without
 * being told: it makes its own summand vanish, r = R_0 + R_1 - z_2 with R_0 from the stream of index 0 and R_1 from the
 * stream of index 2.
 *
 *   0 ↔ 1: z_0 + 2^62 + R_0 and z_1 + R_1, hence c = z + 2^62 + r
 *   2 → 1: (r >> f) - r'_0 and top(r) - t_0 (f bits)
 *   0 ↔ 1: their shares of top(r)·(1 - top(c)), masked (f bits)
 *   z/2^f = (c >> f) - (r >> f) + 2^(64-f)·top(r)·(1 - top(c)) - 2^(62-f)
 *
 * top(r)·(1 - top(c)) is 1 exactly where z + 2^62 + r has wrapped, because z + 2^62 < 2^63. It is needed modulo 2^f
 * only.
 * Cost: 8 + f/8 bytes a member and element, 2 rounds.
 */
import type { Fiber } from '../../fiber.ts';
import { packedWords } from '../../kernels/kernels.ts';
import { release } from '../../release.ts';
import type { Words } from '../../sharing/shares.ts';
import { round } from './messages.ts';
import type { Rep3State } from './state.ts';

/** Added so that what is truncated is not negative: half of the domain's width. */
const OFFSET = 1n << 62n;

/** What the caller says of the summand, and wants beside the quotient. */
export interface Truncation {
  readonly label: string;
  readonly by: number;
  /** The summand is used up: its memory serves for what is made of it. */
  readonly spend?: boolean;
  /** `masked` is wanted. */
  readonly keep?: boolean;
}

export interface Truncated {
  readonly parts: readonly Words[];
  /** c at members 0 and 1, r at member 2, for the caller to keep: what exact truncation compares. */
  readonly masked: Words | undefined;
}

/** `summand`: this member's; z as a signed number is below 2^62 in magnitude. */
export async function truncateSum(
  state: Rep3State,
  fiber: Fiber,
  summand: Words,
  truncation: Truncation,
): Promise<Truncated> {
  const atMember = [atFirst, atSecond, atThird][state.rank] as typeof atFirst;
  return atMember(state, fiber, summand, truncation);
}

async function atFirst(
  { kernels, seeds }: Rep3State,
  fiber: Fiber,
  summand: Words,
  { label, by, spend, keep }: Truncation,
): Promise<Truncated> {
  const count = summand.length;
  const fields = packedWords(count, by);
  const stream = seeds.own(fiber);
  const masked = spend ? summand : new BigUint64Array(count);
  kernels.truncMask(masked, summand, OFFSET, stream);
  const first = stream.words(count);
  const top = stream.words(fields);
  const mask = stream.words(fields);
  const received = await round(fiber, `${label} open`, [{ rank: 1, words: masked }], [{ rank: 1, count }]);
  const others = received[1] as Words;
  const own = new BigUint64Array(fields);
  kernels.truncWrap(own, masked, others, top, mask, by);
  const wraps = await round(fiber, `${label} wrap`, [{ rank: 1, words: own }], [{ rank: 1, count: fields }]);
  const kept = keep ? sumOf(kernels, masked, others) : undefined;
  const common = others;
  kernels.truncCommon(common, masked, others, own, wraps[1] as Words, by, OFFSET >> BigInt(by));
  // Share 0: mask·2^(64-f) - r'_0.
  kernels.truncEdge(first, first, mask, by);
  for (const words of [top, mask, wraps[1] as Words]) release(words);
  return { parts: [first, common], masked: kept };
}

async function atSecond(
  { kernels, seeds }: Rep3State,
  fiber: Fiber,
  summand: Words,
  { label, by, spend, keep }: Truncation,
): Promise<Truncated> {
  const count = summand.length;
  const fields = packedWords(count, by);
  const stream = seeds.next(fiber);
  const masked = spend ? summand : new BigUint64Array(count);
  kernels.truncMask(masked, summand, 0n, stream);
  const mask = stream.words(fields);
  const received = await round(
    fiber,
    `${label} open`,
    [{ rank: 0, words: masked }],
    [
      { rank: 0, count },
      { rank: 2, count: count + fields },
    ],
  );
  const others = received[0] as Words;
  const fromThird = received[2] as Words;
  const own = new BigUint64Array(fields);
  kernels.truncWrap(own, masked, others, fromThird.subarray(count), mask, by);
  const wraps = await round(fiber, `${label} wrap`, [{ rank: 0, words: own }], [{ rank: 0, count: fields }]);
  const kept = keep ? sumOf(kernels, masked, others) : undefined;
  const common = others;
  kernels.truncCommon(common, masked, others, own, wraps[0] as Words, by, OFFSET >> BigInt(by));
  // Share 2: mask·2^(64-f) - r'_1.
  const last = fromThird.subarray(0, count);
  kernels.truncEdge(last, last, mask, by);
  for (const words of [mask, wraps[0] as Words]) release(words);
  return { parts: [common, last], masked: kept };
}

async function atThird(
  { kernels, seeds }: Rep3State,
  fiber: Fiber,
  summand: Words,
  { label, by, spend, keep }: Truncation,
): Promise<Truncated> {
  const count = summand.length;
  const fields = packedWords(count, by);
  const withFirst = seeds.next(fiber);
  const withSecond = seeds.own(fiber);
  const r = spend ? summand : new BigUint64Array(count);
  kernels.truncNegated(r, summand, withFirst, withSecond);
  const first = withFirst.words(count);
  const topOfFirst = withFirst.words(fields);
  const maskOfFirst = withFirst.words(fields);
  const maskOfSecond = withSecond.words(fields);
  const second = new BigUint64Array(count);
  const top = new BigUint64Array(fields);
  kernels.truncDeal(second, top, r, first, topOfFirst, by);
  if (!keep) release(r);
  const legs = [second, top].map((words) => ({ rank: 1, words }));
  await round(fiber, `${label} open`, legs, []);
  await round(fiber, `${label} wrap`, [], []);
  const last = new BigUint64Array(count);
  kernels.truncEdge(last, second, maskOfSecond, by);
  kernels.truncEdge(first, first, maskOfFirst, by);
  for (const words of [topOfFirst, maskOfFirst, maskOfSecond]) release(words);
  return { parts: [last, first], masked: keep ? r : undefined };
}

function sumOf(kernels: Rep3State['kernels'], x: Words, y: Words): Words {
  const out = new BigUint64Array(x.length);
  kernels.add(out, x, y);
  return out;
}
