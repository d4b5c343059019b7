/** The order of tags, which are pseudorandom: it tells nothing of the order of what they stand for. */
import type { TagList } from './tag-table.ts';

/** Which of the places comes first, second, … where those of the list are sorted by their tags. */
export function sortedByTag({ bytes, step, from, tagBytes }: TagList, places: Uint32Array): Uint32Array {
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
