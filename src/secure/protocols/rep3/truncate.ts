/**
 * Division of a sum of three summands z_0 + z_1 + z_2 by 2^f, with an error below 1 and never a gross one; the proof is in
 * docs/protocols.md. Members 0 and 1 see the value under a mask r that only member 2 knows. Member 2 knows r without being told:
 * it is what makes its own summand vanish, r = R_0 + R_1 - z_2 with R_0 from the stream of index 0 and R_1 from that of index 2.
 *
 *   0 ↔ 1: z_0 + 2^62 + R_0 and z_1 + R_1, hence c = z + 2^62 + r           2 → 1: (r >> f) - r'_0 and top(r) - t_0 (f bits)
 *   0 ↔ 1: their shares of top(r)·(1 - top(c)), masked (f bits)
 *   z/2^f = (c >> f) - (r >> f) + 2^(64-f)·top(r)·(1 - top(c)) - 2^(62-f)
 *
 * top(r)·(1 - top(c)) is 1 exactly where z + 2^62 + r has wrapped, because z + 2^62 < 2^63. It is needed modulo 2^f only.
 * After C. Guo et al., IACR ePrint 2025/200, adapted. Cost: 8 + f/8 bytes a member and element, 2 rounds.
 */
import type { Fiber } from '../../fiber.ts';
import { packedWords } from '../../kernels/kernels.ts';
import type { Words } from '../../sharing/shares.ts';
import { round } from './messages.ts';
import type { Rep3State } from './state.ts';

/** Added so that what is truncated is not negative: half of the domain's width. */
const OFFSET = 1n << 62n;

export interface Truncated {
  readonly parts: readonly Words[];
  /** c at members 0 and 1, r at member 2: what exact truncation compares. */
  readonly masked: Words;
}

/** `summand`: this member's; z as a signed number is below 2^62 in magnitude. */
export async function truncateSum(
  state: Rep3State,
  fiber: Fiber,
  label: string,
  summand: Words,
  by: number,
): Promise<Truncated> {
  if (state.rank === 0) return atFirst(state, fiber, label, summand, by);
  if (state.rank === 1) return atSecond(state, fiber, label, summand, by);
  return atThird(state, fiber, label, summand, by);
}

async function atFirst(
  { kernels, seeds }: Rep3State,
  fiber: Fiber,
  label: string,
  summand: Words,
  by: number,
): Promise<Truncated> {
  const count = summand.length;
  const fields = packedWords(count, by);
  const stream = seeds.own(fiber);
  const masked = new BigUint64Array(count);
  kernels.affine(masked, summand, 1n, OFFSET);
  kernels.addRandom(masked, stream);
  const first = stream.words(count);
  const top = unpacked(kernels, stream.words(fields), count, by);
  const mask = unpacked(kernels, stream.words(fields), count, by);
  const received = await round(fiber, `${label} open`, [{ rank: 1, words: masked }], [{ rank: 1, count }]);
  const c = new BigUint64Array(count);
  kernels.add(c, masked, received[1] as Words);
  const own = wrapShare(kernels, c, top, mask, by);
  const wraps = await round(fiber, `${label} wrap`, [{ rank: 1, words: own }], [{ rank: 1, count: fields }]);
  // Share 0: mask·2^(64-f) - r'_0.
  kernels.shiftLeft(mask, mask, 64 - by);
  kernels.sub(first, mask, first);
  return { parts: [first, commonShare(kernels, c, own, wraps[1] as Words, by)], masked: c };
}

async function atSecond(
  { kernels, seeds }: Rep3State,
  fiber: Fiber,
  label: string,
  summand: Words,
  by: number,
): Promise<Truncated> {
  const count = summand.length;
  const fields = packedWords(count, by);
  const stream = seeds.next(fiber);
  const masked = summand.slice();
  kernels.addRandom(masked, stream);
  const mask = unpacked(kernels, stream.words(fields), count, by);
  const received = await round(
    fiber,
    `${label} open`,
    [{ rank: 0, words: masked }],
    [
      { rank: 0, count },
      { rank: 2, count: count + fields },
    ],
  );
  const c = new BigUint64Array(count);
  kernels.add(c, masked, received[0] as Words);
  const fromThird = received[2] as Words;
  const top = unpacked(kernels, fromThird.subarray(count), count, by);
  const own = wrapShare(kernels, c, top, mask, by);
  const wraps = await round(fiber, `${label} wrap`, [{ rank: 0, words: own }], [{ rank: 0, count: fields }]);
  // Share 2: mask·2^(64-f) - r'_1.
  kernels.shiftLeft(mask, mask, 64 - by);
  kernels.sub(mask, mask, fromThird.subarray(0, count));
  return { parts: [commonShare(kernels, c, own, wraps[0] as Words, by), mask], masked: c };
}

async function atThird(
  { kernels, seeds }: Rep3State,
  fiber: Fiber,
  label: string,
  summand: Words,
  by: number,
): Promise<Truncated> {
  const count = summand.length;
  const fields = packedWords(count, by);
  const withFirst = seeds.next(fiber);
  const withSecond = seeds.own(fiber);
  const r = new BigUint64Array(count);
  kernels.sub(r, r, summand);
  kernels.addRandom(r, withFirst);
  kernels.addRandom(r, withSecond);
  const first = withFirst.words(count);
  const topOfFirst = unpacked(kernels, withFirst.words(fields), count, by);
  const maskOfFirst = unpacked(kernels, withFirst.words(fields), count, by);
  const maskOfSecond = unpacked(kernels, withSecond.words(fields), count, by);
  const second = new BigUint64Array(count);
  kernels.shiftRight(second, r, by);
  kernels.sub(second, second, first);
  const top = new BigUint64Array(count);
  kernels.shiftRight(top, r, 63);
  kernels.sub(top, top, topOfFirst);
  const packedTop = new BigUint64Array(fields);
  kernels.pack(packedTop, top, by);
  await round(
    fiber,
    `${label} open`,
    [
      { rank: 1, words: second },
      { rank: 1, words: packedTop },
    ],
    [],
  );
  await round(fiber, `${label} wrap`, [], []);
  kernels.shiftLeft(maskOfFirst, maskOfFirst, 64 - by);
  kernels.sub(first, maskOfFirst, first);
  kernels.shiftLeft(maskOfSecond, maskOfSecond, 64 - by);
  kernels.sub(maskOfSecond, maskOfSecond, second);
  return { parts: [maskOfSecond, first], masked: r };
}

type Kernels = Rep3State['kernels'];

function unpacked(kernels: Kernels, packed: Words, count: number, by: number): Words {
  const out = new BigUint64Array(count);
  kernels.unpack(out, packed, by);
  return out;
}

/** (share of top(r))·(1 - top(c)) - mask, modulo 2^by, packed. */
function wrapShare(kernels: Kernels, c: Words, top: Words, mask: Words, by: number): Words {
  const value = new BigUint64Array(c.length);
  kernels.shiftRight(value, c, 63);
  kernels.affine(value, value, 0xffff_ffff_ffff_ffffn, 1n);
  kernels.mul(value, value, top);
  kernels.sub(value, value, mask);
  const packed = new BigUint64Array(packedWords(c.length, by));
  kernels.pack(packed, value, by);
  return packed;
}

/** Share 1, which members 0 and 1 hold: (c >> f) + 2^(64-f)·(both wrap shares) - 2^(62-f). */
function commonShare(kernels: Kernels, c: Words, own: Words, other: Words, by: number): Words {
  const out = unpacked(kernels, own, c.length, by);
  kernels.add(out, out, unpacked(kernels, other, c.length, by));
  kernels.shiftLeft(out, out, 64 - by);
  const high = new BigUint64Array(c.length);
  kernels.shiftRight(high, c, by);
  kernels.affine(high, high, 1n, BigInt.asUintN(64, -(OFFSET >> BigInt(by))));
  kernels.add(out, out, high);
  return out;
}
