/** Finds the intersection among tags, and the rows it stands for, by a join in the database. */
import { createHash } from 'node:crypto';
import { PeerError } from '../base/errors.ts';
import { readColumns } from '../data/columns.ts';
import { withConnection } from '../data/database.ts';
import { createRelation, dropRelation, type Relation } from '../data/relation.ts';
import { relationFrom } from '../data/table-of.ts';
import type { PsiResult, PsiTags } from './protocol.ts';

/** The rows of the intersection, as row numbers of this party's table beside the tag that decides their order. */
export interface Match extends PsiResult {
  readonly rows: Relation;
}

/** `order` says which row of the table each own tag belongs to. The caller drops the relation. */
export async function matchTags(tags: PsiTags, order: Uint32Array, signal: AbortSignal): Promise<Match> {
  const own = await relationFrom(
    [...tagColumns(tags.own, tags.tagBytes), { name: 'row', type: 'UINTEGER' as const, values: order }],
    order.length,
    'the tags',
  );
  try {
    const peerRows = tags.peer.byteLength / tags.tagBytes;
    const peer = await relationFrom(tagColumns(tags.peer, tags.tagBytes), peerRows, 'the tags');
    try {
      return await join(own, peer, signal);
    } finally {
      await dropRelation(peer);
    }
  } finally {
    await dropRelation(own);
  }
}

async function join(own: Relation, peer: Relation, signal: AbortSignal): Promise<Match> {
  const select = `SELECT own.high, own.low, own.row FROM ${own.sqlName} AS own JOIN ${peer.sqlName} AS peer
    ON own.high = peer.high AND own.low = peer.low ORDER BY own.high, own.low`;
  const rows = await withConnection((connection) => createRelation(connection, select, 'the tags'), signal);
  try {
    const [high, low] = (await readColumns(
      `SELECT high, low FROM ${rows.sqlName}`,
      ['UBIGINT', 'UBIGINT'],
      rows.rowCount,
      signal,
    )) as [BigUint64Array, BigUint64Array];
    for (let i = 1; i < rows.rowCount; i++) {
      // One tag twice among the matches: a peer that repeats a point, or, with a chance below 2^-40, two ids with one tag.
      if (high[i] === high[i - 1] && low[i] === low[i - 1]) {
        throw new PeerError(
          'PRIVITY_PSI_CHECK',
          'an id of the intersection matches more than one of the other party',
        );
      }
    }
    const digest = createHash('sha256').update('privity-psi done').update(high).update(low).digest();
    return { rows, matches: rows.rowCount, digest };
  } catch (error) {
    await dropRelation(rows);
    throw error;
  }
}

/** Tags of up to 16 bytes as two columns of 64 bits. */
function tagColumns(tags: Uint8Array, tagBytes: number) {
  const count = tags.byteLength / tagBytes;
  const high = new BigUint64Array(count);
  const low = new BigUint64Array(count);
  const padded = new Uint8Array(16);
  const view = new DataView(padded.buffer);
  for (let i = 0; i < count; i++) {
    padded.set(tags.subarray(i * tagBytes, (i + 1) * tagBytes));
    high[i] = view.getBigUint64(0);
    low[i] = view.getBigUint64(8);
  }
  return [
    { name: 'high', type: 'UBIGINT' as const, values: high },
    { name: 'low', type: 'UBIGINT' as const, values: low },
  ];
}
