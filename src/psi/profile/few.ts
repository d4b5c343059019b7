/** When an intersection looks as if keys of both sides were written in different ways. Pure. */

/**
 * Percent of the smaller table: two tables of the same people that share fewer rows differ in their keys more often
 * than in their people.
 */
const FEW_PERCENT = 1;

/**
 * A line for the log of a party that receives the result: what it says, the result says, too. Undefined where enough
 * rows match.
 */
export function fewMatchesText(
  on: readonly string[],
  matched: number,
  ownRows: number,
  peerRows: number,
): string | undefined {
  if (matched > 0 && 100 * matched >= FEW_PERCENT * Math.min(ownRows, peerRows)) return undefined;
  const how =
    matched === 0 ? 'no row matches' : `fewer than ${FEW_PERCENT} % of the rows of the smaller table match`;
  return `psi on ${on.join(', ')}: ${how}; profileKeys, called as psi is, shows in which form each side has its keys`;
}
