/** The condition of a grant on rows: the owner's own SQL, one expression, which reads nothing but its row. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/suggest.ts';
import { literal, sqlError } from '../sql.ts';
import type { OpenDataset } from './dataset.ts';

/** Characters of a condition. A list of ids does not belong into one. */
export const ROW_CONDITION_CHARS_MAX = 2_000;

/** Rows on which a condition is tried when it is written down: a mistake about values shows in the first ones. */
const TRIED_ROWS = 100_000;

/** What an expression of one row is made of. Subqueries, windows and parameters are not. */
const CLASSES = ['BETWEEN', 'CASE', 'CAST', 'COLLATE', 'COLUMN_REF', 'COMPARISON', 'CONJUNCTION', 'CONSTANT'];
const OPERATIONS = ['FUNCTION', 'LAMBDA', 'OPERATOR'];
const ALLOWED: ReadonlySet<string> = new Set([...CLASSES, ...OPERATIONS]);

/**
 * The condition, checked, to stand behind WHERE where the dataset's own SELECT is `rows`.
 * @throws {UsageError} PRIVITY_ROW_CONDITION
 */
export async function checkedCondition(
  { connection, select, columns, origin }: OpenDataset,
  condition: string,
): Promise<string> {
  const refused = (why: string) =>
    new UsageError('PRIVITY_ROW_CONDITION', `the condition on rows of ${origin} ${why}`);
  if (condition.length > ROW_CONDITION_CHARS_MAX)
    throw refused(`has ${condition.length} characters; the limit is ${ROW_CONDITION_CHARS_MAX}`);
  // The line end closes a comment. Without brackets nothing but a condition is one; with them, nothing ends it early.
  const bracketed = `(${condition}\n)`;
  const found = partsOf(await whereOf(connection, condition));
  const inside = partsOf(await whereOf(connection, bracketed));
  if (found === undefined || inside === undefined) throw refused('is not one SQL expression');
  const strange = found.classes.find((name) => !ALLOWED.has(name));
  if (strange !== undefined)
    throw refused(`has a ${strange.toLowerCase().replaceAll('_', ' ')}, which it must not`);
  const names = [...columns.map(({ name }) => name), ...CLOCKS];
  const unknown = found.columns.find(
    (name) => !names.some((known) => known.toLowerCase() === name.toLowerCase()),
  );
  if (unknown !== undefined)
    throw refused(
      `names a column '${unknown}' that is not there; ${hint(
        unknown,
        columns.map(({ name }) => name),
      )}`,
    );
  const changing = await changingFunction(connection, found.functions);
  if (changing !== undefined)
    throw refused(`calls ${changing}, which is no function of a row, or gives another value each time`);
  try {
    const described = await connection.runAndReadAll(
      `DESCRIBE SELECT ${bracketed} AS c FROM (${select}) AS "rows"`,
    );
    const type = described.getColumns()[1]?.[0];
    if (type === 'BOOLEAN') return bracketed;
  } catch (error) {
    throw refused(`cannot be computed from the columns (${sqlError(error).kind} error)`);
  }
  throw refused('is not true or false of a row');
}

/**
 * Checks a condition, and computes it for the first rows.
 * @throws {UsageError} PRIVITY_ROW_CONDITION
 */
export async function tryCondition(dataset: OpenDataset, condition: string): Promise<void> {
  const { connection, select, origin } = dataset;
  const checked = await checkedCondition(dataset, condition);
  const some = `SELECT * FROM (${select}) AS "rows" LIMIT ${TRIED_ROWS}`;
  try {
    await connection.runAndReadAll(`SELECT count(*) FROM (${some}) AS "rows" WHERE ${checked}`);
  } catch (error) {
    throw failsOnValue(origin, error) ?? error;
  }
}

/** What an error of computing a condition means; undefined: it is none of a value. */
export function failsOnValue(origin: string, error: unknown): UsageError | undefined {
  const { kind } = sqlError(error);
  if (kind !== 'conversion' && kind !== 'out-of-range' && kind !== 'invalid-input') return undefined;
  return new UsageError(
    'PRIVITY_ROW_CONDITION',
    `the condition on rows of ${origin} fails on a value, or a value does not fit its column's type (${kind} error)`,
  );
}

/** Which are written without brackets. */
const CLOCKS = ['current_date', 'current_timestamp', 'localtimestamp'];

interface Parts {
  readonly classes: readonly string[];
  readonly functions: readonly string[];
  readonly columns: readonly string[];
}

/** The parsed condition; undefined if the SQL is not a SELECT with nothing but a condition. */
async function whereOf(connection: DuckDBConnection, condition: string): Promise<unknown> {
  const sql = literal(`SELECT 1 WHERE ${condition}\n`);
  const parsed = await connection.runAndReadAll(
    `SELECT json_serialize_sql(${sql}, skip_null := true, skip_empty := true)`,
  );
  const tree = JSON.parse(String(parsed.getRows()[0]?.[0])) as {
    readonly statements?: readonly SelectTree[];
  };
  const [statement, ...more] = tree.statements ?? [];
  if (statement === undefined || more.length > 0) return undefined;
  const { where_clause: where, select_list: list, from_table: from, ...rest } = statement.node ?? {};
  const isPlain =
    list?.length === 1 && from?.type === 'EMPTY' && NOTHING_ELSE.every((part) => isNothing(rest[part]));
  return isPlain ? where : undefined;
}

interface SelectTree {
  readonly node?: Readonly<Record<string, unknown>> & {
    readonly where_clause?: unknown;
    readonly select_list?: readonly unknown[];
    readonly from_table?: { readonly type?: unknown };
  };
}

/** What a SELECT may have beside a condition. */
const NOTHING_ELSE = [
  'modifiers',
  'cte_map',
  'group_expressions',
  'group_sets',
  'having',
  'sample',
  'qualify',
];

function isNothing(part: unknown): boolean {
  if (part === undefined || part === null) return true;
  if (Array.isArray(part)) return part.length === 0;
  return typeof part === 'object' && Object.values(part).every(isNothing);
}

/** Classes, functions and columns of a tree, without the names that a lambda gives its own arguments. */
function partsOf(where: unknown): Parts | undefined {
  if (where === undefined) return undefined;
  const classes: string[] = [];
  const functions: string[] = [];
  const columns: string[] = [];
  const visit = (at: unknown, own: ReadonlySet<string>): void => {
    if (typeof at !== 'object' || at === null) return;
    const node = at as Readonly<Record<string, unknown>>;
    let names = own;
    if (typeof node.class === 'string') {
      classes.push(node.class);
      if (node.class === 'FUNCTION') functions.push(String(node.function_name).toLowerCase());
      if (node.class === 'LAMBDA') names = new Set([...own, ...columnsOf(node.lhs)]);
      if (node.class === 'COLUMN_REF') columns.push(...columnsOf(node).filter((name) => !own.has(name)));
    }
    for (const inner of Object.values(node)) visit(inner, names);
  };
  visit(where, new Set());
  return { classes, functions, columns };
}

/** `"rows".age` is the column age; of `address.city`, a structure, the column is address. */
function columnsOf(node: unknown): readonly string[] {
  const { class: kind, column_names: path, children } = node as Readonly<Record<string, unknown>>;
  if (kind !== 'COLUMN_REF') return Array.isArray(children) ? children.flatMap(columnsOf) : [];
  const names = (path as readonly unknown[]).map(String);
  const [first = ''] = names[0] === 'rows' && names.length > 1 ? names.slice(1) : names;
  return [first];
}

/** The first that is no function of one row, or whose value changes while its arguments stay. */
async function changingFunction(
  connection: DuckDBConnection,
  names: readonly string[],
): Promise<string | undefined> {
  for (const name of new Set(names)) {
    const known = await connection.runAndReadAll(
      `SELECT count(*), count_if(stability = 'VOLATILE' OR function_type NOT IN ('scalar', 'macro'))
       FROM duckdb_functions() WHERE lower(function_name) = ${literal(name)}`,
    );
    const [count, unfit] = (known.getRows()[0] ?? []).map(Number);
    if (count === 0 || unfit !== 0 || /^(get_?env|current_setting|getvariable)$/.test(name)) return name;
  }
  return undefined;
}
