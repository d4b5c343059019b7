/** What one party of a join tells the other, in the words of ledgers and contracts. Pure. */
import type { PsiProtocol } from '../protocols/protocol.ts';
import type { JoinIds } from './ids.ts';
import { type JoinPlan, receives } from './plan.ts';

/** What a protocol's words begin with: they are of both parties receiving the intersection. */
const INTERSECTION = 'intersection, ';

/** What the party of `rank` tells: what the other one learns of it by the result, and its size. */
export function toldWords(
  [protocol]: readonly Pick<PsiProtocol, 'discloses'>[],
  plan: JoinPlan,
  rank: number,
): string {
  // All protocols tell the same: a test compares them.
  const discloses = protocol?.discloses ?? '';
  const rest = discloses.startsWith(INTERSECTION) ? discloses.slice(INTERSECTION.length) : discloses;
  if (!receives(plan, 1 - rank)) {
    // That the receiver has failed with too few rows is all that reaches a party that receives nothing.
    const kind = plan.join === 'anti' ? 'do not match' : 'match';
    const bit = plan.minimumRows > 0 ? `, whether at least ${plan.minimumRows} ${kind}` : '';
    return `${rest}${bit}`;
  }
  const size = plan.cardinality ? 'size of the ' : '';
  const upTo = plan.duplicatesUpTo === undefined ? '' : ` with up to ${plan.duplicatesUpTo} rows a key`;
  return `${size}intersection${upTo}, ${rest}`;
}

/** What each of the two tells the other where the result stays as shares: the holder's number is the job's bound. */
export const sharesTold = (holds: boolean): string =>
  holds ? 'key types, bound of its number of rows' : 'key types, number of rows';

/** For the own party: how many rows take no part, and why. */
export function leftOutWords(
  { nulls }: Pick<JoinPlan, 'nulls'>,
  { leftOut }: Pick<JoinIds, 'leftOut'>,
): string | undefined {
  if (nulls === 'error') return undefined;
  return `left out here: ${leftOut.empty} rows without a key, ${leftOut.unreadable} with one that cannot be read`;
}
