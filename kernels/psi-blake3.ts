/**
 * BLAKE3 under a key, of rows of 32 bytes, four at a time: vector i holds word i of four rows. See
 * src/psi/rows/blake3.ts, which says what is computed.
 */

/** For each round, where in memory it finds its 16 words: word i of four rows is at 16·i. */
const SCHEDULE: usize = memory.data<u8>([
  0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 32, 96, 48, 160, 112, 0, 64, 208,
  16, 176, 192, 80, 144, 224, 240, 128, 48, 64, 160, 192, 208, 32, 112, 224, 96, 80, 144, 0, 176, 240, 128,
  16, 160, 112, 192, 144, 224, 48, 208, 240, 64, 0, 176, 32, 80, 128, 16, 96, 192, 208, 144, 176, 240, 160,
  224, 128, 112, 32, 80, 48, 0, 16, 96, 64, 144, 224, 176, 80, 128, 192, 240, 16, 208, 48, 0, 160, 32, 96, 64,
  112, 176, 240, 80, 0, 16, 144, 128, 96, 224, 160, 32, 192, 48, 64, 112, 208,
]);

const ROUNDS: usize = 7;

/** CHUNK_START, CHUNK_END, ROOT and KEYED_HASH. */
const FLAGS: i32 = 27;
const INPUT_BYTES: usize = 32;

function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

function rotate12(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 12), i32x4.shl(x, 20));
}

function rotate8(x: v128): v128 {
  return i8x16.shuffle(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}

function rotate7(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
}

/** Word `at` of the round's message. */
function word(message: usize, order: usize, at: usize): v128 {
  return v128.load(message + <usize>load<u8>(order + at));
}

/**
 * The first `outputBytes` bytes for each of `count` rows, a multiple of 4. `scratch` is 512 bytes: the message and the
 * output of four rows. Up to 15 bytes behind the output are overwritten.
 */
export function hashRows(
  key: usize,
  inputs: usize,
  outputs: usize,
  count: usize,
  outputBytes: usize,
  scratch: usize,
): void {
  memory.fill(scratch + 128, 0, 128);
  for (const end = inputs + count * INPUT_BYTES; inputs < end; inputs += 4 * INPUT_BYTES) {
    transpose(inputs, INPUT_BYTES, scratch, 16);
    transpose(inputs + 16, INPUT_BYTES, scratch + 64, 16);
    compress(key, scratch, scratch + 256);
    // From vectors of words to rows, in place: four words of four rows are 64 bytes.
    for (let at = scratch + 256; at < scratch + 512; at += 64) transpose(at, 16, at, 16);
    for (let row: usize = 0; row < 4; row++) {
      // The next row overwrites what is too much.
      for (let at: usize = 0; at < outputBytes; at += 16) {
        v128.store(outputs + at, v128.load(scratch + 256 + (at << 2) + (row << 4)));
      }
      outputs += outputBytes;
    }
  }
}

/** Four vectors, `step` bytes apart, as a matrix of 4 × 4 words. */
function transpose(from: usize, step: usize, to: usize, toStep: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + step);
  const c = v128.load(from + 2 * step);
  const d = v128.load(from + 3 * step);
  const lowAb = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const highAb = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const lowCd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const highCd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(lowAb, lowCd, 0, 2));
  v128.store(to + toStep, v128.shuffle<i64>(lowAb, lowCd, 1, 3));
  v128.store(to + 2 * toStep, v128.shuffle<i64>(highAb, highCd, 0, 2));
  v128.store(to + 3 * toStep, v128.shuffle<i64>(highAb, highCd, 1, 3));
}

function compress(key: usize, message: usize, out: usize): void {
  let s0 = v128.load32_splat(key);
  let s1 = v128.load32_splat(key + 4);
  let s2 = v128.load32_splat(key + 8);
  let s3 = v128.load32_splat(key + 12);
  let s4 = v128.load32_splat(key + 16);
  let s5 = v128.load32_splat(key + 20);
  let s6 = v128.load32_splat(key + 24);
  let s7 = v128.load32_splat(key + 28);
  let s8 = i32x4.splat(0x6a09e667);
  let s9 = i32x4.splat(0xbb67ae85);
  let s10 = i32x4.splat(0x3c6ef372);
  let s11 = i32x4.splat(0xa54ff53a);
  let s12 = i32x4.splat(0);
  let s13 = i32x4.splat(0);
  let s14 = i32x4.splat(<i32>INPUT_BYTES);
  let s15 = i32x4.splat(FLAGS);
  for (let order = SCHEDULE; order < SCHEDULE + 16 * ROUNDS; order += 16) {
    // The four columns.
    s0 = i32x4.add(i32x4.add(s0, s4), word(message, order, 0));
    s1 = i32x4.add(i32x4.add(s1, s5), word(message, order, 2));
    s2 = i32x4.add(i32x4.add(s2, s6), word(message, order, 4));
    s3 = i32x4.add(i32x4.add(s3, s7), word(message, order, 6));
    s12 = rotate16(v128.xor(s12, s0));
    s13 = rotate16(v128.xor(s13, s1));
    s14 = rotate16(v128.xor(s14, s2));
    s15 = rotate16(v128.xor(s15, s3));
    s8 = i32x4.add(s8, s12);
    s9 = i32x4.add(s9, s13);
    s10 = i32x4.add(s10, s14);
    s11 = i32x4.add(s11, s15);
    s4 = rotate12(v128.xor(s4, s8));
    s5 = rotate12(v128.xor(s5, s9));
    s6 = rotate12(v128.xor(s6, s10));
    s7 = rotate12(v128.xor(s7, s11));
    s0 = i32x4.add(i32x4.add(s0, s4), word(message, order, 1));
    s1 = i32x4.add(i32x4.add(s1, s5), word(message, order, 3));
    s2 = i32x4.add(i32x4.add(s2, s6), word(message, order, 5));
    s3 = i32x4.add(i32x4.add(s3, s7), word(message, order, 7));
    s12 = rotate8(v128.xor(s12, s0));
    s13 = rotate8(v128.xor(s13, s1));
    s14 = rotate8(v128.xor(s14, s2));
    s15 = rotate8(v128.xor(s15, s3));
    s8 = i32x4.add(s8, s12);
    s9 = i32x4.add(s9, s13);
    s10 = i32x4.add(s10, s14);
    s11 = i32x4.add(s11, s15);
    s4 = rotate7(v128.xor(s4, s8));
    s5 = rotate7(v128.xor(s5, s9));
    s6 = rotate7(v128.xor(s6, s10));
    s7 = rotate7(v128.xor(s7, s11));
    // The four diagonals.
    s0 = i32x4.add(i32x4.add(s0, s5), word(message, order, 8));
    s1 = i32x4.add(i32x4.add(s1, s6), word(message, order, 10));
    s2 = i32x4.add(i32x4.add(s2, s7), word(message, order, 12));
    s3 = i32x4.add(i32x4.add(s3, s4), word(message, order, 14));
    s15 = rotate16(v128.xor(s15, s0));
    s12 = rotate16(v128.xor(s12, s1));
    s13 = rotate16(v128.xor(s13, s2));
    s14 = rotate16(v128.xor(s14, s3));
    s10 = i32x4.add(s10, s15);
    s11 = i32x4.add(s11, s12);
    s8 = i32x4.add(s8, s13);
    s9 = i32x4.add(s9, s14);
    s5 = rotate12(v128.xor(s5, s10));
    s6 = rotate12(v128.xor(s6, s11));
    s7 = rotate12(v128.xor(s7, s8));
    s4 = rotate12(v128.xor(s4, s9));
    s0 = i32x4.add(i32x4.add(s0, s5), word(message, order, 9));
    s1 = i32x4.add(i32x4.add(s1, s6), word(message, order, 11));
    s2 = i32x4.add(i32x4.add(s2, s7), word(message, order, 13));
    s3 = i32x4.add(i32x4.add(s3, s4), word(message, order, 15));
    s15 = rotate8(v128.xor(s15, s0));
    s12 = rotate8(v128.xor(s12, s1));
    s13 = rotate8(v128.xor(s13, s2));
    s14 = rotate8(v128.xor(s14, s3));
    s10 = i32x4.add(s10, s15);
    s11 = i32x4.add(s11, s12);
    s8 = i32x4.add(s8, s13);
    s9 = i32x4.add(s9, s14);
    s5 = rotate7(v128.xor(s5, s10));
    s6 = rotate7(v128.xor(s6, s11));
    s7 = rotate7(v128.xor(s7, s8));
    s4 = rotate7(v128.xor(s4, s9));
  }
  v128.store(out, v128.xor(s0, s8));
  v128.store(out + 16, v128.xor(s1, s9));
  v128.store(out + 32, v128.xor(s2, s10));
  v128.store(out + 48, v128.xor(s3, s11));
  v128.store(out + 64, v128.xor(s4, s12));
  v128.store(out + 80, v128.xor(s5, s13));
  v128.store(out + 96, v128.xor(s6, s14));
  v128.store(out + 112, v128.xor(s7, s15));
  v128.store(out + 128, v128.xor(s8, v128.load32_splat(key)));
  v128.store(out + 144, v128.xor(s9, v128.load32_splat(key + 4)));
  v128.store(out + 160, v128.xor(s10, v128.load32_splat(key + 8)));
  v128.store(out + 176, v128.xor(s11, v128.load32_splat(key + 12)));
  v128.store(out + 192, v128.xor(s12, v128.load32_splat(key + 16)));
  v128.store(out + 208, v128.xor(s13, v128.load32_splat(key + 20)));
  v128.store(out + 224, v128.xor(s14, v128.load32_splat(key + 24)));
  v128.store(out + 240, v128.xor(s15, v128.load32_splat(key + 28)));
}
