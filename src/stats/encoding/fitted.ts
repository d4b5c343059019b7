/** Rules of an encoding with what they have learned of a table: plain JSON, with all that is needed to apply it. */
import { DataError, z } from '../../index.ts';

/** One column's rules, with nothing left to a default. */
export interface FittedRule {
  /** What comes out. */
  readonly as: 'number' | 'bins' | 'words' | 'oneHot';
  /** Its name. */
  readonly name: string;
  /** The column that it is made of. */
  readonly from: string;
  /** Letters of words. */
  readonly case?: 'lower' | 'upper' | undefined;
  /** Words, and what each becomes. */
  readonly map?: readonly (readonly [string, string])[] | undefined;
  /** Words that `map` does not have. */
  readonly others?: 'error' | 'keep' | 'gap' | 'other' | undefined;
  /** Text is read as numbers. */
  readonly cast?: 'number' | undefined;
  /** Text that is no number. */
  readonly unreadable?: 'error' | 'gap' | undefined;
  /** What gaps become. */
  readonly fill?: 'mean' | 'median' | 'mostFrequent' | { readonly value: number | string } | undefined;
  /** The column that marks them. */
  readonly filled?: string | undefined;
  /** Whether rows may have no value at the end. */
  readonly gaps: boolean;
  /** Of numbers. */
  readonly scale?: 'standard' | 'minmax' | undefined;
  /** Of numbers: no value that comes out is below. */
  readonly min?: number | undefined;
  /** Of numbers: no value that comes out is above. */
  readonly max?: number | undefined;
  /** Of bins by quantiles: how many were asked for. */
  readonly quantiles?: number | undefined;
  /** Of bins by given edges: those. */
  readonly edges?: readonly number[] | undefined;
  /** Of categories that are given: those. */
  readonly categories?: readonly string[] | undefined;
  /** Names of bins or categories, as everybody knows them; `other` is the last, if there is one. */
  readonly names?: readonly string[] | undefined;
  /** Numbers outside of what is foreseen. */
  readonly outside?: 'error' | 'clip' | undefined;
  /** Words that are not foreseen. */
  readonly unseen?: 'error' | 'other' | undefined;
}

/** What one column's rules have learned of the owner's table. */
export interface Learned {
  /** What gaps become. */
  readonly fill?: number | string | undefined;
  /** Of numbers that are scaled: what is taken away. */
  readonly centre?: number | undefined;
  /** Of numbers that are scaled: by what they are divided then; 1 for a constant column. */
  readonly scale?: number | undefined;
  /** Of `minmax`: the largest. The smallest is `centre`. */
  readonly top?: number | undefined;
  /** Of bins: their ends, ascending; one alone if all rows are equal. */
  readonly edges?: readonly number[] | undefined;
  /** Of categories: the words, in the order of their names. */
  readonly words?: readonly string[] | undefined;
}

/**
 * An encoding as it was fitted to the table of one owner. It is data of that owner, since it has quantiles, means and
 * words of the table; nobody gets it unless the job sends it.
 */
export interface FittedEncoding {
  /** Tells such a value from others. */
  readonly kind: 'privity encoding';
  /** Of this form. */
  readonly version: 1;
  /** How many rows the table had. */
  readonly rows: number;
  /** Columns that stay as they are. */
  readonly keep: readonly string[];
  /** One for each column of the rules, in their order. */
  readonly columns: readonly { readonly rule: FittedRule; readonly learned: Learned }[];
}

/** As for the categories of a column that is shared: each is a column of indicators. */
export const CATEGORIES_MAX = 1_000;
/** Words that one column maps. */
const MAP_WORDS_MAX = 10_000;
/** Columns of a table. */
const COLUMNS_MAX = 4_096;
/** Characters of a word or a name: a limit for damaged files, far beyond any category. */
const WORD_CHARS_MAX = 65_536;

const word = z.string().max(WORD_CHARS_MAX);
const name = word.min(1);
const words = z.array(word).max(CATEGORIES_MAX + 1);

const ruleSchema: z.ZodType<FittedRule> = z.strictObject({
  as: z.enum(['number', 'bins', 'words', 'oneHot']),
  name,
  from: name,
  case: z.enum(['lower', 'upper']).optional(),
  map: z
    .array(z.tuple([word, word]))
    .max(MAP_WORDS_MAX)
    .optional(),
  others: z.enum(['error', 'keep', 'gap', 'other']).optional(),
  cast: z.literal('number').optional(),
  unreadable: z.enum(['error', 'gap']).optional(),
  fill: z
    .union([
      z.enum(['mean', 'median', 'mostFrequent']),
      z.strictObject({ value: z.union([z.number(), word]) }),
    ])
    .optional(),
  filled: name.optional(),
  gaps: z.boolean(),
  scale: z.enum(['standard', 'minmax']).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  quantiles: z.int().min(2).max(CATEGORIES_MAX).optional(),
  edges: z
    .array(z.number())
    .min(2)
    .max(CATEGORIES_MAX + 1)
    .optional(),
  categories: words.min(1).optional(),
  names: words.min(1).optional(),
  outside: z.enum(['error', 'clip']).optional(),
  unseen: z.enum(['error', 'other']).optional(),
});

const learnedSchema: z.ZodType<Learned> = z.strictObject({
  fill: z.union([z.number(), word]).optional(),
  centre: z.number().optional(),
  scale: z.number().positive().optional(),
  top: z.number().optional(),
  edges: z
    .array(z.number())
    .min(1)
    .max(CATEGORIES_MAX + 1)
    .optional(),
  words: words.optional(),
});

const fittedSchema: z.ZodType<FittedEncoding> = z.strictObject({
  kind: z.literal('privity encoding'),
  version: z.literal(1),
  rows: z.int().min(0),
  keep: z.array(name).max(COLUMNS_MAX),
  columns: z
    .array(z.strictObject({ rule: ruleSchema, learned: learnedSchema }))
    .min(1)
    .max(COLUMNS_MAX),
});

const ascend = (numbers: readonly number[]): boolean =>
  numbers.every((one, at) => at === 0 || one > (numbers[at - 1] ?? one));
const distinct = (list: readonly string[]): boolean => new Set(list).size === list.length;

/** What is wrong with a rule, in words; undefined: nothing. */
export function ruleProblem(given: unknown): string | undefined {
  const parsed = ruleSchema.safeParse(given);
  if (!parsed.success) return issueOf(parsed.error);
  const rule = parsed.data;
  const { as, fill, names = [], categories, edges, quantiles, min, max } = rule;
  const isOfNumbers = as === 'number' || as === 'bins';
  const value = typeof fill === 'object' ? typeof fill.value : fill;
  if (isOfNumbers && rule.cast === undefined && (rule.case ?? rule.map) !== undefined)
    return 'words become numbers with cast: "number"';
  if (isOfNumbers ? value === 'string' : value === 'mean' || value === 'median' || value === 'number')
    return `"fill" is for ${isOfNumbers ? 'words' : 'numbers'}`;
  if (rule.filled !== undefined && fill === undefined) return '"filled" marks what "fill" has filled';
  if (rule.map && !distinct(rule.map.map(([from]) => from))) return '"map" has a word twice';
  if (as === 'number') {
    if (min === undefined || max === undefined || min > max)
      return 'its min is a number, its max another that is not below it';
    return rule.scale !== undefined && min === max ? 'its min is below its max' : undefined;
  }
  if (!distinct(names)) return 'two bins or categories have one name';
  const isOther = as !== 'bins' && rule.unseen === 'other';
  const count = names.length - (isOther ? 1 : 0);
  if (as === 'bins') {
    if ((edges === undefined) === (quantiles === undefined)) return 'bins are by "quantiles" or by "edges"';
    if (edges && !ascend(edges)) return '"edges" ascend';
    return count === (edges ? edges.length - 1 : quantiles) ? undefined : '"names" has one for each bin';
  }
  if (count < 1 || count > CATEGORIES_MAX) return `there are 1 to ${CATEGORIES_MAX} categories`;
  return categories && categories.length !== count ? 'categories have one name each' : undefined;
}

/** What is learned that does not belong to the rule, or is missing; undefined: nothing. */
function learnedProblem(rule: FittedRule, learned: Learned): string | undefined {
  const { as, fill, scale } = rule;
  const isOfNumbers = as === 'number' || as === 'bins';
  const kind = fill === undefined ? 'undefined' : isOfNumbers ? 'number' : 'string';
  if (typeof learned.fill !== kind) return 'its fill';
  const isScaled = scale !== undefined;
  if (isScaled !== (learned.centre !== undefined) || isScaled !== (learned.scale !== undefined))
    return 'its scale';
  const { top, centre = 0, edges, words: known } = learned;
  if ((scale === 'minmax') !== (top !== undefined) || (top !== undefined && top < centre))
    return 'its largest value';
  if ((as === 'bins') !== (edges !== undefined)) return 'its edges';
  if (edges && (!ascend(edges) || edges.length - 1 > (rule.names?.length ?? 0))) return 'its edges';
  if (isOfNumbers === (known !== undefined)) return 'its words';
  const most = (rule.names?.length ?? 0) - (rule.unseen === 'other' ? 1 : 0);
  return known && (!distinct(known) || known.length > most) ? 'its words' : undefined;
}

/** @throws {DataError} PRIVITY_STATS_ENCODING */
export function checkFitted(given: unknown, origin: string): FittedEncoding {
  const parsed = fittedSchema.safeParse(given);
  if (!parsed.success) throw damaged(origin, issueOf(parsed.error));
  for (const [at, { rule, learned }] of parsed.data.columns.entries()) {
    const problem = ruleProblem(rule) ?? learnedProblem(rule, learned);
    if (problem !== undefined) throw damaged(origin, `column ${at + 1}: ${problem}`);
  }
  return parsed.data;
}

export const damaged = (origin: string, why: string, cause?: unknown): DataError =>
  new DataError('PRIVITY_STATS_ENCODING', `${origin} is no fitted encoding: ${why}.`, { cause });

/** Whether both do the same with every column, whatever they have learned. */
export const isOfRules = (
  fitted: FittedEncoding,
  rules: readonly FittedRule[],
  keep: readonly string[],
): boolean =>
  JSON.stringify([fitted.keep, fitted.columns.map(({ rule }) => ordered(rule))]) ===
  JSON.stringify([keep, rules.map(ordered)]);

const ordered = (rule: FittedRule): unknown => ruleSchema.parse(rule);

/** Where the first issue is, and what: keys and types, no value. */
function issueOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  const known = issue?.code === 'invalid_union' ? 'none of the forms that it can have' : issue?.message;
  return `${path === '' ? 'as a whole' : `"${path}"`}: ${known ?? 'wrong'}`;
}
