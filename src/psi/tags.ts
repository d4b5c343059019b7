/** Two different ids get the same tag with a probability below 2^-TAG_CHANCE_BITS in the whole run. */
const TAG_CHANCE_BITS = 40;

/** What tags have beyond that: the bound is not met exactly, but with room, whatever is added to a protocol. */
const TAG_SLACK_BITS = 8;

/** Bytes of a tag. All n + m ids are compared with each other, also within a list: so a repeated id is found. */
export function tagBytes(ownRows: number, peerRows: number): number {
  // By powers of two, which are exact: logarithms might differ in their last digit between two versions of Node.js.
  let bits = 0;
  while (2 ** bits < (ownRows + peerRows) ** 2 / 2) bits++;
  return Math.ceil((TAG_CHANCE_BITS + TAG_SLACK_BITS + bits) / 8);
}
