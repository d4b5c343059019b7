/** Options of calls that programs make: in plain JavaScript no compiler has looked at their names. */
import { UsageError } from './errors.ts';
import { sentences, suggest } from './suggest.ts';

/** Every option of a call: the compiler refuses a list that lacks one, has another, or is wrong about what it needs. */
export type OptionNames<T> = {
  readonly [Name in keyof T]-?: undefined extends T[Name] ? 'optional' : 'needed text';
};

/**
 * Looks at the names only: an option that is mistyped would be ignored, and the default be taken for it.
 *
 * @throws {UsageError} PRIVITY_API_INVALID: no record of options, an unknown one, or one that is needed is missing
 */
export function checkOptions(
  call: string,
  options: unknown,
  names: Readonly<Record<string, 'optional' | 'needed text'>>,
): void {
  const known = Object.keys(names);
  const wrong = (text: string): UsageError =>
    new UsageError(
      'PRIVITY_API_INVALID',
      `${call}(): ${sentences([text, `its options: ${known.join(', ')}`])}`,
    );
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw wrong('expected a record of options');
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const near = suggest(name, known);
    throw wrong(`unknown option "${name}"${near === undefined ? '' : `, did you mean "${near}"?`}`);
  }
  for (const name of known)
    if (names[name] === 'needed text' && typeof Reflect.get(options, name) !== 'string')
      throw wrong(`${name} is missing, or is no text`);
}
