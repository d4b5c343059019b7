/** Which grant covers what a proposal asks of a dataset. Pure. */
import type { Grant } from '../model/dataset.ts';
import type { ProposalDocument } from '../model/proposal.ts';

export type Covered =
  | { readonly grant: Grant }
  /** Why none does, for this party's people. */
  | { readonly why: string };

export interface AskedOfDataset {
  readonly dataset: string;
  readonly partner: string;
  readonly purpose: string;
  readonly now: number;
  /** Runs that this proposal has noted as uses already do not count against it again. */
  readonly isNoted?: boolean;
}

/** The first that covers it; otherwise what is wrong with the nearest one. */
export function coveringGrant(grants: readonly Grant[], asked: AskedOfDataset): Covered {
  const { dataset, partner, purpose } = asked;
  const own = grants.filter((grant) => grant.dataset === dataset && grant.partner === partner);
  if (own.length === 0) return { why: `${partner} has no grant for the dataset ${dataset}` };
  const whys: string[] = [];
  for (const grant of own) {
    const why = whyNot(grant, asked);
    if (why === undefined) return { grant };
    whys.push(`grant ${grant.id} ${why}`);
  }
  return { why: `no grant of ${partner} covers ${dataset} for "${purpose}": ${whys.join(', ')}` };
}

function whyNot(grant: Grant, { purpose, now, isNoted }: AskedOfDataset): string | undefined {
  if (grant.revokedAt !== null) return 'is revoked';
  if (grant.until <= now) return `ended ${new Date(grant.until).toISOString()}`;
  if (!isSamePurpose(grant.purpose, purpose)) return `is for "${grant.purpose}"`;
  if (grant.usesMax !== undefined && grant.uses >= grant.usesMax && !isNoted)
    return `is used up (${grant.usesMax} runs)`;
  if (grant.refusals > grant.refusalsMax)
    return `has no refusals left (${grant.refusals} that depended on values, at most ${grant.refusalsMax})`;
  return undefined;
}

/** People write it: letters count, neither their case nor the space between. */
export const isSamePurpose = (a: string, b: string): boolean => plain(a) === plain(b);
const plain = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase();

/** The datasets of a party that a proposal asks for, by the setting of the job that they are for. */
export const datasetsOf = (
  { datasets }: ProposalDocument,
  party: string,
): readonly (readonly [string, string])[] => Object.entries(datasets[party] ?? {});
