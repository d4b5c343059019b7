/** Finds, for each tag of the peer, the own row with the same tag. */
import { invariant } from '../../base/errors.ts';
import type { TagMatches } from './row-kernel-types.ts';

/** Stands for a tag of the peer that no own row has. */
export const NO_ROW = 0xffffffff;

/** What the table of the other implementation takes; how long tags have to be is for their protocol to say. */
const TAG_BYTES_MIN = 6;
const TAG_BYTES_MAX = 16;

export function matchTags(own: Uint8Array, peer: Uint8Array, tagBytes: number): TagMatches {
  checkTags(own, peer, tagBytes);
  const rowOf = new Map<string, number>();
  for (const [row, tag] of tagsOf(own, tagBytes).entries()) {
    if (rowOf.has(tag)) return { repeated: 'own' };
    rowOf.set(tag, row);
  }
  const seen = new Set<string>();
  const rows = new Uint32Array(peer.length / tagBytes);
  for (const [at, tag] of tagsOf(peer, tagBytes).entries()) {
    if (seen.has(tag)) return { repeated: 'peer' };
    seen.add(tag);
    rows[at] = rowOf.get(tag) ?? NO_ROW;
  }
  return { rows };
}

export function checkTags(own: Uint8Array, peer: Uint8Array, tagBytes: number): void {
  invariant(
    Number.isInteger(tagBytes) && tagBytes >= TAG_BYTES_MIN && tagBytes <= TAG_BYTES_MAX,
    'tags of an impossible size',
  );
  invariant(own.length % tagBytes === 0 && peer.length % tagBytes === 0, 'tags of another size');
}

function tagsOf(tags: Uint8Array, tagBytes: number): string[] {
  const bytes = Buffer.from(tags.buffer, tags.byteOffset, tags.byteLength);
  return Array.from({ length: tags.length / tagBytes }, (_, at) =>
    bytes.toString('latin1', at * tagBytes, (at + 1) * tagBytes),
  );
}
