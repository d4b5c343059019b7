/**
 * Arithmetic on 64-bit words for the secure device, compiled to WebAssembly by AssemblyScript (see scripts/build.mjs).
 * All arguments are addresses in the module's memory, and counts of words; the caller (src/secure/kernels/wasm.ts) lays
 * the operands out. What each function computes is said, in TypeScript, by src/secure/kernels/typescript.ts, and a test
 * compares the two.
 *
 * 64-bit multiplications are scalar: there is no vector instruction for them, and V8 makes a poor one out of i64x2.mul.
 */

export function add(out: usize, x: usize, y: usize, count: usize): void {
  const end = out + (count << 3);
  const pairs = out + ((count & ~1) << 3);
  while (out < pairs) {
    v128.store(out, i64x2.add(v128.load(x), v128.load(y)));
    out += 16;
    x += 16;
    y += 16;
  }
  if (out < end) store<u64>(out, load<u64>(x) + load<u64>(y));
}

export function sub(out: usize, x: usize, y: usize, count: usize): void {
  const end = out + (count << 3);
  const pairs = out + ((count & ~1) << 3);
  while (out < pairs) {
    v128.store(out, i64x2.sub(v128.load(x), v128.load(y)));
    out += 16;
    x += 16;
    y += 16;
  }
  if (out < end) store<u64>(out, load<u64>(x) - load<u64>(y));
}

export function mul(out: usize, x: usize, y: usize, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) store<u64>(out + i, load<u64>(x + i) * load<u64>(y + i));
}

export function xor(out: usize, x: usize, y: usize, count: usize): void {
  const end = out + (count << 3);
  const pairs = out + ((count & ~1) << 3);
  while (out < pairs) {
    v128.store(out, v128.xor(v128.load(x), v128.load(y)));
    out += 16;
    x += 16;
    y += 16;
  }
  if (out < end) store<u64>(out, load<u64>(x) ^ load<u64>(y));
}

export function and(out: usize, x: usize, y: usize, count: usize): void {
  const end = out + (count << 3);
  const pairs = out + ((count & ~1) << 3);
  while (out < pairs) {
    v128.store(out, v128.and(v128.load(x), v128.load(y)));
    out += 16;
    x += 16;
    y += 16;
  }
  if (out < end) store<u64>(out, load<u64>(x) & load<u64>(y));
}

export function affine(out: usize, x: usize, factor: u64, addend: u64, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) store<u64>(out + i, load<u64>(x + i) * factor + addend);
}

export function shiftLeft(out: usize, x: usize, by: u64, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) store<u64>(out + i, load<u64>(x + i) << by);
}

export function shiftRight(out: usize, x: usize, by: u64, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) store<u64>(out + i, load<u64>(x + i) >> by);
}

/** out = xa·(ya + yb) + xb·ya */
export function rep3Product(out: usize, xa: usize, xb: usize, ya: usize, yb: usize, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) {
    const y = load<u64>(ya + i);
    store<u64>(out + i, load<u64>(xa + i) * (y + load<u64>(yb + i)) + load<u64>(xb + i) * y);
  }
}

/** out = xa·(ya + yb) + xb·ya + r - s */
export function rep3Mul(
  out: usize,
  xa: usize,
  xb: usize,
  ya: usize,
  yb: usize,
  r: usize,
  s: usize,
  count: usize,
): void {
  for (let i: usize = 0; i < count << 3; i += 8) {
    const y = load<u64>(ya + i);
    const product = load<u64>(xa + i) * (y + load<u64>(yb + i)) + load<u64>(xb + i) * y;
    store<u64>(out + i, product + load<u64>(r + i) - load<u64>(s + i));
  }
}

/** out = xa&(ya ^ yb) ^ xb&ya ^ r ^ s; reads and writes one word more where the count is odd. */
export function rep3And(
  out: usize,
  xa: usize,
  xb: usize,
  ya: usize,
  yb: usize,
  r: usize,
  s: usize,
  count: usize,
): void {
  for (let i: usize = 0; i < count << 3; i += 16) {
    const y = v128.load(ya + i);
    const product = v128.xor(
      v128.and(v128.load(xa + i), v128.xor(y, v128.load(yb + i))),
      v128.and(v128.load(xb + i), y),
    );
    v128.store(out + i, v128.xor(product, v128.xor(v128.load(r + i), v128.load(s + i))));
  }
}

/**
 * out += x·y for row-major matrices. `panel` has room for 4·inner words: four columns of y, copied so that they are
 * read in order.
 */
export function matmul(
  out: usize,
  x: usize,
  y: usize,
  panel: usize,
  rows: usize,
  inner: usize,
  columns: usize,
): void {
  const rowBytes = inner << 3;
  const outBytes = columns << 3;
  let column: usize = 0;
  for (; column + 4 <= columns; column += 4) {
    for (let k: usize = 0; k < inner; k++) {
      const from = y + k * outBytes + (column << 3);
      v128.store(panel + (k << 5), v128.load(from));
      v128.store(panel + (k << 5) + 16, v128.load(from, 16));
    }
    let row: usize = 0;
    for (; row + 2 <= rows; row += 2) {
      twoByFour(out + row * outBytes + (column << 3), outBytes, x + row * rowBytes, rowBytes, panel, inner);
    }
    for (; row < rows; row++) {
      oneByFour(out + row * outBytes + (column << 3), x + row * rowBytes, panel, inner);
    }
  }
  for (; column < columns; column++) {
    for (let row: usize = 0; row < rows; row++) {
      const at = out + row * outBytes + (column << 3);
      let sum = load<u64>(at);
      let from = y + (column << 3);
      const factors = x + row * rowBytes;
      for (let k: usize = 0; k < rowBytes; k += 8) {
        sum += load<u64>(factors + k) * load<u64>(from);
        from += outBytes;
      }
      store<u64>(at, sum);
    }
  }
}

/** out += x·y of few columns, where x stands as inner × rows: it is read once, as it stands. */
export function matmulStanding(
  out: usize,
  x: usize,
  y: usize,
  rows: usize,
  inner: usize,
  columns: usize,
): void {
  for (let k: usize = 0; k < inner; k++) {
    const factors = y + ((k * columns) << 3);
    let at = out;
    for (let row: usize = 0; row < rows; row++) {
      const factor = load<u64>(x);
      for (let column: usize = 0; column < columns << 3; column += 8) {
        store<u64>(at, load<u64>(at) + factor * load<u64>(factors + column));
        at += 8;
      }
      x += 8;
    }
  }
}

function twoByFour(out: usize, outBytes: usize, x: usize, rowBytes: usize, panel: usize, inner: usize): void {
  let a0: u64 = 0;
  let a1: u64 = 0;
  let a2: u64 = 0;
  let a3: u64 = 0;
  let b0: u64 = 0;
  let b1: u64 = 0;
  let b2: u64 = 0;
  let b3: u64 = 0;
  const end = x + (inner << 3);
  while (x < end) {
    const p = load<u64>(x);
    const q = load<u64>(x + rowBytes);
    const y0 = load<u64>(panel);
    a0 += p * y0;
    b0 += q * y0;
    const y1 = load<u64>(panel, 8);
    a1 += p * y1;
    b1 += q * y1;
    const y2 = load<u64>(panel, 16);
    a2 += p * y2;
    b2 += q * y2;
    const y3 = load<u64>(panel, 24);
    a3 += p * y3;
    b3 += q * y3;
    x += 8;
    panel += 32;
  }
  store<u64>(out, load<u64>(out) + a0);
  store<u64>(out, load<u64>(out, 8) + a1, 8);
  store<u64>(out, load<u64>(out, 16) + a2, 16);
  store<u64>(out, load<u64>(out, 24) + a3, 24);
  const next = out + outBytes;
  store<u64>(next, load<u64>(next) + b0);
  store<u64>(next, load<u64>(next, 8) + b1, 8);
  store<u64>(next, load<u64>(next, 16) + b2, 16);
  store<u64>(next, load<u64>(next, 24) + b3, 24);
}

function oneByFour(out: usize, x: usize, panel: usize, inner: usize): void {
  let a0: u64 = 0;
  let a1: u64 = 0;
  let a2: u64 = 0;
  let a3: u64 = 0;
  const end = x + (inner << 3);
  while (x < end) {
    const p = load<u64>(x);
    a0 += p * load<u64>(panel);
    a1 += p * load<u64>(panel, 8);
    a2 += p * load<u64>(panel, 16);
    a3 += p * load<u64>(panel, 24);
    x += 8;
    panel += 32;
  }
  store<u64>(out, load<u64>(out) + a0);
  store<u64>(out, load<u64>(out, 8) + a1, 8);
  store<u64>(out, load<u64>(out, 16) + a2, 16);
  store<u64>(out, load<u64>(out, 24) + a3, 24);
}

/**
 * The words of rows × columns, column by column, each from `stride` words behind the last. In squares of 8 × 8 words,
 * which are whole lines of the cache on both sides.
 */
export function transposeWords(out: usize, stride: usize, x: usize, rows: usize, columns: usize): void {
  const rowBytes = columns << 3;
  const outBytes = stride << 3;
  for (let row: usize = 0; row < rows; row += 8) {
    const rowEnd = min(rows, row + 8);
    for (let column: usize = 0; column < columns; column += 8) {
      const columnEnd = min(columns, column + 8);
      for (let i = row; i < rowEnd; i++) {
        const from = x + i * rowBytes;
        const to = out + (i << 3);
        for (let j = column; j < columnEnd; j++) store<u64>(to + j * outBytes, load<u64>(from + (j << 3)));
      }
    }
  }
}

function swapPairs(block: usize, half: usize, mask: u64): void {
  const lanes = i64x2.splat(mask);
  const distance = half << 3;
  for (let i: usize = 0; i < 64; i = ((i | half) + 2) & ~half) {
    const at = block + (i << 3);
    const low = v128.load(at);
    const high = v128.load(at + distance);
    const moved = v128.and(v128.xor(i64x2.shr_u(low, <i32>half), high), lanes);
    v128.store(at, v128.xor(low, i64x2.shl(moved, <i32>half)));
    v128.store(at + distance, v128.xor(high, moved));
  }
}

/** Transposes 64 × 64 bits in place. */
function transpose(block: usize): void {
  swapPairs(block, 32, 0x00000000ffffffff);
  swapPairs(block, 16, 0x0000ffff0000ffff);
  swapPairs(block, 8, 0x00ff00ff00ff00ff);
  swapPairs(block, 4, 0x0f0f0f0f0f0f0f0f);
  swapPairs(block, 2, 0x3333333333333333);
  for (let i: usize = 0; i < 512; i += 16) {
    const low = load<u64>(block + i);
    const high = load<u64>(block + i, 8);
    const moved = ((low >> 1) ^ high) & 0x5555555555555555;
    store<u64>(block + i, low ^ (moved << 1));
    store<u64>(block + i, high ^ moved, 8);
  }
}

/** `words`: blocks of 64, overwritten. `order`: one byte a plane. Planes follow each other, `blocks` words each. */
export function toPlanes(planes: usize, words: usize, order: usize, width: usize, blocks: usize): void {
  for (let b: usize = 0; b < blocks; b++) {
    const block = words + (b << 9);
    transpose(block);
    for (let plane: usize = 0; plane < width; plane++) {
      const bit = <usize>load<u8>(order + plane);
      store<u64>(planes + ((plane * blocks + b) << 3), load<u64>(block + (bit << 3)));
    }
  }
}

/** The inverse for planes in natural order. */
export function fromPlanes(words: usize, planes: usize, width: usize, blocks: usize): void {
  for (let b: usize = 0; b < blocks; b++) {
    const block = words + (b << 9);
    for (let plane: usize = 0; plane < width; plane++) {
      store<u64>(block + (plane << 3), load<u64>(planes + ((plane * blocks + b) << 3)));
    }
    memory.fill(block + (width << 3), 0, (64 - width) << 3);
    transpose(block);
  }
}

/** One plane to words of 0 and 1; 64 words for each of `blocks`. */
export function spread(words: usize, plane: usize, blocks: usize): void {
  for (let b: usize = 0; b < blocks; b++) {
    let bits = load<u64>(plane + (b << 3));
    const block = words + (b << 9);
    for (let i: usize = 0; i < 512; i += 8) {
      store<u64>(block + i, bits & 1);
      bits >>= 1;
    }
  }
}

/** Bit `bit` of every word to one plane. */
export function collect(plane: usize, words: usize, bit: u64, blocks: usize): void {
  for (let b: usize = 0; b < blocks; b++) {
    const block = words + (b << 9);
    let bits: u64 = 0;
    for (let i: usize = 0; i < 64; i++) bits |= ((load<u64>(block + (i << 3)) >> bit) & 1) << (<u64>i);
    store<u64>(plane + (b << 3), bits);
  }
}

/** The low `width` bits (1 … 63) of each word without gaps. One word behind the last may be written. */
export function pack(packed: usize, words: usize, width: u64, count: usize): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let filled: u64 = 0;
  let bits: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const field = load<u64>(words + i) & mask;
    bits |= field << filled;
    filled += width;
    if (filled >= 64) {
      store<u64>(packed, bits);
      packed += 8;
      filled -= 64;
      // What did not fit; nothing where the field ended with the word.
      bits = filled === 0 ? 0 : field >> (width - filled);
    }
  }
  if (filled > 0) store<u64>(packed, bits);
}

/** The inverse. One word behind the last may be read. */
export function unpack(words: usize, packed: usize, width: u64, count: usize): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let at: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const from = packed + ((<usize>(at >> 6)) << 3);
    const shift = at & 63;
    let field = load<u64>(from) >> shift;
    if (shift + width > 64) field |= load<u64>(from, 8) << (64 - shift);
    store<u64>(words + i, field & mask);
    at += width;
  }
}

/** Field `at` (a bit position) of a packed stream. One word behind the last may be read. */
function fieldAt(packed: usize, at: u64, width: u64, mask: u64): u64 {
  const from = packed + ((<usize>(at >> 6)) << 3);
  const shift = at & 63;
  let field = load<u64>(from) >> shift;
  if (shift + width > 64) field |= load<u64>(from, 8) << (64 - shift);
  return field & mask;
}

export function truncMask(out: usize, x: usize, r: usize, addend: u64, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) {
    store<u64>(out + i, load<u64>(x + i) + addend + load<u64>(r + i));
  }
}

export function truncNegated(out: usize, x: usize, r: usize, s: usize, count: usize): void {
  for (let i: usize = 0; i < count << 3; i += 8) {
    store<u64>(out + i, load<u64>(r + i) + load<u64>(s + i) - load<u64>(x + i));
  }
}

export function truncWrap(
  packed: usize,
  own: usize,
  other: usize,
  top: usize,
  masks: usize,
  width: u64,
  count: usize,
): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let at: u64 = 0;
  let filled: u64 = 0;
  let bits: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const c = load<u64>(own + i) + load<u64>(other + i);
    const field = (fieldAt(top, at, width, mask) * (1 - (c >> 63)) - fieldAt(masks, at, width, mask)) & mask;
    at += width;
    bits |= field << filled;
    filled += width;
    if (filled >= 64) {
      store<u64>(packed, bits);
      packed += 8;
      filled -= 64;
      bits = filled === 0 ? 0 : field >> (width - filled);
    }
  }
  if (filled > 0) store<u64>(packed, bits);
}

export function truncCommon(
  out: usize,
  own: usize,
  other: usize,
  wrap1: usize,
  wrap2: usize,
  width: u64,
  offset: u64,
  count: usize,
): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let at: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const c = load<u64>(own + i) + load<u64>(other + i);
    const wraps = fieldAt(wrap1, at, width, mask) + fieldAt(wrap2, at, width, mask);
    at += width;
    store<u64>(out + i, (c >> width) + (wraps << (64 - width)) - offset);
  }
}

export function truncEdge(out: usize, x: usize, masks: usize, width: u64, count: usize): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let at: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    store<u64>(out + i, (fieldAt(masks, at, width, mask) << (64 - width)) - load<u64>(x + i));
    at += width;
  }
}

export function truncDeal(
  second: usize,
  packed: usize,
  r: usize,
  first: usize,
  top: usize,
  width: u64,
  count: usize,
): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let at: u64 = 0;
  let filled: u64 = 0;
  let bits: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const value = load<u64>(r + i);
    store<u64>(second + i, (value >> width) - load<u64>(first + i));
    const field = ((value >> 63) - fieldAt(top, at, width, mask)) & mask;
    at += width;
    bits |= field << filled;
    filled += width;
    if (filled >= 64) {
      store<u64>(packed, bits);
      packed += 8;
      filled -= 64;
      bits = filled === 0 ? 0 : field >> (width - filled);
    }
  }
  if (filled > 0) store<u64>(packed, bits);
}
