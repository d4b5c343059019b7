/** What a run of a proposal is expected to cost, told before anybody approves it. Pure. */
import type { PublishedSchema } from '../../data/published-schema.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import type { LinkMeasure } from '../partners/link-gauge.ts';
import { expectedSizes, type RowsFrom } from './expected-sizes.ts';
import { type MemoryNeed, memoryNeeds } from './memory-estimate.ts';
import { type NetworkTime, networkTimes } from './network-time.ts';

export interface ExpectedPrice {
  /** Whose links and limit these are. */
  readonly party: string;
  /** Of the tables that the price is told for. */
  readonly rows: number;
  readonly rowsFrom: RowsFrom;
  /** Empty: the contract has no price. */
  readonly links: readonly NetworkTime[];
  readonly memory: readonly MemoryNeed[];
  /** What a program may hold at this party, in bytes. */
  readonly memoryMaxBytes: number;
}

export interface KnownForPrice {
  readonly self: string;
  readonly memoryMaxBytes: number;
  readonly schemaOf: (party: string, dataset: string) => PublishedSchema | undefined;
  readonly measureOf: (partner: string) => LinkMeasure | undefined;
}

export function expectedPrice(
  document: Pick<ProposalDocument, 'datasets' | 'parties'>,
  contract: Contract,
  { self, memoryMaxBytes, schemaOf, measureOf }: KnownForPrice,
): ExpectedPrice {
  const sizes = expectedSizes(document, schemaOf);
  return {
    party: self,
    rows: sizes.rows,
    rowsFrom: sizes.rowsFrom,
    links: networkTimes(contract, self, sizes, measureOf),
    memory: memoryNeeds(contract, sizes),
    memoryMaxBytes,
  };
}
