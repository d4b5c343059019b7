/**
 * Whether a run has told a bit by failing: what a job makes of the values decides whether a step of it fails, and all
 * partners hear that it did. Pure.
 */
import type { RunReport } from '../../observe/report.ts';

/** The step of a party that failed, or that kept back what it should have told. Of a run at most one is counted. */
export function refusalIn(
  { failures, withheld }: Pick<RunReport, 'failures' | 'withheld'>,
  self: string,
): string | undefined {
  const failed = failures.find(({ origin, stepName }) => origin === self && stepName !== undefined);
  return failed?.stepName ?? withheld.find(({ reason }) => reason === 'refused-for-data')?.name;
}
