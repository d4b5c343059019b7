/** The options of `psi`, checked: what two parties want of a join, before anything of it begins. Pure. */
import { UsageError } from '../../base/errors.ts';
import type { PsiProtocolName } from '../../base/psi-protocols.ts';
import { hint, sentences } from '../../base/suggest.ts';
import { type NormaliseRule, RULES_MAX, ruleProblem } from '../../psi/joins/normalise.ts';
import { JOINS, type JoinPlan, plainJoin, sealsPayload } from '../../psi/joins/plan.ts';
import { KEY_COLUMNS_MAX } from '../../psi/key-types.ts';
import { protocolsFor } from '../../psi/protocols/index.ts';
import type { PsiProtocol } from '../../psi/protocols/protocol.ts';

export type { NormaliseRule } from '../../psi/joins/normalise.ts';

/** One column, or several. */
export type ColumnNames = string | readonly [string, ...string[]];

/** Rows that one key may be allowed to have: what a key of which both have many tells is bounded by it. */
const DUPLICATES_MAX = 1_000;
const MINIMUM_ROWS_MAX = 2 ** 31 - 1;

/** By what rows are matched, what becomes of them, and who gets it. The same at both parties. */
export interface PsiOptions<P extends string = string, R extends string = P, C extends boolean = boolean> {
  /**
   * The key column, or columns, by which rows belong together: the same names in both tables, or those of each:
   * `{ left: 'id', right: 'patient' }`.
   */
  readonly on: ColumnNames | { readonly left: ColumnNames; readonly right: ColumnNames };
  /**
   * How: `dh`, Diffie-Hellman on Curve25519, or `rr22`, by oblivious transfer. Where none is named, the parties take
   * `rr22` from 10,000 rows of the larger table on.
   */
  readonly protocol?: PsiProtocolName;
  /** What brings the texts of key columns to one form, in this order: by key column, of the left table. */
  readonly normalise?: Readonly<Record<string, NormaliseRule | readonly NormaliseRule[]>>;
  /** Rows without a key, or with one that `normalise` cannot read: an error (default), or left out of everything. */
  readonly nulls?: 'error' | 'leave out';
  /**
   * Rows of one table with the same key: an error (default), or the first of one party is matched with the first of the
   * other, and so on.
   */
  readonly duplicates?: 'error' | { readonly upTo: number };
  /** Rows that both have (default); with all others of the left table beside; or rows that the other party lacks. */
  readonly join?: 'inner' | 'left' | 'anti';
  /** The only party that gets a result. The other learns nothing of it, not even its size. Default: both get one. */
  readonly receivers?: R;
  /** With fewer matching rows than this nobody gets a result: PRIVITY_ROWS_TOO_FEW. */
  readonly minimumRows?: number;
  /**
   * By party: columns of its table that the other party gets of the matching rows. From a party that does not receive
   * the result they go encrypted, all rows of them, and matching rows open.
   */
  readonly payload?: { readonly [K in P]?: ColumnNames };
  /** The result is the number of matching rows, and nobody learns which they are. */
  readonly cardinality?: C;
  /** A result that stays on a device has options of its own, `PsiIntoOptions`. */
  readonly into?: 'Error: into is { device, rows }; both parties are members of the device, and only on, normalise, nulls, duplicates and payload go with it';
}

const optionNames: readonly string[] = [
  ...['on', 'protocol', 'normalise', 'nulls', 'duplicates', 'join'],
  ...['receivers', 'minimumRows', 'payload', 'cardinality'],
];

/** Names of the two parties. */
export interface Sides {
  readonly left: string;
  readonly right: string;
  /** In the order of their ranks. */
  readonly members: readonly string[];
}

export interface CheckedJoin {
  readonly protocols: readonly PsiProtocol[];
  readonly plan: JoinPlan;
  /** For people: `id`, `id = patient`. */
  readonly keyText: string;
}

/** @throws {UsageError} PRIVITY_PSI_ARGUMENTS */
export function checkedJoin(options: unknown, sides: Sides): CheckedJoin {
  const given = recordOf(options) ?? {};
  const strange = Object.keys(given).find((name) => !optionNames.includes(name));
  if (strange !== undefined) throw invalid(`there is no option "${strange}"; ${hint(strange, optionNames)}`);
  const keys = keysOf(given.on);
  const left = sides.members[0] === sides.left ? 0 : 1;
  const plan: JoinPlan = {
    ...plainJoin(keys.left),
    on: left === 0 ? [keys.left, keys.right] : [keys.right, keys.left],
    left,
    normalise: normaliseOf(given.normalise, keys.left),
    nulls: oneOf('nulls', given.nulls, ['error', 'leave out']),
    duplicatesUpTo: upToOf(given.duplicates),
    join: oneOf('join', given.join, JOINS),
    receivers: receiversOf(given.receivers, sides),
    minimumRows: wholeOf('minimumRows', given.minimumRows ?? 0, 0, MINIMUM_ROWS_MAX),
    payload: payloadOf(given.payload, sides),
    cardinality: flagOf('cardinality', given.cardinality),
  };
  refuseNonsense(plan);
  return { protocols: protocolsOf(plan, protocolsFor(given.protocol)), plan, keyText: keyTextOf(keys) };
}

/** Those that can do what is wanted. */
function protocolsOf(plan: JoinPlan, named: readonly PsiProtocol[]): readonly PsiProtocol[] {
  const [name] = named.map((protocol) => protocol.name);
  if (plan.cardinality) {
    const counting = named.filter((protocol) => protocol.counting !== undefined);
    if (counting.length > 0) return counting;
    throw invalid(`"${name}" cannot count without telling which rows match; take protocol: "dh"`);
  }
  return sealsPayload(plan) ? named.filter(({ keyed }) => keyed !== undefined) : named;
}

/** Combinations that mean nothing, or that no protocol here can do. */
function refuseNonsense({ join, receivers, payload, cardinality }: JoinPlan): void {
  const hasPayload = payload.some((columns) => columns.length > 0);
  const isOne = receivers !== 'both';
  if (cardinality && join !== 'inner')
    throw invalid(`"cardinality" counts the rows that both have; "join" is "${join}"`);
  if (cardinality && hasPayload)
    throw invalid('"cardinality" gives a number; "payload" has no rows to go with');
  if (join === 'anti' && hasPayload)
    throw invalid(
      '"payload" is of rows that both have; "join" "anti" gives those that the other party lacks',
    );
  if (join === 'left' && isOne)
    throw invalid('"join" "left" aligns two tables, so both parties receive it; leave "receivers" out');
  if (typeof receivers === 'number' && payload[receivers].length > 0)
    throw invalid(
      '"payload" of the party that alone receives the result would go to one that receives nothing; name columns of the other party, or leave "receivers" out',
    );
}

/** Key columns of each table, those of one place belong together. */
export interface KeyNames {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

/** For people: `id`, `id = patient`. */
export function keyTextOf({ left, right }: KeyNames): string {
  return left.join() === right.join() ? left.join(', ') : `${left.join(', ')} = ${right.join(', ')}`;
}

export function keysOf(on: unknown): KeyNames {
  const sides = recordOf(on);
  if (sides === undefined) {
    const columns = columnsOf('on', on);
    return { left: columns, right: columns };
  }
  if (Object.keys(sides).sort().join() !== 'left,right') throw invalid('"on" has "left" and "right"');
  const [left, right] = [columnsOf('on.left', sides.left), columnsOf('on.right', sides.right)];
  if (left.length !== right.length)
    throw invalid(`"on" names ${left.length} columns of one table and ${right.length} of the other`);
  return { left, right };
}

export function columnsOf(what: string, given: unknown, max: number = KEY_COLUMNS_MAX): readonly string[] {
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (names.length === 0 || names.length > max)
    throw invalid(`"${what}" names ${names.length} columns; it takes 1 to ${max}`);
  const columns = names.filter((name) => typeof name === 'string' && name !== '');
  if (columns.length !== names.length || new Set(columns).size !== columns.length)
    throw invalid(`"${what}" is not the name of a column or a list of different names`);
  return columns as readonly string[];
}

export function normaliseOf(given: unknown, on: readonly string[]): JoinPlan['normalise'] {
  if (given === undefined) return [];
  const byColumn = recordOf(given);
  if (byColumn === undefined) throw invalid('"normalise" is a record of rules by key column');
  const strange = Object.keys(byColumn).find((name) => !on.includes(name));
  if (strange !== undefined) throw invalid(`"normalise" names "${strange}", which is no key column`);
  return on.map((name) => {
    if (!Object.hasOwn(byColumn, name)) return [];
    const one = byColumn[name];
    const rules: readonly unknown[] = Array.isArray(one) ? one : [one];
    if (rules.length === 0 || rules.length > RULES_MAX)
      throw invalid(`"normalise" has ${rules.length} rules for "${name}"; it takes 1 to ${RULES_MAX}`);
    const problem = rules.map(ruleProblem).find((found) => found !== undefined);
    if (problem !== undefined) throw invalid(`"normalise" of "${name}": ${problem}`);
    return rules as readonly NormaliseRule[];
  });
}

function upToOf(given: unknown): number | undefined {
  if (given === undefined || given === 'error') return undefined;
  const record = recordOf(given);
  if (record === undefined || Object.keys(record).join() !== 'upTo')
    throw invalid('"duplicates" is "error" or { upTo: a number }');
  return wholeOf('duplicates.upTo', record.upTo, 1, DUPLICATES_MAX);
}

function receiversOf(given: unknown, { left, right, members }: Sides): JoinPlan['receivers'] {
  if (given === undefined) return 'both';
  if (given !== left && given !== right)
    throw invalid(`"receivers" is the name of one of the two parties, ${members.join(' or ')}`);
  return members[0] === given ? 0 : 1;
}

function payloadOf(given: unknown, sides: Sides): JoinPlan['payload'] {
  return columnsByRank(given, sides, (party, columns) =>
    columnsOf(`payload.${party}`, columns, PAYLOAD_COLUMNS_MAX),
  );
}

/** What `read` makes of the columns of each party: by rank. */
export function columnsByRank<T>(
  given: unknown,
  { members }: Sides,
  read: (party: string, columns: unknown) => readonly T[],
): readonly [readonly T[], readonly T[]] {
  if (given === undefined) return [[], []];
  const byParty = recordOf(given);
  if (byParty === undefined) throw invalid('"payload" is a record of columns by party');
  const strange = Object.keys(byParty).find((name) => !members.includes(name));
  if (strange !== undefined)
    throw invalid(`"payload" names "${strange}", which is none of the two parties, ${members.join(' and ')}`);
  const of = (party = ''): readonly T[] => (byParty[party] === undefined ? [] : read(party, byParty[party]));
  return [of(members[0]), of(members[1])];
}

/** Columns that one party may send of its rows. A contract lists them all. */
const PAYLOAD_COLUMNS_MAX = 256;

function oneOf<T extends string>(what: string, given: unknown, words: readonly T[]): T {
  const [first] = words;
  const found = given === undefined ? first : words.find((word) => word === given);
  if (found === undefined)
    throw invalid(`"${what}" is one of ${words.map((word) => `"${word}"`).join(', ')}`);
  return found;
}

export function wholeOf(what: string, given: unknown, least: number, most: number): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most) return given;
  throw invalid(`"${what}" is a whole number from ${least} to ${most}`);
}

function flagOf(what: string, given: unknown): boolean {
  if (given === undefined || typeof given === 'boolean') return given ?? false;
  throw invalid(`"${what}" is true or false`);
}

export const recordOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

export const invalid = (why: string): UsageError =>
  new UsageError(
    'PRIVITY_PSI_ARGUMENTS',
    sentences([`psi or profileKeys was called with wrong arguments: ${why}`]),
  );
