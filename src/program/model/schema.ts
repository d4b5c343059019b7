/**
 * Public arguments and private settings, checked by the job's own schemas before the run starts. Any library that
 * follows Standard Schema version 1 (https://standardschema.dev) will do; `z` of zod 4 is re-exported by the package.
 */
import type { ErrorCode } from '../../base/error-catalogue.ts';
import { UsageError } from '../../base/errors.ts';
import { sentences, suggest } from '../../base/suggest.ts';
import { namesOf, problemsOf, unknownText } from './schema-problems.ts';
import type { Raw, Schema, SettingsDeclaration } from './schema-types.ts';

/** @throws {UsageError} PRIVITY_ARGS_INVALID */
export async function parseArgs(schema: Schema | undefined, given: Raw): Promise<Raw> {
  const refuse = (problems: readonly string[]): UsageError =>
    new UsageError(
      'PRIVITY_ARGS_INVALID',
      `The public arguments do not fit the job: ${sentences(problems)} Pass them with --arg name=value.`,
    );
  if (schema === undefined) {
    const unknown = Object.keys(given);
    if (unknown.length > 0)
      throw refuse(unknown.map((key) => `${key} is unknown, this job takes no arguments`));
    return Object.freeze({});
  }
  const result = await schema['~standard'].validate(given);
  if (result.issues) throw refuse(problemsOf(schema, given, result.issues, true).map(({ text }) => text));
  return frozenRecord(result.value, given, namesOf(schema), refuse);
}

/** @throws {UsageError} PRIVITY_SETTINGS_INVALID, PRIVITY_SETTING_MISSING */
export async function parseSettings(
  party: string,
  declared: SettingsDeclaration | undefined,
  given: Raw,
  how: HowToSet = howToSet,
): Promise<Raw> {
  const refuse = (
    problems: readonly string[],
    code: ErrorCode = 'PRIVITY_SETTINGS_INVALID',
    meant: readonly (string | undefined)[] = [],
  ): UsageError => {
    const name = meant.length === 1 ? meant[0] : undefined;
    return new UsageError(
      code,
      `The private settings of ${party} do not fit the job: ${sentences(problems)} Set them ${how(party, name ?? 'NAME')}.`,
      { party },
    );
  };
  if (declared === undefined || isNames(declared)) {
    const names = declared ?? Object.keys(given);
    const unknown = Object.keys(given).filter((key) => !names.includes(key));
    if (unknown.length > 0)
      throw refuse(
        unknown.map((key) => unknownText(key, names)),
        'PRIVITY_SETTINGS_INVALID',
        unknown.map((key) => suggest(key, names)),
      );
    const missing = names.find((name) => !Object.hasOwn(given, name));
    if (missing !== undefined) throw settingMissing(party, missing, [], how);
    return guarded(party, new Map(names.map((name) => [name, plainText(given[name], name, refuse)])));
  }
  const result = await declared['~standard'].validate(given);
  if (result.issues) {
    const problems = problemsOf(declared, given, result.issues, false);
    const isMissing = problems.every((problem) => problem.isMissing);
    throw refuse(
      problems.map(({ text }) => text),
      isMissing ? 'PRIVITY_SETTING_MISSING' : 'PRIVITY_SETTINGS_INVALID',
      problems.map(({ meant }) => meant),
    );
  }
  const names = namesOf(declared);
  const record = frozenRecord(result.value, given, names, refuse);
  return names === undefined ? record : guarded(party, new Map(Object.entries(record)), names);
}

/** The words after "Set it" and "Set them": a job of a proposal is given other things than one that is run. */
export type HowToSet = (party: string, name: string) => string;

/** A file of the command line counts from the current folder, so that the kind of value says which option it is. */
const howToSet: HowToSet = (party, name) =>
  `with --setting ${party}.${name}=VALUE, a file with --inputs ${party}.${name}=FILE, or under "settings:" in the party file of ${party}`;

export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = (value as Partial<Schema>)['~standard'];
  return typeof standard === 'object' && standard !== null && 'validate' in standard;
}

export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function plainText(
  value: unknown,
  name: string,
  refuse: (problems: readonly string[]) => UsageError,
): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw refuse([`${name} is not a simple value; declare a schema for it`]);
}

/** Schemas often drop unknown keys; here a dropped key is a mistake, because nobody would notice it otherwise. */
function frozenRecord(
  value: unknown,
  given: Raw,
  names: readonly string[] | undefined,
  refuse: (problems: readonly string[]) => UsageError,
): Raw {
  if (typeof value !== 'object' || value === null) throw refuse(['the schema does not describe a record']);
  const dropped = Object.keys(given).filter((key) => !Object.hasOwn(value, key) && given[key] !== undefined);
  if (dropped.length > 0) throw refuse(dropped.map((key) => unknownText(key, names ?? Object.keys(value))));
  return Object.freeze(value as Raw);
}

export function settingMissing(
  party: string,
  name: string,
  given: readonly string[] = [],
  how: HowToSet = howToSet,
): UsageError {
  const near = suggest(name, given);
  return new UsageError(
    'PRIVITY_SETTING_MISSING',
    `${party} has no setting "${name}"${near === undefined ? '' : `, but one "${near}"`}. Set it ${how(party, name)}.`,
    { party },
  );
}

/** Settings that complain when one is read that was not passed, instead of giving undefined to a task. */
function guarded(party: string, values: ReadonlyMap<string, unknown>, optional: readonly string[] = []): Raw {
  const target = Object.freeze(Object.fromEntries(values));
  return new Proxy(target, {
    get: (record, key) => {
      // Promises and printers look for these on every object.
      if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return Reflect.get(record, key);
      if (!Object.hasOwn(record, key) && !optional.includes(key))
        throw settingMissing(party, key, Object.keys(record));
      return record[key];
    },
  });
}
