/**
 * Inner loops of the silent VOLE, compiled to WebAssembly by AssemblyScript (see scripts/kernels.mjs). Arguments are
 * addresses in the module's memory and counts; src/psi/vole lays the operands out. What each function computes is said,
 * in TypeScript, by src/psi/vole/vole-kernels.ts, and a test compares the two.
 */

/** Bits of the convolution in a row. */
const WIDTH: usize = 24;

/** For each byte eight masks of 16 bytes, for its bits: written once by `prepare`. */
const MASKS: usize = 4096;

/** Once, before `convolve`. */
export function prepare(): void {
  for (let byte: usize = 0; byte < 256; byte++) {
    for (let bit: usize = 0; bit < 8; bit++) {
      v128.store(MASKS + (byte << 7) + (bit << 4), i32x4.splat(0 - <i32>((byte >> bit) & 1)));
    }
  }
}

/** One step of trees of 2^level nodes; the part is all of several trees, or of one. From the last node to the first. */
export function double(
  nodes: usize,
  level: usize,
  first: usize,
  count: usize,
  left: usize,
  right: usize,
  sums: usize,
): void {
  const perTree: usize = (<usize>1) << level;
  const run = min(count, perTree);
  const node = nodes + (first << 4);
  for (let end = first + count; end > first; end -= run) {
    const sum = sums + (((end - 1) >> level) << 5);
    let sumLeft = v128.load(sum);
    let sumRight = v128.load(sum, 16);
    for (let at: usize = end; at > end - run; ) {
      at--;
      const offset = (at - first) << 4;
      const parent = v128.load(node + offset);
      const one = v128.xor(v128.load(left + offset), parent);
      const other = v128.xor(v128.load(right + offset), parent);
      const to = nodes + (at << 5);
      v128.store(to, one);
      v128.store(to, other, 16);
      sumLeft = v128.xor(sumLeft, one);
      sumRight = v128.xor(sumRight, other);
    }
    v128.store(sum, sumLeft);
    v128.store(sum, sumRight, 16);
  }
}

/** The element times x. */
function timesX(element: v128): v128 {
  const tops = i64x2.shr_u(element, 63);
  // What leaves the lower half enters the upper one; what leaves the upper one comes back as x^7 + x^2 + x + 1.
  const crossed = i8x16.shuffle(tops, tops, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  const reduced = v128.and(i64x2.sub(i64x2(0, 0), crossed), i64x2(0x87, 1));
  return v128.xor(i64x2.shl(element, 1), reduced);
}

/** Elements that stand alone become the first of pairs, from the last on: in place. */
export function spread(at: usize, count: usize): void {
  for (let from = at + (count << 4), to = at + (count << 5); from > at; ) {
    from -= 16;
    to -= 32;
    v128.store(to, v128.load(from));
    v128.store(to, i64x2(0, 0), 16);
  }
}

export function separate(vectors: usize, count: usize, to: usize): void {
  const second = count << 4;
  for (const end = to + second; to < end; to += 16, vectors += 32) {
    v128.store(to, v128.load(vectors));
    v128.store(to + second, v128.load(vectors, 16));
  }
}

/** The sum of eight elements before `at`, the nearest first, each under its mask; `step` bytes from one to the next. */
function masked(at: usize, step: usize, masks: usize): v128 {
  const a = v128.xor(
    v128.and(v128.load(at - step), v128.load(masks)),
    v128.and(v128.load(at - 2 * step), v128.load(masks, 16)),
  );
  const b = v128.xor(
    v128.and(v128.load(at - 3 * step), v128.load(masks, 32)),
    v128.and(v128.load(at - 4 * step), v128.load(masks, 48)),
  );
  const c = v128.xor(
    v128.and(v128.load(at - 5 * step), v128.load(masks, 64)),
    v128.and(v128.load(at - 6 * step), v128.load(masks, 80)),
  );
  const d = v128.xor(
    v128.and(v128.load(at - 7 * step), v128.load(masks, 96)),
    v128.and(v128.load(at - 8 * step), v128.load(masks, 112)),
  );
  return v128.xor(v128.xor(a, b), v128.xor(c, d));
}

/** One element before which all 25 stand. */
function convolveOne(own: usize, step: usize, bits: usize): void {
  let sum = timesX(v128.xor(v128.load(own), v128.load(own - (WIDTH + 1) * step)));
  sum = v128.xor(sum, masked(own - 16 * step, step, MASKS + (((bits >> 16) & 255) << 7)));
  sum = v128.xor(sum, masked(own - 8 * step, step, MASKS + (((bits >> 8) & 255) << 7)));
  v128.store(own, v128.xor(sum, masked(own, step, MASKS + ((bits & 255) << 7))));
}

/** An element before which fewer than 25 stand. */
function convolveStart(own: usize, step: usize, j: usize, bits: u32): void {
  let sum = timesX(v128.load(own));
  for (let back: usize = 1; back <= min(WIDTH, j); back++) {
    const mask = i32x4.splat(0 - ((bits >> <u32>(back - 1)) & 1));
    sum = v128.xor(sum, v128.and(v128.load(own - back * step), mask));
  }
  v128.store(own, sum);
}

export function convolve(vectors: usize, first: usize, count: usize, words: usize): void {
  const end = first + count;
  let j = first;
  for (; j < min(end, WIDTH + 1); j++, words += 4) {
    convolveStart(vectors + (j << 4), 16, j, load<u32>(words));
  }
  for (; j < end; j++, words += 4) convolveOne(vectors + (j << 4), 16, load<u32>(words));
}

export function convolvePairs(vectors: usize, first: usize, count: usize, words: usize): void {
  const end = first + count;
  let j = first;
  for (; j < min(end, WIDTH + 1); j++, words += 4) {
    convolveStart(vectors + (j << 5), 32, j, load<u32>(words));
    convolveStart(vectors + (j << 5) + 16, 32, j, load<u32>(words));
  }
  for (; j < end; j++, words += 4) {
    convolveOne(vectors + (j << 5), 32, load<u32>(words));
    convolveOne(vectors + (j << 5) + 16, 32, load<u32>(words));
  }
}

/** The column that a word chooses. */
function chosen(word: usize, columns: u64): usize {
  return <usize>((<u64>load<u32>(word) * columns) >> 32);
}

export function gather(
  outputs: usize,
  rows: usize,
  words: usize,
  perRow: usize,
  inputs: usize,
  columns: u32,
): void {
  for (const end = outputs + (rows << 4); outputs < end; outputs += 16) {
    let sum = v128.load(outputs);
    for (const last = words + (perRow << 2); words < last; words += 4) {
      sum = v128.xor(sum, v128.load(inputs + (chosen(words, columns) << 4)));
    }
    v128.store(outputs, sum);
  }
}

export function gatherPairs(
  outputs: usize,
  rows: usize,
  words: usize,
  perRow: usize,
  inputs: usize,
  columns: u32,
): void {
  for (const end = outputs + (rows << 5); outputs < end; outputs += 32) {
    let first = v128.load(outputs);
    let second = v128.load(outputs, 16);
    for (const last = words + (perRow << 2); words < last; words += 4) {
      const from = inputs + (chosen(words, columns) << 5);
      first = v128.xor(first, v128.load(from));
      second = v128.xor(second, v128.load(from, 16));
    }
    v128.store(outputs, first);
    v128.store(outputs, second, 16);
  }
}

export function multiplyAdd(targets: usize, elements: usize, count: usize, table: usize): void {
  for (const end = targets + (count << 4); targets < end; targets += 16, elements += 16) {
    let sum = v128.load(targets);
    let place = table;
    for (let byte: usize = 0; byte < 16; byte++, place += 4096) {
      sum = v128.xor(sum, v128.load(place + ((<usize>load<u8>(elements + byte)) << 4)));
    }
    v128.store(targets, sum);
  }
}
