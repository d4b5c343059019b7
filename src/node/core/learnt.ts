/**
 * What partners have learnt of a party's datasets in a run: every value that left it, of each of its tables that was in
 * the run. Pure.
 */
import { tryContract } from '../../observe/contract/contract.ts';
import type { RunReport } from '../../observe/report.ts';
import type { LearntRow } from '../model/records.ts';

type Line = Omit<LearntRow, 'runId'>;

/** Of a run whose supervisor was killed before it could write a report: what the run was allowed to tell. */
export interface Allowed {
  readonly contract: unknown;
  readonly self: string;
}

/** Without a report all that may have left is taken to have left: what is remembered is never less than what is so. */
export function learntFrom(
  datasets: readonly string[],
  from: Pick<RunReport, 'disclosures'> | Allowed,
  at: number,
): readonly Line[] {
  const told = 'disclosures' in from ? from.disclosures : allowed(from);
  return told.flatMap(({ name, kind, to, type, shape }) =>
    to.flatMap((partner) =>
      datasets.map((dataset) => ({ dataset, partner, step: name, kind, type, shape: shape ?? null, at })),
    ),
  );
}

function allowed({
  contract,
  self,
}: Allowed): readonly Pick<RunReport['disclosures'][number], 'name' | 'kind' | 'to' | 'type' | 'shape'>[] {
  const read = tryContract(contract);
  if (!('contract' in read)) return [];
  return read.contract.discloses
    .filter((entry) => entry.from === self)
    .map(({ step, kind, to, what }) => ({ name: step, kind, to, type: `${what} (perhaps)` }));
}
