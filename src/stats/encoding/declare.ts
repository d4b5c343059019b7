/** Rules with their defaults filled in, and what everybody knows of the columns that they make. */
import { type AnyColumnOptions, boundsOf, invalid, type PartyColumns } from '../declared.ts';
import { CATEGORIES_MAX, type FittedRule, ruleProblem } from './fitted.ts';
import type { BinRules, ColumnRules, NumberRules, OneHotRules, WordRules } from './rules.ts';

/** Deviations from the mean: data of a million rows that are normally distributed have none beyond five. */
const STANDARD_BOUND = 10;

/** Words that rows have, and what rows have that have none of them. */
const OTHER = 'other';

/** All that a column's rules can say. */
type AnyRules = Partial<NumberRules & BinRules & WordRules & OneHotRules>;

const asOf = (rules: AnyRules): FittedRule['as'] => {
  const said = (
    [
      ['bins', 'bins'],
      ['categories', 'words'],
      ['oneHot', 'oneHot'],
    ] as const
  ).filter(([key]) => rules[key] !== undefined);
  if (said.length > 1) throw invalid('a column becomes one of "bins", "categories" and "oneHot"');
  return said[0]?.[1] ?? 'number';
};

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
export function ruleOf(name: string, given: ColumnRules): FittedRule {
  const rules = given as AnyRules;
  const as = asOf(rules);
  const { bins, categories, oneHot, names, map, min, max, outside, unseen, scale, ...source } = rules;
  const isOfNumbers = as === 'number' || as === 'bins';
  const rule: FittedRule = {
    ...source,
    ...{ as, name, from: rules.from ?? name, gaps: rules.gaps ?? false },
    ...(map && { map: Object.entries(map), others: rules.others ?? 'error' }),
    ...(rules.cast && { unreadable: rules.unreadable ?? 'error' }),
    ...(isOfNumbers ? { outside: outside ?? 'error' } : { unseen: unseen ?? 'error' }),
    ...(as === 'number' && { scale, ...boundsOfScale(name, rules) }),
    ...(bins && { ...bins, names: names ?? namesOfBins(bins) }),
    ...(!isOfNumbers && categoriesOf(categories ?? oneHot ?? [], unseen)),
  } as FittedRule;
  const unused = Object.keys(rules).find(
    (key) => rules[key as keyof AnyRules] !== undefined && !isUsed(key, rule),
  );
  const problem = unused === undefined ? ruleProblem(rule) : `"${unused}" says nothing here`;
  if (problem !== undefined) throw invalid(`column "${name}" of the encoding: ${problem}`);
  return rule;
}

const OF_PARTS: Readonly<Record<string, (rule: FittedRule) => boolean>> = {
  bins: ({ as }) => as === 'bins',
  names: ({ as }) => as === 'bins',
  categories: ({ as }) => as === 'words',
  oneHot: ({ as }) => as === 'oneHot',
  min: ({ as }) => as === 'number',
  max: ({ as }) => as === 'number',
  scale: ({ as }) => as === 'number',
  outside: ({ as }) => as === 'number' || as === 'bins',
  cast: ({ as }) => as === 'number' || as === 'bins',
  unreadable: ({ cast }) => cast !== undefined,
  unseen: ({ as }) => as === 'words' || as === 'oneHot',
  others: ({ map }) => map !== undefined,
};
/** Whether the rule takes notice of what was said. Keys that nobody knows are for the schema. */
const isUsed = (key: string, rule: FittedRule): boolean => OF_PARTS[key]?.(rule) ?? true;

function boundsOfScale(name: string, { scale, min, max }: AnyRules) {
  if (scale === 'minmax') return { min: min ?? 0, max: max ?? 1 };
  const given = scale === 'standard' ? { max: max ?? STANDARD_BOUND } : { ...(max !== undefined && { max }) };
  return boundsOf(name, { ...given, ...(min !== undefined && { min }) });
}

function namesOfBins(bins: BinRules['bins']): readonly string[] {
  if ('edges' in bins) return bins.edges.slice(1).map((edge, at) => `${bins.edges[at]} to ${edge}`);
  return numbered('bin', bins.quantiles);
}

/** None where the number makes no sense: that there must be some is found later, and said in words. */
const numbered = (what: string, count: number): readonly string[] =>
  Number.isSafeInteger(count) && count >= 0 && count <= CATEGORIES_MAX
    ? Array.from({ length: count }, (_, at) => `${what} ${at + 1}`)
    : [];

function categoriesOf(given: readonly string[] | number, unseen: string | undefined) {
  const own = typeof given === 'number' ? numbered('category', given) : given;
  return {
    ...(typeof given !== 'number' && { categories: given }),
    names: unseen === 'other' ? [...own, OTHER] : own,
  };
}

/** Names of the columns of numbers that words become. */
export const oneHotNames = ({ name, names = [] }: FittedRule): readonly string[] =>
  names.map((one) => `${name}=${one}`);

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS: two columns of one name */
export function columnsOfRules(rules: readonly FittedRule[], keep: readonly string[]): PartyColumns {
  const columns = rules.flatMap((rule): [string, AnyColumnOptions][] => [
    ...outputsOf(rule),
    ...(rule.filled === undefined
      ? []
      : ([[rule.filled, { min: 0, max: 1 }]] as [string, AnyColumnOptions][])),
  ]);
  const names = [...keep, ...columns.map(([name]) => name)];
  // As in tables, whose columns cannot be told apart by case.
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw invalid(`two columns of the encoding are called "${name}"`);
    seen.add(name.toLowerCase());
  }
  return Object.freeze(Object.fromEntries(columns));
}

function outputsOf(rule: FittedRule): [string, AnyColumnOptions][] {
  const { as, name, names = [], gaps, min, max } = rule;
  const withGaps = gaps ? { gaps } : {};
  if (as === 'number')
    return [[name, { ...(min !== undefined && { min }), ...(max !== undefined && { max }), ...withGaps }]];
  if (as === 'oneHot') return oneHotNames(rule).map((one) => [one, { min: 0, max: 1 }]);
  return [[name, { categories: names, ...withGaps }]];
}
