/** What a table brings to an intersection: an id of each row that takes part, and the types of its key columns. */
import { dropRelation, type Relation } from '../../data/relation.ts';
import type { KeyType } from '../key-types.ts';
import {
  checkKey,
  type KeyColumn,
  keyColumns,
  keyDigests,
  refuseDuplicates,
  refuseGaps,
  requireRows,
} from '../keys.ts';
import { ID_BYTES, type PsiProtocol } from '../protocols/protocol.ts';
import { isKeyed, type KeyWishes, keyedRelation, type LeftOut, rowsOf } from './keyed.ts';
import type { NormaliseRule } from './normalise.ts';

export interface JoinIds {
  /** As PsiSetting wants them. */
  readonly ids: Uint8Array;
  readonly types: readonly KeyType[];
  /** Row of the table of each id; undefined: they are in its order, one each. */
  readonly rowOf: Uint32Array | undefined;
  /** Rows that take no part: told to nobody. */
  readonly leftOut: LeftOut;
  /** Where columns of all rows leave encrypted: bytes of each row. */
  readonly rowBytes?: number;
}

/** Rows that take part. */
export const idCount = ({ ids }: Pick<JoinIds, 'ids'>): number => ids.byteLength / ID_BYTES;

/**
 * Everything that can be wrong with a table of this party alone is found here, before a byte is sent.
 * @throws {UsageError} PRIVITY_PSI_USAGE
 * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_KEY_TYPE, PRIVITY_TABLE_EMPTY, PRIVITY_PSI_LIMIT,
 *   PRIVITY_KEY_NULL, PRIVITY_KEY_UNREADABLE, PRIVITY_KEY_DUPLICATE
 */
export async function joinIds(
  relation: Relation,
  on: readonly string[],
  wishes: KeyWishes,
  protocols: readonly Pick<PsiProtocol, 'name' | 'rowsMax'>[],
  signal: AbortSignal,
): Promise<JoinIds> {
  if (!isKeyed(wishes)) {
    const types = await checkKey(relation, on, protocols, signal);
    const ids = await keyDigests(relation, on, signal);
    await zeroedOnFailure(ids, refuseDuplicates(ids, on, signal));
    return { ids, types, rowOf: undefined, leftOut: { empty: 0, unreadable: 0 } };
  }
  const columns = keyColumns(relation, on);
  requireRows(relation.rowCount, columns, [{ name: '', rowsMax: Number.POSITIVE_INFINITY }]);
  if (wishes.nulls === 'error') await refuseGaps(relation, columns, signal);
  const keyed = await keyedRelation(relation, columns, wishes, signal);
  try {
    const { empty, unreadable } = keyed.leftOut;
    requireRows(keyed.relation.rowCount, columns, protocols, empty + unreadable);
    const ids = await keyDigests(keyed.relation, keyed.on, signal);
    if (wishes.duplicatesUpTo === undefined) {
      const refusing = refuseDuplicates(ids, on, signal, () => rowsOf(keyed, signal));
      await zeroedOnFailure(ids, refusing);
    }
    return {
      ids,
      types: columns.map((column, index) => typeAfter(column, wishes.normalise[index] ?? [])),
      rowOf: await zeroedOnFailure(ids, rowsOf(keyed, signal)),
      leftOut: keyed.leftOut,
    };
  } finally {
    await dropRelation(keyed.relation);
  }
}

/** What the promise gives; nobody has use for the ids if it gives nothing. */
async function zeroedOnFailure<T>(ids: Uint8Array, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    ids.fill(0);
    throw error;
  }
}

/** Rules can make one text of what was written in two ways: then it compares with text. */
export function typeAfter({ type, key }: KeyColumn, rules: readonly NormaliseRule[]): KeyType {
  const has = (name: 'zeros' | 'date'): boolean =>
    rules.some((rule) => typeof rule !== 'string' && name in rule);
  const isText =
    (rules.length > 0 && (key.class === 'text' || key.fromText)) ||
    (key.class === 'whole number' && has('zeros')) ||
    (type === 'DATE' && has('date'));
  return isText ? { class: 'text', fromText: false } : key;
}
