/** Profiles of keys as a step of the program; what is told and compared is in src/psi/profile. */
import { Table } from '../../data/table.ts';
import type { OwnProfile, ProfilePlan } from '../../psi/profile/compare.ts';
import type { KeyComparison } from '../../psi/profile/comparison.ts';
import { MINIMUM_COUNT, MINIMUM_COUNT_FLOOR, MINIMUM_COUNT_MAX } from '../../psi/profile/profile.ts';
import { plainForm } from '../../wire/value-form.ts';
import type { At } from '../model/at.ts';
import type { Handle } from '../model/handle-types.ts';
import type { RunState } from '../state/run-state.ts';
import { type HandleRecord, kindOf } from '../steps/handle.ts';
import { type DeviceStep, issueDevice } from './device.ts';
import { type OtherOwner, type SingleOwner, twoTables } from './psi.ts';
import {
  invalid,
  keysOf,
  keyTextOf,
  normaliseOf,
  type PsiOptions,
  recordOf,
  type Sides,
  wholeOf,
} from './psi-options.ts';

/** Of which keys profiles are compared, and what is told of them. The same at both parties. */
export interface ProfileKeysOptions extends Pick<PsiOptions, 'on' | 'normalise'> {
  /**
   * Rows that a length, a format or a trait has at least for it to be told, and the step in which numbers of rows are
   * told: 11 at least. Default: 20.
   */
  readonly minimumCount?: number;
}

const optionNames: readonly string[] = ['on', 'normalise', 'minimumCount'];

/**
 * Compares how the keys of two tables are written, before an intersection or after one that found few rows: each party
 * tells of each key column how many rows have which length, format (`A{2}9{8}`) and trait (leading zeros, space around,
 * …), and gets both profiles side by side, with the rules of `normalise` that would bring them closer and, of its own
 * rows alone, what these would change.
 *
 * Tells the other party types of key columns and numbers of rows, each rounded down to a multiple of `minimumCount`; no
 * key, and no class of fewer rows (docs/psi.md has what that still says). Listed in the ledger of both. Cost: two
 * messages of 2.8 kB a column; 2 to 10 s of one core for a million rows.
 * @throws {UsageError} PRIVITY_PSI_ARGUMENTS, PRIVITY_HANDLE_EXPECTED, PRIVITY_HANDLE_FOREIGN
 * @example const keys = profileKeys({ on: 'id' }, loans, clicks); // { alice: At<'alice', KeyComparison>, bob: … }
 */
export function profileKeys<A extends string, B extends string>(
  options: ProfileKeysOptions,
  left: At<A, Table> & SingleOwner<A>,
  right: At<B, Table> & SingleOwner<B> & OtherOwner<A, B>,
): { readonly [K in A | B]: At<K, KeyComparison> } {
  const { context, sides, inputs } = twoTables('profileKeys', left, right);
  const { scheduler } = context;
  const { plan, keyText } = checkedProfile(options, sides);
  const step = profileStep(scheduler.state, plan, keyText, sides.members, inputs);
  const handles = issueDevice(scheduler, step);
  const entries = sides.members.map((member, rank): readonly [string, Handle | undefined] => [
    member,
    handles[rank],
  ]);
  return Object.freeze(Object.fromEntries(entries)) as { readonly [K in A | B]: At<K, KeyComparison> };
}

/** @throws {UsageError} PRIVITY_PSI_ARGUMENTS */
function checkedProfile(
  options: unknown,
  { left, members }: Sides,
): { readonly plan: ProfilePlan; readonly keyText: string } {
  const given = recordOf(options) ?? {};
  const strange = Object.keys(given).find((name) => !optionNames.includes(name));
  if (strange !== undefined) throw invalid(`there is no option "${strange}" of profileKeys`);
  const keys = keysOf(given.on);
  const isLeft = members[0] === left;
  return {
    plan: {
      on: isLeft ? [keys.left, keys.right] : [keys.right, keys.left],
      left: isLeft ? 0 : 1,
      normalise: normaliseOf(given.normalise, keys.left),
      minimumCount: wholeOf(
        'minimumCount',
        given.minimumCount ?? MINIMUM_COUNT,
        MINIMUM_COUNT_FLOOR,
        MINIMUM_COUNT_MAX,
      ),
    },
    keyText: keyTextOf(keys),
  };
}

/** What leaves, as ledgers and contracts have it. */
const words = ({ minimumCount }: ProfilePlan): string =>
  `profile of keys: types, and rows by length, format and trait, in steps of ${minimumCount}`;

function profileStep(
  { guard, options }: RunState,
  plan: ProfilePlan,
  keyText: string,
  members: readonly string[],
  inputs: readonly HandleRecord[],
): DeviceStep {
  const rank = members.indexOf(options.party);
  // Loaded with the first profile: it brings the database.
  const room = () => import('../../psi/index.ts');
  let prepared: OwnProfile | undefined;
  const wishes = { ownMinimum: options.minimumRows ?? 0, madeUp: guard.rehearses };
  return {
    kind: 'profile',
    name: `profile of ${keyText}`,
    members,
    inputs,
    source: JSON.stringify(plan),
    discloses: async (input, signal) => {
      if (!(input instanceof Table)) throw invalid(`an input is ${kindOf(input)} and no table`);
      const { prepareProfile } = await room();
      prepared = await prepareProfile(input, rank, plan, { signal, ...wishes });
      return { type: words(plan), form: plainForm(words(plan), undefined) };
    },
    execute: async (channel, context, input) => {
      const { compareKeys, prepareProfile } = await room();
      const table = input as Table;
      const { signal } = channel;
      const own = prepared ?? (await prepareProfile(table, channel.rank, plan, { signal, ...wishes }));
      return compareKeys(channel, table, plan, own, context);
    },
  };
}
