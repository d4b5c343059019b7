/** Rules that make an owner's columns ready to be shared: fitted once where the table is, kept, and applied again. */
import { type At, DataError, type Handle, type NamedParty, type Table } from '../../index.ts';
import { invalid } from '../declared.ts';
import { applyRules } from './apply.ts';
import { columnsOfRules, ruleOf } from './declare.ts';
import { fitRules } from './fit.ts';
import { checkFitted, type FittedEncoding, isOfRules } from './fitted.ts';
import type { EncodedColumns, EncodingRules } from './rules.ts';

/** What an encoding leaves as it is. */
export interface EncodingOptions {
  /** Columns of the table that stay, such as the ids by which `psi` finds rows. Default: none, only what rules make. */
  readonly keep?: readonly string[];
}

/** What `at` of an encoding gives: both stay where they are. */
export interface EncodedAt<P extends string> {
  /** The encoded table. */
  readonly table: At<P, Table>;
  /** Its rules, with what they have learned of the owner's data. */
  readonly fitted: At<P, FittedEncoding>;
}

/** Rules for the columns of one owner's table. */
export interface Encoding<E extends EncodingRules> {
  /** What everybody knows of the columns that come out, as `vertical` and `horizontal` take it. */
  readonly columns: EncodedColumns<E>;

  /**
   * Fits the rules to a table where it is, and applies them to it; with `fitted` applies those that were fitted before.
   *
   * Opens: nothing. Cost: local; a few passes over the columns, each of which is in memory as a whole.
   * @throws {DataError} at the owner, ending the run, as `fit` and `apply`
   * @example
   * const train = clean.at(alice, visits);
   * const test = clean.at(alice, visits, train.fitted);
   */
  at<P extends string>(
    party: NamedParty<P>,
    table: At<P, Table>,
    fitted?: At<P, FittedEncoding>,
  ): EncodedAt<P>;

  /**
   * Fits the rules to a table, within a task of its owner.
   *
   * Opens: nothing. Cost: local.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE; PRIVITY_TABLE_EMPTY: a rule has nothing to learn
   *   of; PRIVITY_STATS_UNSEEN: more words than categories, or a text that is no number. Column and row are named
   * @example const fitted = alice.run('fit', { visits }, ({ visits }) => clean.fit(visits));
   */
  fit(table: Table): Promise<FittedEncoding>;

  /**
   * Applies fitted rules to a table, within a task of its owner. Rows keep their order.
   *
   * Opens: nothing. Cost: local.
   * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_COLUMN_TYPE; PRIVITY_COLUMN_NULLS: a gap where none is
   *   foreseen; PRIVITY_STATS_UNSEEN: a word or a number that is not foreseen; column and row are named.
   *   PRIVITY_STATS_ENCODING: damaged rules, or those of another encoding
   * @example
   * const ready = alice.run('encode', { visits }, async ({ visits }) => clean.apply(visits, await clean.fit(visits)));
   */
  apply(table: Table, fitted: FittedEncoding): Promise<Table>;
}

/** What `Party.run` does, for any party. */
interface Runs {
  readonly run: (
    name: string,
    inputs: Readonly<Record<string, Handle>>,
    code: (inputs: { readonly table: Table; readonly fitted: FittedEncoding }) => unknown,
  ) => Handle;
}

/**
 * Rules by which an owner makes columns of its table ready to be shared: gaps filled, numbers scaled, bins and
 * categories made. The rules are public, and so are names, bounds and numbers of categories that come out. What they
 * learn of the data (means, quantiles, words) stays with the owner, unless the job sends it: then it is theirs who get
 * it.
 *
 * Rules learn of the rows that they are fitted to: of those of a test set nothing, if these are encoded with what was
 * fitted to the others. Two owners of rows of the same columns fit different rules each; give both the same edges and
 * categories, or send one what the other has fitted.
 *
 * Opens: nothing. Cost: local.
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: rules that contradict each other, or two columns of one name
 * @example
 * const groups = encoding({
 *   ages: { from: 'age', bins: { quantiles: 3 } },
 *   region: { categories: ['n', 's'], unseen: 'other', fill: 'mostFrequent' },
 *   age: { scale: 'standard', outside: 'clip' },
 * });
 * const encoded = await vertical(
 *   spu,
 *   { alice: groups.at(alice, visits).table },
 *   { parties: { alice }, columns: { alice: groups.columns }, rows: reveal },
 * );
 * const perGroup = groupBy([encoded.column('age')], encoded.category('ages'));
 */
export function encoding<const E extends EncodingRules>(
  rules: E,
  options: EncodingOptions = {},
): Encoding<E> {
  const { keep: kept = [] } = options;
  const keep = Object.freeze([...kept]);
  const all = Object.entries(rules).map(([name, one]) => ruleOf(name, one));
  if (all.length === 0) throw invalid('an encoding has at least one column');
  const columns = columnsOfRules(all, keep);
  const fit = (table: Table): Promise<FittedEncoding> => fitRules(all, keep, table);
  const apply = async (table: Table, given: FittedEncoding): Promise<Table> => {
    const fitted = checkFitted(given, 'what was given');
    if (!isOfRules(fitted, all, keep))
      throw new DataError(
        'PRIVITY_STATS_ENCODING',
        'what was fitted is of other rules than those of this encoding; fit these, or apply it with the rules that it is of.',
      );
    return await applyRules(fitted, table);
  };
  const at = <P extends string>(party: NamedParty<P>, table: At<P, Table>, given?: At<P, FittedEncoding>) => {
    const { run } = party as unknown as Runs;
    const fitted = given ?? run('fit an encoding', { table }, (inputs) => fit(inputs.table));
    const encoded = run('encode', { table, fitted }, (inputs) => apply(inputs.table, inputs.fitted));
    return Object.freeze({ table: encoded, fitted }) as unknown as EncodedAt<P>;
  };
  return Object.freeze({ columns: columns as EncodedColumns<E>, at, fit, apply });
}
