/** The options of `psi` whose result stays on a secure device, checked before anything of it begins. Pure. */
import { UsageError } from '../../base/errors.ts';
import type { SharedColumn, SharesPlan } from '../../psi/shares/join.ts';
import { SHARES_COLUMNS_MAX, SHARES_ROWS_MAX } from '../../psi/shares/sizes.ts';
import { declaredBound, type Range } from '../../secure/bounds/declare.ts';
import type { Dtype } from '../../secure/ring/fixed-point.ts';
import type { Bool, MembersOf, Secret } from '../model/at.ts';
import type { AnyDevice, BoundOptions, NotAMember, SharedDtype } from '../model/device-types.ts';
import { stepNameProblem } from '../model/step-name.ts';
import {
  type CheckedJoin,
  type ColumnNames,
  checkedJoin,
  columnsByRank,
  columnsOf,
  invalid,
  type PsiOptions,
  recordOf,
  type Sides,
  wholeOf,
} from './psi-options.ts';
import { deviceRecordOf } from './secure/device.ts';
import type { DeviceRecord } from './secure/records.ts';

/** Where the result of an intersection stays. */
export interface IntoDevice<D extends AnyDevice> {
  /** Both parties are among its members. */
  readonly device: D;
  /** Rows that the left table has at most. Public; it is filled up to them, and the result is longer by a part. */
  readonly rows: number;
}

/** How a column becomes a secret: as in `.to(device, { dtype, min, max })`. */
export interface SharedColumnOptions extends BoundOptions {
  /** Default: fixed. */
  readonly dtype?: Dtype;
}

/** Columns of numbers without gaps: their names, or what every party knows of each. */
export type SharedColumns = ColumnNames | Readonly<Record<string, SharedColumnOptions>>;

/** By party, columns of its table. */
export type SharedPayload = Readonly<Record<string, SharedColumns>>;

/** By what rows are matched, and which columns become secrets. The same at all parties. */
export interface PsiIntoOptions<P extends string, D extends AnyDevice, Y extends SharedPayload>
  extends Pick<PsiOptions<P>, 'on' | 'normalise' | 'nulls' | 'duplicates'> {
  /** The device on which the result stays: nobody sees it, nor its size. */
  readonly into: IntoDevice<D>;
  /** By party: columns of its table that become secrets, 0 where nothing matches. */
  readonly payload?: Y & { readonly [K in Exclude<keyof Y, P>]: never };
}

/** The secrets of one party's columns, by name. */
export type SharedRecord<D extends AnyDevice, S> = S extends string
  ? { readonly [K in S]: Secret<D> }
  : S extends readonly string[]
    ? { readonly [K in S[number]]: Secret<D> }
    : {
        readonly [K in keyof S & string]: Secret<
          D,
          S[K] extends SharedColumnOptions ? SharedDtype<S[K]> : never
        >;
      };

/** Secret columns with one row for each bin, in an order that nobody knows. */
export type SharedJoin<D extends AnyDevice, Y extends SharedPayload> = {
  readonly [P in keyof Y & string]: SharedRecord<D, Y[P]>;
} & {
  /** Whether the row is one that both have. All columns are 0 where it is not. */
  readonly matches: Bool<D>;
};

/** `unknown` for a party that is a member of the device, else what the compiler says. */
export type IsMember<P extends string, D extends AnyDevice> = [P & MembersOf<D>] extends [never]
  ? NotAMember<P>
  : unknown;

export interface CheckedInto {
  readonly device: DeviceRecord;
  readonly join: SharesPlan;
  readonly keyText: string;
}

export const hasInto = (options: unknown): boolean => recordOf(options)?.into !== undefined;

/** Options of other joins, and why they mean nothing here. */
const senseless: Readonly<Record<string, string>> = {
  protocol: 'an intersection into shares has one protocol, which no job names',
  receivers: 'the result stays on the device, and nobody receives it',
  join: 'every row of the left table is there, with whether it matches; compute with "matches"',
  minimumRows:
    'nobody sees how many rows match; compare their number on the device, and open nothing of too few',
  cardinality: 'sum "matches" on the device',
};

/** @throws {UsageError} PRIVITY_PSI_ARGUMENTS, PRIVITY_DEVICE_MISMATCH, PRIVITY_SECURE_MEMBER, PRIVITY_STEP_INVALID */
export function checkedInto(options: unknown, sides: Sides, run: object): CheckedInto {
  const { into, payload, ...rest } = recordOf(options) ?? {};
  const odd = Object.keys(senseless).find((name) => rest[name] !== undefined);
  if (odd !== undefined) throw invalid(`"${odd}" does not go with "into": ${senseless[odd]}`);
  const { plan, keyText }: CheckedJoin = checkedJoin(rest, sides);
  const given = recordOf(into);
  if (given === undefined || Object.keys(given).sort().join() !== 'device,rows')
    throw invalid('"into" has "device", a secure device, and "rows", how many the left table has at most');
  const device = deviceOf(given.device, sides, run);
  return {
    device,
    keyText,
    join: {
      plan: { ...plan, receivers: 'none' },
      rows: wholeOf('into.rows', given.rows, 1, SHARES_ROWS_MAX),
      columns: sharedByRank(payload, sides, device),
      fracBits: device.fracBits,
    },
  };
}

function deviceOf(value: unknown, { members }: Sides, run: object): DeviceRecord {
  const device = deviceRecordOf(value);
  if (device === undefined) throw invalid('"into.device" is no secure device');
  if (device.run !== run)
    throw new UsageError('PRIVITY_DEVICE_MISMATCH', 'The tables of psi and its device belong to two runs.');
  const stranger = members.find((party) => !device.members.includes(party));
  if (stranger === undefined) return device;
  throw new UsageError(
    'PRIVITY_SECURE_MEMBER',
    `psi into a device: ${stranger} is no member of it: ${device.members.join(', ')}. Both parties of the intersection share what they have.`,
  );
}

function sharedByRank(given: unknown, sides: Sides, device: DeviceRecord): SharesPlan['columns'] {
  if (sides.members.includes('matches'))
    throw invalid('a party is called "matches", as the column that says which rows match');
  return columnsByRank(given, sides, (party, columns) => sharedColumns(party, columns, device));
}

function sharedColumns(party: string, given: unknown, device: DeviceRecord): readonly SharedColumn[] {
  const record = recordOf(given);
  const where = `payload.${party}`;
  const names = columnsOf(where, record === undefined ? given : Object.keys(record), SHARES_COLUMNS_MAX);
  return names.map((name) => {
    const problem = stepNameProblem(secretName(party, name));
    if (problem !== undefined)
      throw invalid(`a column of "${where}" cannot give a secret its name: that ${problem}`);
    return { name, ...columnOf(record?.[name] ?? {}, `${where}.${name}`, device) };
  });
}

function columnOf(
  given: unknown,
  where: string,
  { fracBits }: DeviceRecord,
): Pick<SharedColumn, 'dtype' | 'bound' | 'declared'> {
  const options = recordOf(given);
  const strange = Object.keys(options ?? {}).find((key) => !['dtype', 'min', 'max'].includes(key));
  if (options === undefined || strange !== undefined) throw invalid(`"${where}" is { dtype, min, max }`);
  const { dtype = 'fixed' } = options;
  if (dtype !== 'fixed' && dtype !== 'integer' && dtype !== 'boolean')
    throw invalid(`"${where}.dtype" is "fixed", "integer" or "boolean"`);
  const { min, max } = options as Range;
  const range = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  const bound = declaredBound(dtype, fracBits, range, `psi, "${where}"`);
  return { dtype, bound, declared: min !== undefined || max !== undefined };
}

/** By which ledgers list what is opened. */
export const secretName = (party: string, column: string): string => `${party}.${column}`;
