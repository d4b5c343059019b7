import { UsageError } from '../../base/errors.ts';
import { PARTIES_MAX } from '../../coordination/limits.ts';
import type { JobContext } from './context.ts';
import { isNames, isSchema } from './schema.ts';
import type { OutputOf, Schema, SettingsDeclaration } from './schema-types.ts';
import type { AllAwaited } from './unawaited.ts';

const brand = Symbol.for('privity.job');
/**
 * Raised with every change of what a job object holds, so that a job made by another version is refused, not misread.
 */
const JOB_FORMAT = 1;

/** Words that the job function's parameter holds, or will: no party can be called so. */
export const RESERVED_PARTY_NAMES: readonly string[] = [
  ...['args', 'reveal', 'parallel', 'psi', 'job', 'run', 'party', 'parties', 'settings', 'signal', 'public'],
  ...[
    'attempt',
    'retry',
    'deadline',
    'conclave',
    'quorum',
    'scope',
    'share',
    'secret',
    'device',
    'dealer',
    'all',
    'self',
  ],
  ...['then', 'constructor', 'prototype', 'supervisor', 'program'],
];
export const PARTY_NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** Longest deadline of a scope or a step: what a timer takes, about 24 days. */
export const DEADLINE_MS_MAX = 2 ** 31 - 1;

/** The function of any job. */
export type AnyBody = (context: never) => unknown;

/** A program for several parties, as `job` returns it. Inert: nothing happens until a runtime executes it. */
export interface Job<P extends string = string> {
  /** The parties by name, in the order in which the job lists them. */
  readonly parties: readonly P[];
  /** Schema of the public arguments; undefined if it takes none. */
  readonly args: Schema | undefined;
  /** What each party has to set for itself. */
  readonly settings: Readonly<Record<string, SettingsDeclaration>>;
  /** Milliseconds; undefined where each party's own bound is all there is. */
  readonly stepDeadlineMs?: number | undefined;
  /** The function that every party executes. */
  readonly body: AnyBody;
}

/** What a job declares: its parties, public arguments and private settings. */
export interface JobOptions<P extends string, A extends Schema | undefined, S> {
  /** The parties by name: /^[a-z][a-z0-9-]{0,30}$/, each once. */
  readonly parties: readonly P[];
  /** Schema of the public arguments. Without one the job takes none. */
  readonly args?: A;
  /** Private settings by party: a schema, or the names of settings that are strings. */
  readonly settings?: S & { readonly [K in keyof S]: K extends P ? SettingsDeclaration : never };
  /**
   * How long each task may take, in milliseconds from when its inputs are there. Public, and the same at every party;
   * where a party's own bound `stepDeadlineMs` is shorter, that one counts. Default: the party's bound alone.
   */
  readonly stepDeadlineMs?: number;
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof JobOptions<string, undefined, unknown>>([
  ...(['parties', 'args', 'settings', 'stepDeadlineMs'] as const),
]);

/**
 * A program that several parties run together. Every party executes the whole function; what `party.run` is given runs
 * at that party only. Use it as the default export of a module. Every promise in what the function returns has to be
 * awaited in it.
 *
 * @throws {UsageError} PRIVITY_JOB_INVALID
 * @example
 * import { job } from 'privity';
 *
 * export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
 *   const x = alice.run('load', () => 21);
 *   const doubled = bob.run('double', { x: x.to(bob) }, ({ x }) => 2 * x);
 *   return await reveal(doubled);
 * });
 */
export function job<
  const P extends string,
  A extends Schema | undefined = undefined,
  const S extends { readonly [K in P]?: SettingsDeclaration } = Readonly<Record<never, never>>,
  R = unknown,
>(
  options: JobOptions<P, A, S>,
  body: ((context: JobContext<P, OutputOf<A>, S>) => R) & AllAwaited<R>,
): Job<P> {
  if (typeof options !== 'object' || options === null) throw invalid('the first argument is not a record');
  for (const key of Object.keys(options)) {
    if (!OPTION_NAMES.has(key)) throw invalid(`there is no option "${key}"`);
  }
  if (typeof body !== 'function') throw invalid('the second argument is not a function');
  checkParties(options.parties);
  const settings: Readonly<Record<string, unknown>> = { ...options.settings };
  for (const [party, declared] of Object.entries(settings)) {
    if (!(options.parties as readonly string[]).includes(party))
      throw invalid(`it declares settings for "${party}", who is no party`);
    if (!isSchema(declared) && !isNames(declared))
      throw invalid(`the settings of ${party} are neither a schema nor a list of names`);
  }
  if (options.args !== undefined && !isSchema(options.args)) throw invalid('args is not a schema');
  const { stepDeadlineMs } = options;
  if (stepDeadlineMs !== undefined && !isDeadline(stepDeadlineMs))
    throw invalid(`stepDeadlineMs has to be whole milliseconds, 1 to ${DEADLINE_MS_MAX}`);
  return Object.freeze({
    [brand]: JOB_FORMAT,
    parties: Object.freeze([...options.parties]),
    args: options.args,
    settings: Object.freeze(settings as Readonly<Record<string, SettingsDeclaration>>),
    ...(stepDeadlineMs === undefined ? {} : { stepDeadlineMs }),
    body: body as unknown as AnyBody,
  });
}

const isDeadline = (ms: number): boolean => Number.isInteger(ms) && ms >= 1 && ms <= DEADLINE_MS_MAX;

export function isJob(value: unknown): value is Job {
  return (
    typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === JOB_FORMAT
  );
}

function checkParties(parties: unknown): void {
  if (!Array.isArray(parties) || parties.length === 0) throw invalid('it names no parties');
  if (parties.length > PARTIES_MAX) throw invalid(`it names over ${PARTIES_MAX} parties`);
  for (const name of parties) {
    if (typeof name !== 'string' || !PARTY_NAME.test(name))
      throw invalid(`the party name ${JSON.stringify(name)} does not match ${PARTY_NAME.source}`);
    if (RESERVED_PARTY_NAMES.includes(name)) throw invalid(`the party name "${name}" is reserved`);
  }
  const twice = parties.find((name, index) => parties.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`it names the party "${twice}" twice`);
}

const invalid = (why: string): UsageError =>
  new UsageError('PRIVITY_JOB_INVALID', `This is not a valid job: ${why}.`);
