/**
 * Encoding and decoding of an oblivious key-value store over bands of 128 bits: what is computed is said by
 * src/psi/okvs/okvs.ts. Bits of a band are taken four at a time: for each four columns, a table has the sums of all 16
 * subsets of their blocks, 256 bytes, so that a row costs 33 additions instead of 64 on average, and none of them
 * behind a branch.
 */

/** Of a row: the value, where its band begins, the band. */
const ROW_BYTES: usize = 40;
const START_AT: usize = 16;
const BAND_AT: usize = 24;

/** Starts in a coarse part of the sort, of which there are up to 2^11: counters of both stay in the first cache. */
const FINE_BITS: u32 = 10;
const FINE_MASK: u32 = (1 << FINE_BITS) - 1;

/** Rows that are fetched together, since the processor waits for many at once in the time of one. */
const FETCHED: usize = 64;

/** Bytes of a table, of the sums of 4 blocks. */
const TABLE_BYTES: usize = 256;

/** Tables behind its first that a band, shifted by up to 3 bits, reaches into. */
const REACHED: usize = 32;

/**
 * Sorts the rows by start. Into `order`, 8 bytes each: the row's number, and the start in the upper half. `pairs` is as
 * long, `counts` is 2^11 + 1 and 2^10 numbers of 4 bytes.
 */
export function sortRows(
  rows: usize,
  count: usize,
  starts: u32,
  order: usize,
  pairs: usize,
  counts: usize,
): void {
  const coarse = <usize>((starts - 1) >> FINE_BITS) + 1;
  memory.fill(counts, 0, (coarse + 1) << 2);
  // Starts go where the order will stand, until they are needed for the last time.
  for (let row: usize = 0; row < count; row++) {
    const at = rows + row * ROW_BYTES + START_AT;
    const low = <u64>load<u32>(at) * starts;
    const start = <u32>((<u64>load<u32>(at, 4) * starts + (low >> 32)) >> 32);
    store<u32>(order + (row << 2), start);
    const counter = counts + ((<usize>(start >> FINE_BITS)) << 2);
    store<u32>(counter, load<u32>(counter, 4) + 1, 4);
  }
  for (let part: usize = 0; part < coarse; part++) {
    const counter = counts + (part << 2);
    store<u32>(counter, load<u32>(counter, 4) + load<u32>(counter), 4);
  }
  for (let row: usize = 0; row < count; row++) {
    const start = load<u32>(order + (row << 2));
    const counter = counts + ((<usize>(start >> FINE_BITS)) << 2);
    const place = load<u32>(counter);
    store<u32>(counter, place + 1);
    store<u64>(pairs + ((<usize>place) << 3), ((<u64>start) << 32) | <u64>row);
  }
  // Each counter stands at the end of its part now.
  let from = pairs;
  for (let part: usize = 0; part < coarse; part++) {
    const to = pairs + ((<usize>load<u32>(counts + (part << 2))) << 3);
    sortPart(from, to, order + (from - pairs), counts + (coarse << 2));
    from = to;
  }
}

/** Those that share all but the lower bits of their start. */
function sortPart(from: usize, to: usize, order: usize, counts: usize): void {
  memory.fill(counts, 0, 4 << FINE_BITS);
  for (let at = from; at < to; at += 8) {
    const counter = counts + ((<usize>(load<u32>(at, 4) & FINE_MASK)) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
  let before: u32 = 0;
  for (let counter = counts; counter < counts + (4 << FINE_BITS); counter += 4) {
    const here = load<u32>(counter);
    store<u32>(counter, before);
    before += here;
  }
  for (let at = from; at < to; at += 8) {
    const pair = load<u64>(at);
    const counter = counts + ((<usize>(<u32>(pair >> 32) & FINE_MASK)) << 2);
    const place = load<u32>(counter);
    store<u32>(counter, place + 1);
    store<u64>(order + ((<usize>place) << 3), pair);
  }
}

/**
 * Reduces rows, in order, and puts each to the column where its band begins then. False if one becomes empty. `bands`
 * are zero before, and `scratch` is for 64 rows.
 */
export function eliminate(
  rows: usize,
  order: usize,
  count: usize,
  bands: usize,
  blocks: usize,
  scratch: usize,
  maskLow: u64,
  maskHigh: u64,
): bool {
  for (const end = order + (count << 3); order < end; ) {
    const stop = min(order + (FETCHED << 3), end);
    let to = scratch;
    for (let at = order; at < stop; at += 8, to += ROW_BYTES) {
      const row = rows + <usize>load<u32>(at) * ROW_BYTES;
      v128.store(to, v128.load(row));
      v128.store(to, v128.load(row, BAND_AT), BAND_AT);
    }
    for (let row = scratch; order < stop; order += 8, row += ROW_BYTES) {
      let column = <usize>load<u32>(order, 4);
      let value = v128.load(row);
      let low = load<u64>(row, BAND_AT) & maskLow;
      let high = load<u64>(row, BAND_AT + 8) & maskHigh;
      for (;;) {
        if (low === 0) {
          if (high === 0) return false;
          low = high;
          high = 0;
          column += 64;
        }
        const zeros = ctz(low);
        low = (low >> zeros) | ((high << 1) << (63 - zeros));
        high >>= zeros;
        column += <usize>zeros;
        const pivot = bands + (column << 4);
        const pivotLow = load<u64>(pivot);
        // The band of a pivot begins with its own column: bit 0 is set.
        if (pivotLow === 0) {
          store<u64>(pivot, low);
          store<u64>(pivot, high, 8);
          v128.store(blocks + (column << 4), value);
          break;
        }
        low ^= pivotLow;
        high ^= load<u64>(pivot, 8);
        value = v128.xor(value, v128.load(blocks + (column << 4)));
      }
    }
  }
  return true;
}

/** Sum of the blocks at the bits of a band whose first bit stands for column `shift` of the first table. */
function sumOf(table: usize, low: u64, high: u64, shift: u64): v128 {
  const top = (high >> 1) >> (63 - shift);
  const second = (high << shift) | ((low >> 1) >> (63 - shift));
  const first = low << shift;
  let x = v128.load(table + <usize>(top << 4), 8192);
  let y = v128.load(table + <usize>((second >> 56) & 0xf0), 7936);
  x = v128.xor(x, v128.load(table + <usize>((second >> 52) & 0xf0), 7680));
  y = v128.xor(y, v128.load(table + <usize>((second >> 48) & 0xf0), 7424));
  x = v128.xor(x, v128.load(table + <usize>((second >> 44) & 0xf0), 7168));
  y = v128.xor(y, v128.load(table + <usize>((second >> 40) & 0xf0), 6912));
  x = v128.xor(x, v128.load(table + <usize>((second >> 36) & 0xf0), 6656));
  y = v128.xor(y, v128.load(table + <usize>((second >> 32) & 0xf0), 6400));
  x = v128.xor(x, v128.load(table + <usize>((second >> 28) & 0xf0), 6144));
  y = v128.xor(y, v128.load(table + <usize>((second >> 24) & 0xf0), 5888));
  x = v128.xor(x, v128.load(table + <usize>((second >> 20) & 0xf0), 5632));
  y = v128.xor(y, v128.load(table + <usize>((second >> 16) & 0xf0), 5376));
  x = v128.xor(x, v128.load(table + <usize>((second >> 12) & 0xf0), 5120));
  y = v128.xor(y, v128.load(table + <usize>((second >> 8) & 0xf0), 4864));
  x = v128.xor(x, v128.load(table + <usize>((second >> 4) & 0xf0), 4608));
  y = v128.xor(y, v128.load(table + <usize>(second & 0xf0), 4352));
  x = v128.xor(x, v128.load(table + <usize>((second << 4) & 0xf0), 4096));
  y = v128.xor(y, v128.load(table + <usize>((first >> 56) & 0xf0), 3840));
  x = v128.xor(x, v128.load(table + <usize>((first >> 52) & 0xf0), 3584));
  y = v128.xor(y, v128.load(table + <usize>((first >> 48) & 0xf0), 3328));
  x = v128.xor(x, v128.load(table + <usize>((first >> 44) & 0xf0), 3072));
  y = v128.xor(y, v128.load(table + <usize>((first >> 40) & 0xf0), 2816));
  x = v128.xor(x, v128.load(table + <usize>((first >> 36) & 0xf0), 2560));
  y = v128.xor(y, v128.load(table + <usize>((first >> 32) & 0xf0), 2304));
  x = v128.xor(x, v128.load(table + <usize>((first >> 28) & 0xf0), 2048));
  y = v128.xor(y, v128.load(table + <usize>((first >> 24) & 0xf0), 1792));
  x = v128.xor(x, v128.load(table + <usize>((first >> 20) & 0xf0), 1536));
  y = v128.xor(y, v128.load(table + <usize>((first >> 16) & 0xf0), 1280));
  x = v128.xor(x, v128.load(table + <usize>((first >> 12) & 0xf0), 1024));
  y = v128.xor(y, v128.load(table + <usize>((first >> 8) & 0xf0), 768));
  x = v128.xor(x, v128.load(table + <usize>((first >> 4) & 0xf0), 512));
  y = v128.xor(y, v128.load(table + <usize>(first & 0xf0), 256));
  return v128.xor(v128.xor(x, y), v128.load(table + <usize>((first << 4) & 0xf0)));
}

/**
 * From the last column to the first: a pivot's block is what is missing to its value, that of another column the next
 * of `fill`. `columns` are rounded up to a multiple of 4 with empty ones, of which `spare` are not filled. `tables` is
 * for `chunk` + 32 tables.
 */
export function solve(
  bands: usize,
  blocks: usize,
  columns: usize,
  spare: usize,
  fill: usize,
  tables: usize,
  chunk: usize,
): void {
  memory.fill(tables, 0, (chunk + REACHED) * TABLE_BYTES);
  let table = tables + chunk * TABLE_BYTES;
  for (let column = <isize>columns - 4; column >= 0; column -= 4) {
    if (table === tables) {
      // Those of the last columns are needed behind the next ones.
      table += chunk * TABLE_BYTES;
      memory.copy(table, tables, REACHED * TABLE_BYTES);
    }
    table -= TABLE_BYTES;
    for (let bit: isize = 3; bit >= 0; bit--) {
      const at = (<usize>(column + bit)) << 4;
      const low = load<u64>(bands + at);
      let block = i64x2.splat(0);
      if (low !== 0) {
        const sum = sumOf(table, low ^ 1, load<u64>(bands + at, 8), <u64>bit);
        block = v128.xor(v128.load(blocks + at), sum);
      } else if (spare > 0) {
        spare--;
      } else {
        block = v128.load(fill);
        fill += 16;
      }
      v128.store(blocks + at, block);
      addToTable(table, <usize>bit, block);
    }
  }
}

/** Adds the sums that have one more block, once those of the later columns stand. That of none is 0 before. */
function addToTable(table: usize, bit: usize, block: v128): void {
  const step = (<usize>16) << bit;
  for (let at: usize = 0; at < TABLE_BYTES; at += step << 1) {
    v128.store(table + at + step, v128.xor(v128.load(table + at), block));
  }
}

/**
 * The value of each row, to the place of its number. Behind the blocks are zeros, as many as `chunk` + 32 tables take;
 * `scratch` is for 64 blocks.
 */
export function decode(
  rows: usize,
  order: usize,
  count: usize,
  blocks: usize,
  values: usize,
  tables: usize,
  chunk: usize,
  scratch: usize,
  maskLow: u64,
  maskHigh: u64,
): void {
  const columns = chunk << 2;
  for (const end = order + (count << 3); order < end; ) {
    const from = <usize>load<u32>(order, 4) & ~3;
    let block = blocks + (from << 4);
    for (let table = tables; table < tables + (chunk + REACHED) * TABLE_BYTES; table += TABLE_BYTES) {
      makeTable(table, block);
      block += 64;
    }
    while (order < end) {
      const stop = order + (fetchBands(rows, order, end, scratch) << 3);
      const first = order;
      for (let band = scratch; order < stop; order += 8, band += 16) {
        const start = <usize>load<u32>(order, 4) - from;
        if (start >= columns) break;
        const low = load<u64>(band) & maskLow;
        const high = load<u64>(band, 8) & maskHigh;
        v128.store(band, sumOf(tables + (start >> 2) * TABLE_BYTES, low, high, <u64>(start & 3)));
      }
      for (let at = first, value = scratch; at < order; at += 8, value += 16) {
        v128.store(values + ((<usize>load<u32>(at)) << 4), v128.load(value));
      }
      if (order < stop) break;
    }
  }
}

/** The bands of the next rows, one after the other. Returns how many. */
function fetchBands(rows: usize, order: usize, end: usize, bands: usize): usize {
  const count = min(FETCHED, (end - order) >> 3);
  for (const stop = order + (count << 3); order < stop; order += 8, bands += 16) {
    v128.store(bands, v128.load(rows + <usize>load<u32>(order) * ROW_BYTES, BAND_AT));
  }
  return count;
}

/** Replaces each block by the sum of those of the 128 blocks of `basis` that it chooses. `tables` is for 33 tables. */
export function mapBlocks(basis: usize, blocks: usize, count: usize, tables: usize): void {
  for (let table: usize = 0; table < REACHED; table++) {
    makeTable(tables + table * TABLE_BYTES, basis + (table << 6));
  }
  // Nothing reaches into the last one but for the sum of no block.
  memory.fill(tables + REACHED * TABLE_BYTES, 0, TABLE_BYTES);
  for (const end = blocks + (count << 4); blocks < end; blocks += 16) {
    v128.store(blocks, sumOf(tables, load<u64>(blocks), load<u64>(blocks, 8), 0));
  }
}

export function copyValues(rows: usize, count: usize, values: usize): void {
  for (const end = values + (count << 4); values < end; values += 16, rows += ROW_BYTES) {
    v128.store(values, v128.load(rows));
  }
}

function makeTable(table: usize, blocks: usize): void {
  const a = v128.load(blocks);
  const b = v128.load(blocks, 16);
  const c = v128.load(blocks, 32);
  const d = v128.load(blocks, 48);
  const ab = v128.xor(a, b);
  const cd = v128.xor(c, d);
  v128.store(table, i64x2.splat(0));
  v128.store(table, a, 16);
  v128.store(table, b, 32);
  v128.store(table, ab, 48);
  v128.store(table, c, 64);
  v128.store(table, v128.xor(a, c), 80);
  v128.store(table, v128.xor(b, c), 96);
  v128.store(table, v128.xor(ab, c), 112);
  v128.store(table, d, 128);
  v128.store(table, v128.xor(a, d), 144);
  v128.store(table, v128.xor(b, d), 160);
  v128.store(table, v128.xor(ab, d), 176);
  v128.store(table, cd, 192);
  v128.store(table, v128.xor(a, cd), 208);
  v128.store(table, v128.xor(b, cd), 224);
  v128.store(table, v128.xor(ab, cd), 240);
}
