/**
 * How many different ids there are, without a second pass over their texts. A table of all ids would be far larger than
 * the caches, and each look at it a wait for memory: so ids are first parted by their first bits, and then counted part
 * by part.
 */
import { nextTurn } from '../../base/turn.ts';
import { ID_BYTES } from '../protocols/protocol.ts';

/** Ids of a part, at most about: with their table they take half a megabyte, a second-level cache. */
const PART_IDS = 2 ** 15;
/** Ids are digests, so that parts are of nearly one size; the table has room for twice the largest. */
const SLOTS_PER_ID = 2;

/** Ids that are looked at before other work of the process gets a turn: some 5 ms. */
const IDS_PER_TURN = 2 ** 16;

const WORDS = ID_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** What stands for an id in its part: its second word, and its row. */
const ENTRY_WORDS = 2;

/** Bytes an id that it takes while it runs. */
export const DISTINCT_BYTES = ENTRY_WORDS * Uint32Array.BYTES_PER_ELEMENT;

export interface DistinctIds {
  readonly rows: number;
  readonly distinct: number;
  /** The first row whose id stands in a row before, and that row. */
  readonly repeated: readonly [before: number, again: number] | undefined;
}

/** Cost: some 50 ns an id, and {@link DISTINCT_BYTES}. */
export async function distinctIds(
  ids: Uint8Array,
  signal: AbortSignal,
  partIds = PART_IDS,
): Promise<DistinctIds> {
  const words = new Uint32Array(ids.buffer, ids.byteOffset, ids.byteLength / Uint32Array.BYTES_PER_ELEMENT);
  const rows = words.length / WORDS;
  const { entries, ends } = await partedIds(words, rows, partIds, signal);
  const sizes = ends.map((end, part) => end - (ends[part - 1] ?? 0));
  const slots = slotsFor(sizes.reduce((largest, size) => Math.max(largest, size), 0));
  let [distinct, sinceTurn] = [0, 0];
  let repeated: DistinctIds['repeated'];
  for (const [at, end] of ends.entries()) {
    const from = ends[at - 1] ?? 0;
    const part = distinctOfPart(words, entries.subarray(ENTRY_WORDS * from, ENTRY_WORDS * end), slots);
    distinct += part.distinct;
    if (part.repeated && (!repeated || part.repeated[1] < repeated[1])) repeated = part.repeated;
    sinceTurn += end - from;
    if (sinceTurn < IDS_PER_TURN) continue;
    sinceTurn = 0;
    await nextTurn(signal);
  }
  entries.fill(0);
  return { rows, distinct, repeated };
}

function slotsFor(ids: number): Uint32Array {
  let slots = 16;
  while (slots < SLOTS_PER_ID * ids) slots *= 2;
  return new Uint32Array(slots);
}

/** The ids part by part, and where each part ends. */
async function partedIds(
  words: Uint32Array,
  rows: number,
  partIds: number,
  signal: AbortSignal,
): Promise<{ readonly entries: Uint32Array; readonly ends: Uint32Array }> {
  // One part at least of two: a shift by all 32 bits of a word is one by none.
  let bits = 1;
  while (rows / 2 ** bits > partIds) bits++;
  const shift = 32 - bits;
  const counts = new Uint32Array(2 ** bits);
  await inTurns(rows, signal, (first, end) => {
    for (let row = first; row < end; row++) {
      const part = (words[WORDS * row] as number) >>> shift;
      counts[part] = (counts[part] as number) + 1;
    }
  });
  let sum = 0;
  // Where the next id of a part goes; when all are there, that is where the part ends.
  const next = counts.map((count) => {
    sum += count;
    return sum - count;
  });
  const entries = new Uint32Array(ENTRY_WORDS * rows);
  await inTurns(rows, signal, (first, end) => {
    for (let row = first; row < end; row++) {
      const part = (words[WORDS * row] as number) >>> shift;
      const place = next[part] as number;
      next[part] = place + 1;
      entries[ENTRY_WORDS * place] = words[WORDS * row + 1] as number;
      entries[ENTRY_WORDS * place + 1] = row;
    }
  });
  return { entries, ends: next };
}

async function inTurns(
  rows: number,
  signal: AbortSignal,
  work: (first: number, end: number) => void,
): Promise<void> {
  for (let first = 0; first < rows; first += IDS_PER_TURN) {
    work(first, Math.min(rows, first + IDS_PER_TURN));
    await nextTurn(signal);
  }
}

/** By open addressing: a slot has the place of an entry and one; 0: none. */
function distinctOfPart(
  words: Uint32Array,
  entries: Uint32Array,
  slots: Uint32Array,
): Pick<DistinctIds, 'distinct' | 'repeated'> {
  const mask = slots.length - 1;
  slots.fill(0);
  let distinct = 0;
  let repeated: DistinctIds['repeated'];
  for (let at = 0; at < entries.length; at += ENTRY_WORDS) {
    const word = entries[at] as number;
    let slot = word & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const kept = (slots[slot] as number) - 1;
      if (entries[kept] === word && areSame(words, entries[kept + 1] as number, entries[at + 1] as number))
        break;
    }
    if (slots[slot] !== 0) {
      // Entries of a part are in the order of their rows, so the first that is met is the first of all.
      repeated ??= [entries[slots[slot] as number] as number, entries[at + 1] as number];
      continue;
    }
    slots[slot] = at + 1;
    distinct++;
  }
  return { distinct, repeated };
}

function areSame(words: Uint32Array, one: number, other: number): boolean {
  for (let at = 0; at < WORDS; at++) if (words[WORDS * one + at] !== words[WORDS * other + at]) return false;
  return true;
}
