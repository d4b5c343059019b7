/** What the one who decides about a proposal sees beside what it would tell. */
import { systemClock } from '../../base/system.ts';
import { readContract } from '../../observe/contract/contract.ts';
import { type Cover, coversOf, warningsOf } from '../core/cover.ts';
import { datasetsOf } from '../core/grants.ts';
import type { Dataset } from '../model/dataset.ts';
import { PROPOSAL_MESSAGE, type ProposalDocument } from '../model/proposal.ts';
import type { LearntSummary } from '../model/records.ts';
import type { PrivityNode } from '../node.ts';

/** Lines of what a partner has learnt of a dataset that are shown with a proposal. */
const LEARNT_SHOWN = 100;

export interface ForApprover {
  readonly learnt: readonly LearntSummary[];
  readonly grants: readonly Cover[];
  readonly warnings: readonly string[];
}

export async function forApprover(node: PrivityNode, document: ProposalDocument): Promise<ForApprover> {
  const { store, config } = node;
  const self = config.party.party;
  const datasets = new Map<string, Dataset>();
  const learnt: LearntSummary[] = [];
  for (const name of new Set(datasetsOf(document, self).map(([, dataset]) => dataset))) {
    const dataset = await store.datasets.get(name);
    if (dataset !== undefined) datasets.set(name, dataset);
    for (const partner of document.parties)
      if (partner !== self) learnt.push(...(await store.learnt.summary(name, partner, LEARNT_SHOWN)));
  }
  const known = await store.grants.list({ partner: document.proposer });
  const grants = coversOf(document, self, known, datasets, systemClock.wallTime());
  return { learnt, grants, warnings: warningsOf(document, readContract(document.contract), grants) };
}

export interface NotTaken {
  readonly party: string;
  readonly code: string;
  readonly message: string;
  readonly at: number;
}

/** Partners whose nodes will not take a proposal of this party, however often it comes. */
export async function notTaken({ store }: PrivityNode, id: string): Promise<readonly NotTaken[]> {
  const lines = await store.audit.page({ about: `${PROPOSAL_MESSAGE}${id}`, limit: 100 });
  return lines
    .filter(({ what }) => what === 'message.refused')
    .map(({ by, detail, at }) => ({
      party: by.replace(/^partner:/, ''),
      code: String(detail.code),
      message: String(detail.message),
      at,
    }));
}
