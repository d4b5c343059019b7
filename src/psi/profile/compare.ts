/**
 * Two parties compare profiles of their key columns, to find out why few keys match.
 *
 * Reference: none; a disclosure of counts with a threshold and rounding, as statistical offices publish tables.
 * Security: no cryptography. Each party learns what the other tells, and that is all that crosses: of each key column
 *   the type, and of rows, traits, lengths and formats (profile.ts) the numbers, each rounded down to a multiple of the
 *   minimum count, which is 11 at least. No single key, and no class of fewer rows. It is no differential privacy:
 *   one row more can move a count by a whole step, so a party that knows all other rows can learn its class, and
 *   profiles of two runs can be subtracted. A format of one sign a character says little of a text, and more the fewer
 *   texts there are of it. A party that deviates can lie about its own keys, and learns no more.
 * Needs: both parties want the same columns, rules and minimum, which a digest compares before anything is told.
 * Flow:
 *   each: counts its keys in its database, before it says anything
 *   both: keys(digest of what is wanted, types of the key columns)
 *   both: profile(rounded counts); each makes the same suggestions of both, and looks at what they do to its own rows
 * Cost: 2 messages, 60 and 12 + 2,828 bytes a column; time see measure.ts, once for the profile and once for a rule.
 */
import { createHash } from 'node:crypto';
import { canonical } from '../../base/canonical.ts';
import { PeerError, UsageError } from '../../base/errors.ts';
import type { Channel } from '../../contracts/channel.ts';
import { dropRelation } from '../../data/relation.ts';
import { relationOf, type Table } from '../../data/table.ts';
import { typeAfter } from '../joins/ids.ts';
import { oneForm } from '../joins/keyed.ts';
import { NORMALISE_VERSION } from '../joins/normalise.ts';
import type { JoinPlan } from '../joins/plan.ts';
import { decodeKeyTypes, encodeKeyTypes, type KeyType } from '../key-types.ts';
import { type KeyColumn, keyColumns } from '../keys.ts';
import { PsiLine } from '../line.ts';
import { violation } from '../messages.ts';
import { comparisonText, type KeyComparison, keyProfile, keySuggestion } from './comparison.ts';
import { effectsOf } from './effects.ts';
import { columnCounts } from './measure.ts';
import { decodeProfiles, encodeProfiles } from './messages.ts';
import { type ColumnCounts, type ColumnProfile, PROFILE_VERSION, toldCounts } from './profile.ts';
import { type Suggestion, suggest } from './suggest.ts';

/** The same at both parties. */
export interface ProfilePlan extends Pick<JoinPlan, 'on' | 'left' | 'normalise'> {
  readonly minimumCount: number;
}

export interface ProfileContext {
  readonly signal: AbortSignal;
  /** A line for this party's log. */
  note?(line: string): void;
}

/** What a party tells: of each key column its type, and counts that are rounded already. */
export interface OwnProfile {
  readonly types: readonly KeyType[];
  readonly told: readonly ColumnCounts[];
}

export interface ProfileWishes {
  readonly signal: AbortSignal;
  /** Classes of fewer rows are not told by this party, whatever the job says. */
  readonly ownMinimum?: number;
  /** The rows are made up for a rehearsal. */
  readonly madeUp?: boolean;
}

const keysOf = ({ on }: Pick<ProfilePlan, 'on'>, rank: number): readonly string[] => on[rank === 0 ? 0 : 1];

/**
 * What can be done and found wrong before the peer is told anything.
 * @throws {UsageError} PRIVITY_PSI_USAGE
 * @throws {DataError} PRIVITY_COLUMN_MISSING, PRIVITY_KEY_TYPE
 */
export async function prepareProfile(
  table: Table,
  rank: number,
  plan: ProfilePlan,
  { signal, ownMinimum = 0, madeUp = false }: ProfileWishes,
): Promise<OwnProfile> {
  const relation = relationOf(table);
  const columns = keyColumns(relation, keysOf(plan, rank));
  const form = await oneForm(relation, columns, { normalise: plan.normalise, madeUp }, signal);
  try {
    const told: ColumnCounts[] = [];
    for (const [index, { key }] of columns.entries()) {
      const counts = await columnCounts(form, index, key, plan.minimumCount, signal);
      told.push(toldCounts(counts, plan.minimumCount, ownMinimum));
    }
    const types = columns.map((column, index) => typeAfter(column, plan.normalise[index] ?? []));
    return { types, told };
  } finally {
    await dropRelation(form);
  }
}

/**
 * @param own what {@link prepareProfile} gave for the table
 * @throws {UsageError} PRIVITY_PSI_USAGE
 * @throws {PeerError} PRIVITY_PSI_MISMATCH, PRIVITY_PSI_PROTOCOL
 */
export async function compareKeys(
  channel: Channel,
  table: Table,
  plan: ProfilePlan,
  own: OwnProfile,
  context: ProfileContext,
): Promise<KeyComparison> {
  if (channel.size !== 2)
    throw new UsageError('PRIVITY_PSI_USAGE', `keys are compared by 2 parties, not ${channel.size}`);
  const signal = AbortSignal.any([channel.signal, context.signal]);
  signal.throwIfAborted();
  const theirs = await exchangeProfiles(channel, plan, own, signal);
  const ours = profiles(own.types, own.told);
  const advice = ours.map((profile, index) => {
    const peer = theirs[index];
    return peer === undefined ? [] : suggest(profile, peer);
  });
  const left = plan.on[plan.left];
  const all = {
    minimumCount: plan.minimumCount,
    own: ours.map((profile, at) => keyProfile(keysOf(plan, channel.rank)[at] ?? '', profile)),
    peer: theirs.map((profile, at) => keyProfile(keysOf(plan, 1 - channel.rank)[at] ?? '', profile)),
    suggestions: await withEffects(table, channel.rank, plan, advice, left, signal),
  };
  const text = comparisonText(all);
  for (const line of text.split('\n')) context.note?.(line);
  return Object.freeze({ ...all, text });
}

async function exchangeProfiles(
  channel: Channel,
  plan: ProfilePlan,
  { types, told }: OwnProfile,
  signal: AbortSignal,
): Promise<readonly ColumnProfile[]> {
  const line = new PsiLine(channel);
  const abort = () => line.fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const agreement = agreementOn(plan, channel.binding);
    await line.send({ kind: 'keys', protocols: 0, agreement, types: encodeKeyTypes(types) });
    const keys = await line.receive();
    if (keys.kind !== 'keys') throw violation(`${keys.kind} before keys`);
    if (Buffer.compare(keys.agreement, agreement) !== 0)
      throw new PeerError(
        'PRIVITY_PSI_MISMATCH',
        'the peer wants another profile than this one: other key columns, rules, minimum count, another version or another run',
      );
    const theirTypes = decodeKeyTypes(keys.types, types.length);
    await line.send(encodeProfiles(told));
    return profiles(theirTypes, decodeProfiles(await line.receivePart(), types.length, plan.minimumCount));
  } catch (error) {
    line.fail(error);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const profiles = (types: readonly KeyType[], counts: readonly ColumnCounts[]): readonly ColumnProfile[] =>
  types.flatMap((type, index) => {
    const column = counts[index];
    return column === undefined ? [] : [{ type, ...column }];
  });

function agreementOn(plan: ProfilePlan, binding: Uint8Array = new Uint8Array()): Uint8Array {
  return createHash('sha256')
    .update(`privity-psi profile ${PROFILE_VERSION} ${binding.length} `)
    .update(binding)
    .update(canonical({ ...plan, rules: NORMALISE_VERSION }))
    .digest();
}

async function withEffects(
  table: Table,
  rank: number,
  plan: ProfilePlan,
  advice: readonly (readonly Suggestion[])[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<KeyComparison['suggestions']> {
  const rulesOf = (index: number) => (advice[index] ?? []).flatMap(({ rule }) => rule ?? []);
  const relation = relationOf(table);
  const columns: readonly KeyColumn[] = keyColumns(relation, keysOf(plan, rank));
  const isNeeded = columns.some((_, index) => rulesOf(index).length > 0);
  const { normalise } = plan;
  const form = isNeeded ? await oneForm(relation, columns, { normalise, madeUp: false }, signal) : undefined;
  try {
    const all: KeyComparison['suggestions'][number][] = [];
    for (const [index, { type }] of columns.entries()) {
      const effects = form ? [...(await effectsOf(form, index, type, rulesOf(index), signal))] : [];
      for (const suggestion of advice[index] ?? [])
        all.push(
          keySuggestion(
            names[index] ?? '',
            suggestion,
            suggestion.rule === undefined ? undefined : effects.shift(),
          ),
        );
    }
    return all;
  } finally {
    if (form !== undefined) await dropRelation(form);
  }
}
