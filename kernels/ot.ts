/**
 * Inner loops of oblivious transfer, compiled to WebAssembly by AssemblyScript (see scripts/kernels.mjs). Arguments are
 * addresses in the module's memory and counts; the caller (src/secure/correlation/wasm-ot-kernels.ts) lays the operands
 * out. What each function computes is said, in TypeScript, by src/secure/correlation/ot-kernels.ts, and a test compares
 * the two.
 */

/**
 * Leaves of `bytes` bytes each, 4^levels of them, one after the other, are added to planes (two a level, zero before)
 * and to their sum, which comes to stand where the first leaf was. `bytes` is a multiple of 16.
 */
export function foldTree(leaves: usize, planes: usize, levels: usize, bytes: usize): void {
  let stride = bytes;
  for (let level: usize = 0; level < levels; level++) {
    const low = planes + 2 * level * bytes;
    const groups: usize = 1 << (2 * (levels - 1 - level));
    for (let group: usize = 0; group < groups; group++) {
      const first = leaves + group * 4 * stride;
      foldQuarter(first, first + stride, first + 2 * stride, first + 3 * stride, low, low + bytes, bytes);
    }
    stride <<= 2;
  }
}

function foldQuarter(
  sum: usize,
  second: usize,
  third: usize,
  fourth: usize,
  low: usize,
  high: usize,
  bytes: usize,
): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const c = v128.load(third + at);
    const d = v128.load(fourth + at);
    const bd = v128.xor(v128.load(second + at), d);
    v128.store(low + at, v128.xor(v128.load(low + at), bd));
    v128.store(high + at, v128.xor(v128.load(high + at), v128.xor(c, d)));
    v128.store(sum + at, v128.xor(v128.load(sum + at), v128.xor(bd, c)));
  }
}

/**
 * Adds a correction to `planes` planes of `bytes` bytes each: to plane j if bit j of `leaf` is set, without a branch on
 * it.
 */
export function correct(planes: usize, correction: usize, leaf: u32, count: usize, bytes: usize): void {
  for (let plane: usize = 0; plane < count; plane++) {
    const mask = i32x4.splat(0 - ((leaf >> <u32>plane) & 1));
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(planes + at, v128.xor(v128.load(planes + at), v128.and(v128.load(correction + at), mask)));
    }
    planes += bytes;
  }
}

/** Adds y to x. */
export function add(x: usize, y: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(x + at, v128.xor(v128.load(x + at), v128.load(y + at)));
  }
}

/** Adds the 16 bytes at `offset` to each row. */
export function addToRows(rows: usize, offset: usize, count: usize): void {
  const value = v128.load(offset);
  for (const end = rows + (count << 4); rows < end; rows += 16)
    v128.store(rows, v128.xor(v128.load(rows), value));
}

/** Adds each row's number, from `first`, to its first 32 bits, and the tag to the next. */
export function tweak(rows: usize, first: u32, tag: u32, count: usize): void {
  for (const end = rows + (count << 4); rows < end; rows += 16, first++) {
    store<u64>(rows, load<u64>(rows) ^ (((<u64>tag) << 32) | <u64>first));
  }
}

/** The upper halves of rows of `x` and `y`, added. */
export function upperHalves(out: usize, x: usize, y: usize, count: usize): void {
  for (const end = out + (count << 3); out < end; out += 8, x += 16, y += 16) {
    store<u64>(out, load<u64>(x + 8) ^ load<u64>(y + 8));
  }
}

/**
 * From 128 columns of 8·words bytes to 64·words rows of 16 bytes. Two 64 × 64 transpositions at once, of columns 0 … 63
 * in the lower lane and 64 … 127 in the upper one: what comes out is the row as it stands in memory.
 */
export function transposeColumns(rows: usize, columns: usize, words: usize): void {
  const column = words << 3;
  for (let word: usize = 0; word < words; word++) {
    const block = rows + (word << 10);
    let from = columns + (word << 3);
    for (let i: usize = 0; i < 1024; i += 16) {
      v128.store(block + i, i64x2.replace_lane(v128.load64_zero(from), 1, load<i64>(from + (column << 6))));
      from += column;
    }
    swapHalves(block, 32, 0x00000000ffffffff);
    swapHalves(block, 16, 0x0000ffff0000ffff);
    swapHalves(block, 8, 0x00ff00ff00ff00ff);
    swapHalves(block, 4, 0x0f0f0f0f0f0f0f0f);
    swapHalves(block, 2, 0x3333333333333333);
    swapHalves(block, 1, 0x5555555555555555);
  }
}

function swapHalves(block: usize, half: i32, mask: i64): void {
  const keep = i64x2.splat(mask);
  const distance = (<usize>half) << 4;
  for (let base: usize = 0; base < 1024; base += distance << 1) {
    for (let at = block + base; at < block + base + distance; at += 16) {
      const low = v128.load(at);
      const high = v128.load(at + distance);
      const moved = v128.and(v128.xor(i64x2.shr_u(low, half), high), keep);
      v128.store(at, v128.xor(low, i64x2.shl(moved, half)));
      v128.store(at + distance, v128.xor(high, moved));
    }
  }
}

/** Bytes of corrections in a product. */
const PRODUCT_BYTES: usize = 260;

export function sendProducts(
  shares: usize,
  corrections: usize,
  factors: usize,
  zero: usize,
  one: usize,
  count: usize,
): void {
  for (let product: usize = 0; product < count; product++) {
    const factor = load<u64>(factors + (product << 3));
    const to = corrections + product * PRODUCT_BYTES;
    let share: u64 = 0;
    // Bits 63 … 33 go above those of 1 … 31; 32 has a word of 32 bits.
    for (let bit: usize = 63; bit > 32; bit--) {
      const pad = load<u64>(zero + (bit << 3));
      share = (share << 1) - pad;
      store<u64>(to + ((64 - bit) << 3), (factor - load<u64>(one + (bit << 3)) + pad) << bit);
    }
    const middle = load<u64>(zero + 256);
    share = (share << 1) - middle;
    store<u32>(to + 256, <u32>(factor - load<u64>(one + 256) + middle));
    for (let bit: usize = 31; bit > 0; bit--) {
      const pad = load<u64>(zero + (bit << 3));
      share = (share << 1) - pad;
      const correction = (factor - load<u64>(one + (bit << 3)) + pad) & (0xffffffffffffffff >> bit);
      store<u64>(to + (bit << 3), correction | load<u64>(to + (bit << 3)));
    }
    const pad = load<u64>(zero);
    store<u64>(to, factor - load<u64>(one) + pad);
    store<u64>(shares + (product << 3), (share << 1) - pad);
    zero += 512;
    one += 512;
  }
}

export function receiveProducts(
  shares: usize,
  choices: usize,
  pads: usize,
  corrections: usize,
  count: usize,
): void {
  for (let product: usize = 0; product < count; product++) {
    const chosen = load<u64>(choices + (product << 3));
    const from = corrections + product * PRODUCT_BYTES;
    let share: u64 = 0;
    for (let bit: usize = 63; bit > 32; bit--) {
      const mask: u64 = 0 - ((chosen >> bit) & 1);
      const correction = load<u64>(from + ((64 - bit) << 3)) >> bit;
      share = (share << 1) + load<u64>(pads + (bit << 3)) + (correction & mask);
    }
    const middle: u64 = 0 - ((chosen >> 32) & 1);
    share = (share << 1) + load<u64>(pads + 256) + (<u64>load<u32>(from + 256) & middle);
    for (let bit: i32 = 31; bit >= 0; bit--) {
      const mask: u64 = 0 - ((chosen >> bit) & 1);
      share = (share << 1) + load<u64>(pads + (bit << 3)) + (load<u64>(from + (bit << 3)) & mask);
    }
    store<u64>(shares + (product << 3), share);
    pads += 512;
  }
}
