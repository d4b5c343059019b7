/** Finds the intersection among tags, and the rows it stands for, by a join in the database. */
import { createHash } from 'node:crypto';
import { PeerError } from '../base/errors.ts';
import { readColumns } from '../data/columns.ts';
import { withConnection } from '../data/database.ts';
import { createRelation, dropRelation, type Relation } from '../data/relation.ts';
import { relationFrom } from '../data/table-of.ts';
import type { PsiResult } from './exchange.ts';
import type { PsiTags } from './protocols/protocol.ts';

/** The rows of the intersection, as row numbers of this party's table beside the tag that decides their order. */
export interface Match extends PsiResult {
  readonly rows: Relation;
}

/** `order` says which row of the table each own tag belongs to. The caller drops the relation. */
export async function matchTags(tags: PsiTags, order: Uint32Array, signal: AbortSignal): Promise<Match> {
  const { tagBytes, tagsEach, compared, ordering } = tags;
  const ownTags = tagColumns(tags.own, { tagBytes, step: tagBytes, from: 0, suffix: '' });
  const row = { name: 'row', type: 'UINTEGER' as const, values: order };
  const own = await relationFrom([...ownTags, row], order.length, 'the tags');
  try {
    const step = tagsEach * tagBytes;
    const columns = Array.from({ length: tagsEach }, (_, place) =>
      tagColumns(tags.peer, { tagBytes, step, from: place * tagBytes, suffix: `${place}` }),
    );
    const peer = await relationFrom(columns.flat(), tags.peer.byteLength / step, 'the tags');
    try {
      await requireDistinct(own, '', "one tag for two of this party's points", signal);
      await requireDistinct(peer, `${ordering}`, 'a point twice', signal);
      return await join(own, peer, { compared, ordering }, signal);
    } finally {
      await dropRelation(peer);
    }
  } finally {
    await dropRelation(own);
  }
}

/**
 * A list without duplicates has different tags, but for a chance below 2^-40. Points are compared by their tags, since
 * points that differ by one of low order are one id.
 */
async function requireDistinct(
  tags: Relation,
  suffix: string,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const select = `SELECT count(*) FROM (SELECT DISTINCT high${suffix}, low${suffix} FROM ${tags.sqlName})`;
  const [row] = await readColumns(select, ['BIGINT'], 1, signal);
  if (Number(row?.[0]) !== tags.rowCount)
    throw new PeerError('PRIVITY_PSI_CHECK', `the peer of the intersection sent ${what}`);
}

async function join(
  own: Relation,
  peer: Relation,
  { compared, ordering }: Pick<PsiTags, 'compared' | 'ordering'>,
  signal: AbortSignal,
): Promise<Match> {
  const [high, low] = [`peer.high${ordering}`, `peer.low${ordering}`];
  const select = `SELECT ${high} AS high, ${low} AS low, own.row FROM ${own.sqlName} AS own JOIN ${peer.sqlName} AS peer
    ON own.high = peer.high${compared} AND own.low = peer.low${compared} ORDER BY ${high}, ${low}`;
  const rows = await withConnection((connection) => createRelation(connection, select, 'the tags'), signal);
  try {
    const [high, low] = (await readColumns(
      `SELECT high, low FROM ${rows.sqlName}`,
      ['UBIGINT', 'UBIGINT'],
      rows.rowCount,
      signal,
    )) as [BigUint64Array, BigUint64Array];
    const digest = (sender: number): Uint8Array =>
      createHash('sha256').update(`privity-psi done of rank ${sender}`).update(high).update(low).digest();
    return { rows, matches: rows.rowCount, digests: [digest(0), digest(1)] };
  } catch (error) {
    await dropRelation(rows);
    throw error;
  }
}

interface TagPlace {
  readonly tagBytes: number;
  /** Bytes from one row to the next, and before the first tag. */
  readonly step: number;
  readonly from: number;
  /** Of the columns' names. */
  readonly suffix: string;
}

/** Tags of up to 16 bytes as two columns of 64 bits. */
function tagColumns(tags: Uint8Array, { tagBytes, step, from, suffix }: TagPlace) {
  const count = tags.byteLength / step;
  const high = new BigUint64Array(count);
  const low = new BigUint64Array(count);
  const padded = new Uint8Array(16);
  const view = new DataView(padded.buffer);
  for (let i = 0; i < count; i++) {
    const at = i * step + from;
    padded.set(tags.subarray(at, at + tagBytes));
    high[i] = view.getBigUint64(0);
    low[i] = view.getBigUint64(8);
  }
  return [
    { name: `high${suffix}`, type: 'UBIGINT' as const, values: high },
    { name: `low${suffix}`, type: 'UBIGINT' as const, values: low },
  ];
}
