/** Finds the intersection among tags, and the order of it that both parties have. */
import { createHash } from 'node:crypto';
import { invariant, PeerError } from '../base/errors.ts';
import { nextTurn } from '../base/turn.ts';
import type { Random } from '../contracts/random.ts';
import type { PsiMatches } from './protocols/protocol.ts';
import { type TagList, TagTable, tagCount } from './tag-table.ts';

/** Tags that are looked at before other work of the process gets a turn: some 5 ms. */
const TAGS_PER_TURN = 8192;

/**
 * Equal ids have equal tags at both parties, and different ones have different tags. Tags are of no use to a peer that
 * sends them back: what it is sent, and what is compared with it, are made differently, or bound to who sends them.
 */
export interface PsiTags {
  readonly tagBytes: number;
  /** One tag for each own id, in the order in which the ids were given. */
  readonly own: Uint8Array;
  /** `tagsEach` tags for each of the peer's ids, one after the other, in the peer's secret order. */
  readonly peer: Uint8Array;
  readonly tagsEach: number;
  /** Which of these an own tag equals where the ids are equal. */
  readonly compared: number;
  /** Which of these decides the order of the result; that of a match is the same at both parties. */
  readonly ordering: number;
}

/**
 * A list without duplicates has different tags, but for a chance below 2^-40: one twice is the peer's doing. Points are
 * compared by their tags, since points that differ by one of low order are one id.
 * @throws {PeerError} PRIVITY_PSI_CHECK
 */
export async function matchTags(tags: PsiTags, random: Random, signal: AbortSignal): Promise<PsiMatches> {
  const { tagBytes, tagsEach } = tags;
  const step = tagsEach * tagBytes;
  const listOf = (bytes: Uint8Array, place: number, each: number): TagList => ({
    bytes,
    tagBytes,
    step: each,
    from: place * tagBytes,
  });
  const own = listOf(tags.own, 0, tagBytes);
  const peers = listOf(tags.peer, tags.compared, step);
  const ordering = listOf(tags.peer, tags.ordering, step);
  const table = await tableOf(own, "one tag for two of this party's points", random, signal);
  await tableOf(ordering, 'a point twice', random, signal);
  const { rows, places } = await foundIn(table, peers, signal);
  const order = sortedByTag(ordering, places);
  return {
    places: order.map((at) => rows[at] ?? 0),
    digests: digestsOf(
      ordering,
      order.map((at) => places[at] ?? 0),
    ),
  };
}

/**
 * Rows of the own tags that are among the peer's, and the slots of these, which rise.
 * @throws {PeerError} PRIVITY_PSI_CHECK
 */
export async function matchSlots(
  { own, peer, tagBytes }: Pick<PsiTags, 'own' | 'peer' | 'tagBytes'>,
  random: Random,
  signal: AbortSignal,
): Promise<{ readonly rows: Uint32Array; readonly slots: Uint32Array }> {
  const [mine, theirs] = [own, peer].map((bytes): TagList => ({ bytes, tagBytes, step: tagBytes, from: 0 }));
  invariant(mine !== undefined && theirs !== undefined, 'a list of tags is missing');
  const table = await tableOf(mine, "one tag for two of this party's points", random, signal);
  await tableOf(theirs, 'a tag twice', random, signal);
  const { rows, places: slots } = await foundIn(table, theirs, signal);
  return { rows, slots };
}

/** For each of the peer's tags that is in the table: the own row, and where it stands. */
async function foundIn(
  table: TagTable,
  peers: TagList,
  signal: AbortSignal,
): Promise<{ readonly rows: Uint32Array; readonly places: Uint32Array }> {
  const [rows, places] = [new Uint32Array(tagCount(peers)), new Uint32Array(tagCount(peers))];
  let matches = 0;
  await inTurns(tagCount(peers), signal, (first, end) => {
    for (let place = first; place < end; place++) {
      const row = table.find(peers, place);
      if (row < 0) continue;
      rows[matches] = row;
      places[matches++] = place;
    }
  });
  return { rows: rows.subarray(0, matches), places: places.subarray(0, matches) };
}

/**
 * @param what is wrong where two are alike
 * @throws {PeerError} PRIVITY_PSI_CHECK
 */
export async function requireDifferent(
  tags: Uint8Array,
  tagBytes: number,
  what: string,
  { random, signal }: { readonly random: Random; readonly signal: AbortSignal },
): Promise<void> {
  await tableOf({ bytes: tags, tagBytes, step: tagBytes, from: 0 }, what, random, signal);
}

async function tableOf(list: TagList, what: string, random: Random, signal: AbortSignal): Promise<TagTable> {
  const table = new TagTable(list, random);
  await inTurns(tagCount(list), signal, (first, end) => {
    if (!table.add(first, end))
      throw new PeerError('PRIVITY_PSI_CHECK', `the peer of the intersection sent ${what}`);
  });
  return table;
}

async function inTurns(
  count: number,
  signal: AbortSignal,
  work: (first: number, end: number) => void,
): Promise<void> {
  for (let first = 0; first < count; first += TAGS_PER_TURN) {
    signal.throwIfAborted();
    work(first, Math.min(count, first + TAGS_PER_TURN));
    await nextTurn();
  }
}

/** Which of the places comes first, second, … where those of the list are sorted by their tags. */
function sortedByTag({ bytes, step, from, tagBytes }: TagList, places: Uint32Array): Uint32Array {
  // A number each sorts without a call for each pair: 26 bits of the tag, and 27 of where it stands.
  const keys = Float64Array.from(places, (place, at) => {
    const start = from + place * step;
    const high = (bytes[start] ?? 0) * 2 ** 18 + (bytes[start + 1] ?? 0) * 2 ** 10;
    const low = (bytes[start + 2] ?? 0) * 4 + ((bytes[start + 3] ?? 0) >> 6);
    return (high + low) * 2 ** 27 + at;
  }).sort();
  const order = Uint32Array.from(keys, (key) => key % 2 ** 27);
  const compare = (left: number, right: number): number => {
    const [a, b] = [from + (places[left] ?? 0) * step, from + (places[right] ?? 0) * step];
    for (let i = 0; i < tagBytes; i++) {
      const difference = (bytes[a + i] ?? 0) - (bytes[b + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  // Those whose first bits are alike stand side by side: a few.
  for (let at = 1; at < order.length; at++) {
    const moved = order[at] ?? 0;
    let to = at;
    for (; to > 0 && compare(order[to - 1] ?? 0, moved) > 0; to--) order[to] = order[to - 1] ?? 0;
    order[to] = moved;
  }
  return order;
}

/** By rank of who sends it: a digest that comes back is none of the peer's. */
function digestsOf(
  { bytes, step, from, tagBytes }: TagList,
  places: Uint32Array,
): readonly [Uint8Array, Uint8Array] {
  const sorted = new Uint8Array(places.length * tagBytes);
  for (const [at, place] of places.entries()) {
    const start = from + place * step;
    sorted.set(bytes.subarray(start, start + tagBytes), at * tagBytes);
  }
  const digest = (sender: number): Uint8Array =>
    createHash('sha256').update(`privity-psi done of rank ${sender}`).update(sorted).digest();
  return [digest(0), digest(1)];
}
