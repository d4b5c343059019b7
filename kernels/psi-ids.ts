/**
 * SHA-256 (FIPS 180-4) of many texts, four at a time: a vector holds the same word of four of them. See
 * src/psi/ids/text-digests.ts, which lays the operands out; what is computed is what node:crypto computes, and a test
 * compares the two.
 */

const ROUND_CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

const BLOCK: usize = 64;
/** Of the second block of an end, which has no place for the length in its first. */
const LENGTH_AT: usize = 56;

/** In the scratch: ends of four texts, two blocks each; the words of a block for four texts; the state; blocks. */
const WORDS_AT: usize = 8 * BLOCK;
const STATE_AT: usize = WORDS_AT + 64 * 16;
const FULL_AT: usize = STATE_AT + 8 * 16;
const ALL_AT: usize = FULL_AT + 16;

/**
 * Digests of `count` texts, a multiple of 4: where they begin behind `texts`, and their lengths, are 32-bit numbers. Up
 * to 63 bytes behind a text are read. `scratch` is 2 KiB.
 */
export function hashTexts(
  texts: usize,
  starts: usize,
  lengths: usize,
  digests: usize,
  count: usize,
  scratch: usize,
): void {
  const state = scratch + STATE_AT;
  for (let first: usize = 0; first < count; first += 4) {
    let blocks: u32 = 0;
    for (let lane: usize = 0; lane < 4; lane++) {
      const length = load<u32>(lengths + 4 * (first + lane));
      const full = length >> 6;
      const all = full + ((length & 63) < <u32>LENGTH_AT ? 1 : 2);
      layEnd(texts + load<u32>(starts + 4 * (first + lane)), length, scratch + 2 * BLOCK * lane);
      store<u32>(scratch + FULL_AT + 4 * lane, full);
      store<u32>(scratch + ALL_AT + 4 * lane, all);
      blocks = max(blocks, all);
    }
    for (let word: usize = 0; word < 8; word++) {
      v128.store(state + 16 * word, v128.load32_splat(INITIAL + 4 * word));
    }
    for (let block: u32 = 0; block < blocks; block++) {
      const at = starts + 4 * first;
      layWords(
        blockOf(texts + load<u32>(at), block, scratch, 0),
        blockOf(texts + load<u32>(at + 4), block, scratch, 1),
        blockOf(texts + load<u32>(at + 8), block, scratch, 2),
        blockOf(texts + load<u32>(at + 12), block, scratch, 3),
        scratch + WORDS_AT,
      );
      // A text that has ended keeps its digest.
      const goesOn = i32x4.gt_u(v128.load(scratch + ALL_AT), i32x4.splat(block));
      compress(state, scratch + WORDS_AT, goesOn);
    }
    writeDigests(state, digests + 32 * first);
  }
}

/** The block of a text, or of its end. */
function blockOf(start: usize, block: u32, scratch: usize, lane: usize): usize {
  const full = load<u32>(scratch + FULL_AT + 4 * lane);
  if (block < full) return start + BLOCK * block;
  return scratch + 2 * BLOCK * lane + (block === full ? 0 : BLOCK);
}

/** What is left behind the full blocks, a bit, zeros and the length. */
function layEnd(start: usize, length: u32, end: usize): void {
  const from = start + (length & ~63);
  const left = i8x16.splat(<i8>(length & 63));
  let place = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (let at: usize = 0; at < BLOCK; at += 16) {
    const kept = v128.and(v128.load(from + at), i8x16.lt_u(place, left));
    const bit = v128.and(i8x16.eq(place, left), i8x16.splat(<i8>0x80));
    v128.store(end + at, v128.or(kept, bit));
    place = i8x16.add(place, i8x16.splat(16));
  }
  memory.fill(end + BLOCK, 0, BLOCK);
  const last = (length & 63) < <u32>LENGTH_AT ? end : end + BLOCK;
  store<u64>(last + LENGTH_AT, bswap<u64>((<u64>length) << 3));
}

/** The 64 words of a block, for four texts. */
function layWords(a: usize, b: usize, c: usize, d: usize, words: usize): void {
  for (let at: usize = 0; at < BLOCK; at += 16) {
    const first = bigEndian(v128.load(a + at));
    const second = bigEndian(v128.load(b + at));
    const third = bigEndian(v128.load(c + at));
    const fourth = bigEndian(v128.load(d + at));
    const lowFirst = v128.shuffle<i32>(first, second, 0, 4, 1, 5);
    const highFirst = v128.shuffle<i32>(first, second, 2, 6, 3, 7);
    const lowThird = v128.shuffle<i32>(third, fourth, 0, 4, 1, 5);
    const highThird = v128.shuffle<i32>(third, fourth, 2, 6, 3, 7);
    const to = words + 4 * at;
    v128.store(to, v128.shuffle<i64>(lowFirst, lowThird, 0, 2));
    v128.store(to + 16, v128.shuffle<i64>(lowFirst, lowThird, 1, 3));
    v128.store(to + 32, v128.shuffle<i64>(highFirst, highThird, 0, 2));
    v128.store(to + 48, v128.shuffle<i64>(highFirst, highThird, 1, 3));
  }
  for (let at = words + 16 * 16; at < words + 64 * 16; at += 16) {
    const two = v128.load(at - 2 * 16);
    const fifteen = v128.load(at - 15 * 16);
    const low = v128.xor(v128.xor(rotate(fifteen, 7), rotate(fifteen, 18)), i32x4.shr_u(fifteen, 3));
    const high = v128.xor(v128.xor(rotate(two, 17), rotate(two, 19)), i32x4.shr_u(two, 10));
    const sum = i32x4.add(v128.load(at - 16 * 16), v128.load(at - 7 * 16));
    v128.store(at, i32x4.add(i32x4.add(low, high), sum));
  }
}

function compress(state: usize, words: usize, goesOn: v128): void {
  let a = v128.load(state);
  let b = v128.load(state + 16);
  let c = v128.load(state + 32);
  let d = v128.load(state + 48);
  let e = v128.load(state + 64);
  let f = v128.load(state + 80);
  let g = v128.load(state + 96);
  let h = v128.load(state + 112);
  // Eight rounds, after which each variable has its own name again.
  for (let round: usize = 0; round < 64; round += 8) {
    const at = words + 16 * round;
    const constant = ROUND_CONSTANTS + 4 * round;
    h = i32x4.add(choice(e, f, g, h), input(at, constant));
    d = i32x4.add(d, h);
    h = i32x4.add(h, majority(a, b, c));
    g = i32x4.add(choice(d, e, f, g), input(at + 16, constant + 4));
    c = i32x4.add(c, g);
    g = i32x4.add(g, majority(h, a, b));
    f = i32x4.add(choice(c, d, e, f), input(at + 32, constant + 8));
    b = i32x4.add(b, f);
    f = i32x4.add(f, majority(g, h, a));
    e = i32x4.add(choice(b, c, d, e), input(at + 48, constant + 12));
    a = i32x4.add(a, e);
    e = i32x4.add(e, majority(f, g, h));
    d = i32x4.add(choice(a, b, c, d), input(at + 64, constant + 16));
    h = i32x4.add(h, d);
    d = i32x4.add(d, majority(e, f, g));
    c = i32x4.add(choice(h, a, b, c), input(at + 80, constant + 20));
    g = i32x4.add(g, c);
    c = i32x4.add(c, majority(d, e, f));
    b = i32x4.add(choice(g, h, a, b), input(at + 96, constant + 24));
    f = i32x4.add(f, b);
    b = i32x4.add(b, majority(c, d, e));
    a = i32x4.add(choice(f, g, h, a), input(at + 112, constant + 28));
    e = i32x4.add(e, a);
    a = i32x4.add(a, majority(b, c, d));
  }
  addTo(state, a, goesOn);
  addTo(state + 16, b, goesOn);
  addTo(state + 32, c, goesOn);
  addTo(state + 48, d, goesOn);
  addTo(state + 64, e, goesOn);
  addTo(state + 80, f, goesOn);
  addTo(state + 96, g, goesOn);
  addTo(state + 112, h, goesOn);
}

function addTo(at: usize, sum: v128, goesOn: v128): void {
  v128.store(at, i32x4.add(v128.load(at), v128.and(sum, goesOn)));
}

function input(word: usize, constant: usize): v128 {
  return i32x4.add(v128.load(word), v128.load32_splat(constant));
}

function choice(e: v128, f: v128, g: v128, h: v128): v128 {
  const sum = v128.xor(v128.xor(rotate(e, 6), rotate(e, 11)), rotate(e, 25));
  return i32x4.add(i32x4.add(h, sum), v128.xor(g, v128.and(e, v128.xor(f, g))));
}

function majority(a: v128, b: v128, c: v128): v128 {
  const sum = v128.xor(v128.xor(rotate(a, 2), rotate(a, 13)), rotate(a, 22));
  return i32x4.add(sum, v128.xor(v128.and(a, b), v128.and(c, v128.xor(a, b))));
}

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
}

function bigEndian(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** From vectors of words to four digests. */
function writeDigests(state: usize, digests: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const at = state + 64 * half;
    const first = bigEndian(v128.load(at));
    const second = bigEndian(v128.load(at + 16));
    const third = bigEndian(v128.load(at + 32));
    const fourth = bigEndian(v128.load(at + 48));
    const lowFirst = v128.shuffle<i32>(first, second, 0, 4, 1, 5);
    const highFirst = v128.shuffle<i32>(first, second, 2, 6, 3, 7);
    const lowThird = v128.shuffle<i32>(third, fourth, 0, 4, 1, 5);
    const highThird = v128.shuffle<i32>(third, fourth, 2, 6, 3, 7);
    const to = digests + 16 * half;
    v128.store(to, v128.shuffle<i64>(lowFirst, lowThird, 0, 2));
    v128.store(to + 32, v128.shuffle<i64>(lowFirst, lowThird, 1, 3));
    v128.store(to + 64, v128.shuffle<i64>(highFirst, highThird, 0, 2));
    v128.store(to + 96, v128.shuffle<i64>(highFirst, highThird, 1, 3));
  }
}
