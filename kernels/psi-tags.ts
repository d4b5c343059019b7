/**
 * Finds equal tags of two lists: what is computed is said by src/psi/rows/tag-match.ts. Tags are parted by a seeded
 * hash first, so that the table of each part stays in the cache, own ones before the peer's; in a part each is looked
 * for, and put in where it is not found. Tables hold 32 bits of the hash; tags are compared where these are equal.
 */

/** Set in the number of a row of the peer's. */
const PEER: u32 = 0x80000000;
const EMPTY: u64 = 0xffffffffffffffff;

/** Where those bits of a hash begin that a table keeps: none of them says which part a tag is in. */
const KEPT_FROM: u64 = 20;

/** What {@link matchParts} returns. */
const DISTINCT: i32 = 0;
const REPEATED_OWN: i32 = 1;
const REPEATED_PEER: i32 = 2;
const CROWDED: i32 = 3;

/** Places that a search looks at. In a half-full table it would look at more with a chance below 2^-60. */
const PROBES_MAX: i32 = 512;

/** How tags lie in memory: two words of 64 bits, which overlap, or of which the second is not there. */
let tagBytes: usize = 0;
let lowMask: u64 = 0;
let highMask: u64 = 0;
let highAt: usize = 0;
let seed: usize = 0;

/** Tags have 6 to 16 bytes; 8 bytes more than there are can be read. The seed is 32 bytes. */
export function layTags(bytes: usize, seedAt: usize): void {
  tagBytes = bytes;
  lowMask = bytes < 8 ? ((<u64>1) << ((<u64>bytes) << 3)) - 1 : 0xffffffffffffffff;
  highMask = bytes > 8 ? 0xffffffffffffffff : 0;
  highAt = bytes > 8 ? bytes - 8 : 0;
  seed = seedAt;
}

function hashOf(tag: usize): u64 {
  let x = ((load<u64>(tag) & lowMask) ^ load<u64>(seed)) * (load<u64>(seed, 8) | 1);
  x ^= x >> 32;
  x = (x + ((load<u64>(tag + highAt) & highMask) ^ load<u64>(seed, 16))) * (load<u64>(seed, 24) | 1);
  x ^= x >> 32;
  x *= 0x9e3779b97f4a7c15;
  return x ^ (x >> 29);
}

/** Counts the tags of each of 2^bits parts; counters are zero before. */
export function countTags(tags: usize, count: usize, counts: usize, bits: u32): void {
  for (const end = tags + count * tagBytes; tags < end; tags += tagBytes) {
    const counter = counts + (partOf(hashOf(tags), bits) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
}

function partOf(hash: u64, bits: u32): usize {
  return <usize>((hash >> 1) >> (63 - <u64>bits));
}

/** Puts tags of one list into their parts, 8 bytes each, at the places that `next` has for the parts. */
export function partTags(
  tags: usize,
  count: usize,
  next: usize,
  bits: u32,
  parts: usize,
  isPeer: bool,
): void {
  const flag = isPeer ? PEER : 0;
  for (let row: u32 = 0; row < <u32>count; row++, tags += tagBytes) {
    const hash = hashOf(tags);
    const counter = next + (partOf(hash, bits) << 2);
    const place = load<u32>(counter);
    store<u32>(counter, place + 1);
    store<u64>(parts + ((<usize>place) << 3), ((hash >> KEPT_FROM) << 32) | <u64>(row | flag));
  }
}

/**
 * For each of the peer's tags that an own one equals, that one's number into `rows`. `ends` has where each of `parts`
 * parts ends, and `table` room for two places, rounded up to a power of two, for each tag of the largest.
 */
export function matchParts(
  own: usize,
  peer: usize,
  items: usize,
  ends: usize,
  parts: usize,
  table: usize,
  rows: usize,
): i32 {
  let repeated = DISTINCT;
  let at = items;
  for (let part: usize = 0; part < parts; part++) {
    const end = items + ((<usize>load<u32>(ends + (part << 2))) << 3);
    if (at === end) continue;
    const places = (<u32>1) << (32 - clz<u32>(<u32>((end - at) >> 2) - 1));
    memory.fill(table, 0xff, (<usize>places) << 3);
    for (; at < end; at += 8) {
      const found = putIn(own, peer, load<u64>(at), table, places - 1, rows);
      if (found === REPEATED_PEER) repeated = found;
      else if (found !== DISTINCT) return found;
    }
  }
  return repeated;
}

function putIn(own: usize, peer: usize, item: u64, table: usize, mask: u32, rows: usize): i32 {
  let place = <u32>(item >> 32) & mask;
  for (let probe = 0; probe < PROBES_MAX; probe++) {
    const at = table + ((<usize>place) << 3);
    const there = load<u64>(at);
    if (there === EMPTY) {
      store<u64>(at, item);
      return DISTINCT;
    }
    if (there >> 32 === item >> 32 && isSame(tagOf(own, peer, <u32>there), tagOf(own, peer, <u32>item))) {
      if ((<u32>item & PEER) === 0) return REPEATED_OWN;
      if ((<u32>there & PEER) !== 0) return REPEATED_PEER;
      store<u32>(rows + ((<usize>(<u32>item ^ PEER)) << 2), <u32>there);
      // Another such tag of the peer's finds this one.
      store<u64>(at, item);
      return DISTINCT;
    }
    place = (place + 1) & mask;
  }
  return CROWDED;
}

function tagOf(own: usize, peer: usize, row: u32): usize {
  return (row & PEER) === 0 ? own + <usize>row * tagBytes : peer + <usize>(row ^ PEER) * tagBytes;
}

function isSame(one: usize, other: usize): bool {
  const low = (load<u64>(one) ^ load<u64>(other)) & lowMask;
  const high = (load<u64>(one + highAt) ^ load<u64>(other + highAt)) & highMask;
  return (low | high) === 0;
}
