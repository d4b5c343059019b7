/**
 * Inner loops of the silent VOLE, compiled to WebAssembly by AssemblyScript (see scripts/kernels.mjs). Arguments are
 * addresses in the module's memory and counts; src/psi/vole lays the operands out. What each function computes is said,
 * in TypeScript, by src/psi/vole/vole-kernels.ts, and a test compares the two.
 */

/** Bits of the convolution in a row, entries of the expander, and those of them that stand in regions. */
const WIDTH: usize = 24;
const ENTRIES: usize = 21;
const REGIONS: usize = 11;

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

/** The sum of eight elements before `at`, the nearest first, each under its mask. */
function masked(at: usize, masks: usize): v128 {
  const a = v128.xor(
    v128.and(v128.load(at - 16), v128.load(masks)),
    v128.and(v128.load(at - 32), v128.load(masks, 16)),
  );
  const b = v128.xor(
    v128.and(v128.load(at - 48), v128.load(masks, 32)),
    v128.and(v128.load(at - 64), v128.load(masks, 48)),
  );
  const c = v128.xor(
    v128.and(v128.load(at - 80), v128.load(masks, 64)),
    v128.and(v128.load(at - 96), v128.load(masks, 80)),
  );
  const d = v128.xor(
    v128.and(v128.load(at - 112), v128.load(masks, 96)),
    v128.and(v128.load(at - 128), v128.load(masks, 112)),
  );
  return v128.xor(v128.xor(a, b), v128.xor(c, d));
}

export function convolve(at: usize, first: usize, count: usize, words: usize): void {
  const end = first + count;
  let j = first;
  for (; j < min(end, WIDTH + 1); j++, words += 4) convolveStart(at, j, load<u32>(words));
  for (; j < end; j++, words += 4) {
    const own = at + (j << 4);
    const bits: usize = load<u32>(words);
    let sum = timesX(v128.xor(v128.load(own), v128.load(own - ((WIDTH + 1) << 4))));
    sum = v128.xor(sum, masked(own - 256, MASKS + (((bits >> 16) & 255) << 7)));
    sum = v128.xor(sum, masked(own - 128, MASKS + (((bits >> 8) & 255) << 7)));
    v128.store(own, v128.xor(sum, masked(own, MASKS + ((bits & 255) << 7))));
  }
}

/** An element before which fewer than 25 stand. */
function convolveStart(at: usize, j: usize, bits: u32): void {
  const own = at + (j << 4);
  let sum = v128.load(own);
  if (j > WIDTH) sum = v128.xor(sum, v128.load(own - ((WIDTH + 1) << 4)));
  sum = timesX(sum);
  for (let back: usize = 1; back <= min(WIDTH, j); back++) {
    const mask = i32x4.splat(0 - ((bits >> <u32>(back - 1)) & 1));
    sum = v128.xor(sum, v128.and(v128.load(own - (back << 4)), mask));
  }
  v128.store(own, sum);
}

/** The input that a word chooses among `count` from `inputs` on. */
function chosen(inputs: usize, word: usize, count: u64): v128 {
  return v128.load(inputs + ((<usize>((<u64>load<u32>(word) * count) >> 32)) << 4));
}

export function expand(outputs: usize, rows: usize, words: usize, inputs: usize, columns: u32): void {
  const all = <u64>columns;
  const region = <u64>(columns / <u32>REGIONS);
  const step = (<usize>region) << 4;
  for (const end = outputs + (rows << 4); outputs < end; outputs += 16, words += ENTRIES << 2) {
    let sum = v128.load(outputs);
    let from = inputs;
    for (let entry: usize = 0; entry < REGIONS; entry++, from += step) {
      sum = v128.xor(sum, chosen(from, words + (entry << 2), region));
    }
    for (let entry: usize = REGIONS; entry < ENTRIES; entry++) {
      sum = v128.xor(sum, chosen(inputs, words + (entry << 2), all));
    }
    v128.store(outputs, sum);
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
