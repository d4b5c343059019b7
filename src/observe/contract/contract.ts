/**
 * A contract of disclosures: everything that a job may tell, as the parties have agreed on it before. Made by a
 * rehearsal (src/simulation/rehearse/), kept beside the job, compared by each party's own program before a value
 * leaves.
 * Nothing in it is of one run: no hash of the job, no sizes of real tables.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonical } from '../../base/canonical.ts';
import { UsageError } from '../../base/errors.ts';
import { expectation } from '../../base/schema-words.ts';
import { STEP_KINDS, type StepKind } from '../../coordination/failure.ts';
import { detailsProblem } from '../../coordination/public-details.ts';
import { FORM_CHARS_MAX } from '../../wire/value-form.ts';
import { list } from '../report-schema.ts';
import { ANY, parseForm } from './form.ts';

export const CONTRACT_VERSION = 1;
/** Entries of a contract, and names of steps: each is a line that somebody has to read. */
export const CONTRACT_ENTRIES_MAX = 5_000;

/** Steps whose names Privity makes, of words and counts that are public: a job cannot write into them. */
export const KINDS_NAMED_BY_PRIVITY: ReadonlySet<StepKind> = new Set<StepKind>([
  'secure',
  'exchange',
  'conclave',
]);

/** `rows(alice.loans)`, `shared`, `n1`. */
const SYMBOL = /^[A-Za-z][A-Za-z0-9_.()-]{0,120}$/;
const WHOLE = /^\d{1,15}$/;

const party = z.string().min(1).max(63);
const name = z.string().min(1).max(200);

/** What symbols stand for. `rows`: of a setting's table. `shared`: that an intersection found. `size`: of a value. */
export const SYMBOL_KINDS = ['rows', 'shared', 'size'] as const;

const symbol = z.strictObject({
  name: z.string().regex(SYMBOL, 'a letter, then letters, digits and _ . ( ) -'),
  kind: z.enum(SYMBOL_KINDS),
  /** The setting (`alice.loans`), or the step. */
  of: name,
});

const entry = z.strictObject({
  step: name,
  kind: z.enum(STEP_KINDS),
  from: party,
  to: z.array(party).min(1).max(64).readonly(),
  /** The form of the value; see src/wire/value-form.ts. */
  what: z.string().min(1).max(FORM_CHARS_MAX),
  /** `1`, `at most 3`, `rows(alice.loans)`, `at most rows(alice.loans)`, `any`. */
  times: z.union([z.int().min(1), z.string().max(200)]),
});

/** What a party may say when it fails. A text that is not here stays at its party. */
const errorText = z.strictObject({
  step: name,
  from: party,
  /** As it is. */
  text: z.string().max(1_000),
  /** Names of details, and what each is. */
  details: z.record(z.string(), z.enum(['number', 'boolean', 'text'])).optional(),
});

/** `fixed + perRow · rows`, where each table has as many rows. */
const growth = z.strictObject({ fixed: z.number(), perRow: z.number() });

const price = z.strictObject({
  /** Of secure devices, at the smaller and at the larger size. */
  rounds: growth,
  /** That each party sends. */
  bytes: z.record(party, growth),
  /** The same by sender and receiver, where there are more than two parties. */
  links: z.record(party, z.record(party, growth)).optional(),
});

const rehearsed = z.strictObject({
  /** Runs, and how many of them came to their end. */
  runs: z.int().min(1),
  completed: z.int().min(0),
  /** Rows of the tables, at each size. */
  rows: z.array(z.int().min(0)).max(20).readonly(),
  /** Public arguments. */
  args: z.record(z.string(), z.unknown()),
});

/** Read up to the first item that is wrong: a stranger's list of wrong ones costs no more. */
const entries = <S extends z.ZodType>(of: S) => z.array(z.unknown()).max(CONTRACT_ENTRIES_MAX).pipe(list(of));

const contractSchema = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  parties: z.array(z.unknown()).min(1).max(64).pipe(list(party)),
  /** Names of all steps: public to all parties. */
  steps: entries(name),
  discloses: entries(entry),
  errors: entries(errorText).default([]),
  symbols: entries(symbol).default([]),
  price: price.optional(),
  rehearsed: rehearsed.optional(),
});

export type ContractSymbol = Readonly<z.output<typeof symbol>>;
export type ContractEntry = Readonly<z.output<typeof entry>>;
export type ContractText = Readonly<z.output<typeof errorText>>;
export type Growth = Readonly<z.output<typeof growth>>;

/** Everything that a job may disclose. */
export interface Contract
  extends Readonly<Omit<z.output<typeof contractSchema>, 'discloses' | 'errors' | 'symbols'>> {
  readonly discloses: readonly ContractEntry[];
  readonly errors: readonly ContractText[];
  readonly symbols: readonly ContractSymbol[];
}

export interface ContractProblem {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

export type ReadContract = { readonly contract: Contract } | { readonly problem: ContractProblem };

/** Total: whatever was parsed from YAML or JSON. */
export function tryContract(value: unknown): ReadContract {
  const read = contractSchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const expected = issue && expectation(issue);
    const path = (issue?.path ?? []).filter((part) => typeof part !== 'symbol');
    const strange =
      issue?.code === 'unrecognized_keys' ? `there is no key ${issue.keys.join(', ')}` : undefined;
    const text = strange ?? (expected === undefined ? (issue?.message ?? 'wrong') : `expected ${expected}`);
    return { problem: { path, text } };
  }
  const problem = contradiction(read.data);
  return problem ? { problem } : { contract: read.data };
}

/** @throws {UsageError} PRIVITY_CONTRACT_INVALID */
export function readContract(value: unknown): Contract {
  const read = tryContract(value);
  if ('contract' in read) return read.contract;
  const { path, text } = read.problem;
  throw new UsageError(
    'PRIVITY_CONTRACT_INVALID',
    `The contract: ${path.join('.') || 'the whole'}: ${text}.`,
  );
}

/** Of all that a contract says, whatever the order of its keys. */
export function contractDigest(contract: Contract): string {
  return createHash('sha256')
    .update(`privity contract 1\n${canonical(contract)}`)
    .digest('hex');
}

export interface Times {
  /** A number, a symbol or {@link ANY}. */
  readonly most: string;
  /** Fewer are as good; else a run that completes has as many. */
  readonly atMost: boolean;
}

export function timesOf(times: ContractEntry['times']): Times {
  const text = String(times);
  if (text === ANY) return { most: ANY, atMost: true };
  return text.startsWith(AT_MOST)
    ? { most: text.slice(AT_MOST.length), atMost: true }
    : { most: text, atMost: false };
}
export const AT_MOST = 'at most ';

export const isWhole = (word: string): boolean => WHOLE.test(word);

/** What fits the schema and means nothing. */
function contradiction(contract: z.output<typeof contractSchema>): ContractProblem | undefined {
  const { parties, steps, discloses, errors, symbols } = contract;
  const names = new Set(symbols.map((one) => one.name));
  const listed = new Set(steps);
  const problem = (text: string, ...path: (string | number)[]): ContractProblem => ({ path, text });
  if (new Set(parties).size !== parties.length) return problem('a party is named twice', 'parties');
  if (names.size !== symbols.length) return problem('a symbol is named twice', 'symbols');
  for (const [at, { step, kind, from, to, what, times }] of discloses.entries()) {
    const unknown = [from, ...to].find((one) => !parties.includes(one));
    if (unknown !== undefined) return problem(`${unknown} is no party of the contract`, 'discloses', at);
    if (to.includes(from)) return problem('a party discloses nothing to itself', 'discloses', at, 'to');
    if (!listed.has(step) && !KINDS_NAMED_BY_PRIVITY.has(kind))
      return problem('its step is not among the steps of the contract', 'discloses', at, 'step');
    for (const { word, upTo } of parseForm(what).sizes) {
      if (word === ANY || isWhole(word) || (!upTo && names.has(word))) continue;
      return problem(
        `the size "${word}" is no number and no symbol of the contract`,
        'discloses',
        at,
        'what',
      );
    }
    const { most } = timesOf(times);
    if (most !== ANY && !names.has(most) && !(isWhole(most) && Number(most) > 0))
      return problem('expected a number, "at most" a number, a symbol, or "any"', 'discloses', at, 'times');
  }
  for (const [at, { from, details }] of errors.entries()) {
    if (!parties.includes(from)) return problem(`${from} is no party of the contract`, 'errors', at, 'from');
    const example = Object.fromEntries(Object.keys(details ?? {}).map((key) => [key, 0]));
    if (detailsProblem(example) !== undefined)
      return problem('details have short names', 'errors', at, 'details');
  }
  return undefined;
}
