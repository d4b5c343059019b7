/**
 * What suggested rules would change in a party's own keys, counted in its database. Nothing of it is told to anybody:
 * counts go into the party's own result, and a few texts before and after for as long as it asks for them.
 */
import { readColumns } from '../../data/columns.ts';
import { deriveRelation, dropRelation, type Relation } from '../../data/relation.ts';
import { key, rulesFor, withRules } from '../joins/keyed.ts';
import type { NormaliseRule } from '../joins/normalise.ts';

/** Keys of its own that a party is shown of a rule: enough to see what it does. */
const EXAMPLES_MAX = 3;
/** Characters of each. */
const EXAMPLE_CHARS_MAX = 64;

/** A key of a party's own, and what a suggested rule makes of it: at most 64 characters of each. */
export interface KeyExample {
  /** As it is after the rules that come before this one. */
  readonly before: string;
  /** null: the rule cannot read it. */
  readonly after: string | null;
}

export interface Effect {
  readonly changedRows: number;
  /** Rows whose key the rule cannot read. */
  readonly unreadableRows: number;
  readonly examples: readonly KeyExample[];
}

/**
 * One for each rule. What is a word (`trim`, `lower`) is followed before those behind it; what is a record is looked at
 * by itself, since two of them may be two ways to read one text.
 */
export async function effectsOf(
  form: Relation,
  index: number,
  columnType: string,
  rules: readonly NormaliseRule[],
  signal: AbortSignal,
): Promise<readonly Effect[]> {
  const effects: Effect[] = [];
  let [current, column] = [form, key(index)];
  try {
    for (const rule of rules) {
      const text = `CAST(${column} AS VARCHAR)`;
      const before = `SELECT ${text} AS was, ${text} AS now FROM ${current.sqlName}`;
      const select = await withRules(before, 'now', rulesFor(columnType, [rule]), signal);
      const after = await deriveRelation(form, select, 'the keys', signal);
      const isFollowed = typeof rule === 'string';
      const past = isFollowed ? current : after;
      if (isFollowed) [current, column] = [after, 'now'];
      try {
        effects.push(await effectIn(after, signal));
      } finally {
        if (past !== form) await dropRelation(past);
      }
    }
  } finally {
    if (current !== form) await dropRelation(current);
  }
  return effects;
}

async function effectIn({ sqlName }: Relation, signal: AbortSignal): Promise<Effect> {
  const counts = `SELECT count(*) FILTER (now <> was), count(*) FILTER (now IS NULL AND was IS NOT NULL) FROM ${sqlName}`;
  const [changed, unread] = await readColumns(counts, ['BIGINT', 'BIGINT'], 1, signal);
  const [changedRows, unreadableRows] = [Number(changed?.[0]), Number(unread?.[0])];
  const rows = Math.min(EXAMPLES_MAX, changedRows + unreadableRows);
  const short = (text: string): string => `left(${text}, ${EXAMPLE_CHARS_MAX})`;
  const select = `SELECT ${short('was')}, ${short("coalesce(now, '')")}, now IS NULL FROM ${sqlName} WHERE now IS DISTINCT FROM was ORDER BY rowid LIMIT ${rows}`;
  const [was, now, isNull] = await readColumns(select, ['VARCHAR', 'VARCHAR', 'BOOLEAN'], rows, signal);
  const examples = [...(was as readonly string[])].map((before, at) => ({
    before,
    after: isNull?.[at] === 1 ? null : String(now?.[at]),
  }));
  return { changedRows, unreadableRows, examples };
}
