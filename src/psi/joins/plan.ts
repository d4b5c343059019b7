/** What both parties of a join have to want alike, beside the protocol. Pure. */
import { createHash } from 'node:crypto';
import { canonical } from '../../base/canonical.ts';
import type { PsiProtocol } from '../protocols/protocol.ts';
import { NORMALISE_VERSION, type NormaliseRule } from './normalise.ts';

/** Which rows of its own a receiver gets. */
export const JOINS = ['inner', 'left', 'anti'] as const;
export type JoinKind = (typeof JOINS)[number];

/** Ranks, or both; none where the result is left as shares. */
export type Receivers = 'both' | 'none' | 0 | 1;

export interface JoinPlan {
  /** Key columns of the party of each rank, those of one place belong together. */
  readonly on: readonly [readonly string[], readonly string[]];
  /** For each key column what brings its text to one form; a column that is missing here has none. */
  readonly normalise: readonly (readonly NormaliseRule[])[];
  /** Rows without a key. */
  readonly nulls: 'error' | 'leave out';
  /** Rows that one key may have; undefined: one, and more are an error of another name. */
  readonly duplicatesUpTo: number | undefined;
  readonly join: JoinKind;
  /** Rank of the party whose rows a left join keeps. */
  readonly left: 0 | 1;
  readonly receivers: Receivers;
  /** Fewer rows are no result for anybody. */
  readonly minimumRows: number;
  /** By rank of their owner: columns that the other party gets of matched rows. */
  readonly payload: readonly [readonly string[], readonly string[]];
  /** The result is how many rows match, and nothing else. */
  readonly cardinality: boolean;
}

/** What is joined where nothing but the key columns is said. */
export function plainJoin(on: readonly string[]): JoinPlan {
  return {
    on: [on, on],
    normalise: [],
    nulls: 'error',
    duplicatesUpTo: undefined,
    join: 'inner',
    left: 0,
    receivers: 'both',
    minimumRows: 0,
    payload: [[], []],
    cardinality: false,
  };
}

export const receives = ({ receivers }: Pick<JoinPlan, 'receivers'>, rank: number): boolean =>
  receivers === 'both' || receivers === rank;

/** Whether columns come from a party that does not receive the result: for all its rows, encrypted one by one. */
export const sealsPayload = ({ receivers, payload }: Pick<JoinPlan, 'receivers' | 'payload'>): boolean =>
  receivers !== 'both' && payload[receivers === 0 ? 1 : 0].length > 0;

/**
 * Digest of what both parties must want alike: protocols, run and everything of the plan, with the version of the rules
 * that bring keys to one form.
 * @param binding of the run's step; see `Channel`
 */
export function agreementOn(
  plan: JoinPlan,
  protocols: readonly Pick<PsiProtocol, 'name' | 'version'>[],
  binding: Uint8Array = new Uint8Array(),
): Uint8Array {
  const wanted = { ...plan, duplicatesUpTo: plan.duplicatesUpTo ?? 0, rules: NORMALISE_VERSION };
  const names = protocols.map(({ name, version }) => `${name} ${version}`).join(' or ');
  return createHash('sha256')
    .update(`privity-psi ${names} ${binding.length} `)
    .update(binding)
    .update(canonical(wanted))
    .digest();
}
