/** Whether the datasets that a proposal names are there, as far as its proposer can know. Pure. */
import { UsageError } from '../../base/errors.ts';
import type { ProposalDocument } from '../model/proposal.ts';

export interface KnownDatasets {
  readonly self: string;
  /** Names of this party's own. */
  readonly own: readonly string[];
  /** Names that a partner has published for this party. */
  readonly publishedOf: (partner: string) => readonly string[];
}

/**
 * What may still be missing: a partner that has published nothing here may publish it with its grant.
 *
 * @throws {UsageError} PRIVITY_DATASET_UNKNOWN: none of that name is there
 */
export function askedDatasets(
  { datasets, parties }: Pick<ProposalDocument, 'datasets' | 'parties'>,
  { self, own, publishedOf }: KnownDatasets,
): readonly string[] {
  const warnings: string[] = [];
  for (const party of parties)
    for (const [setting, name] of Object.entries(datasets[party] ?? {})) {
      const known = party === self ? own : publishedOf(party);
      if (known.includes(name)) continue;
      const asked = `${party}.${setting}=${name}`;
      if (party === self)
        throw new UsageError(
          'PRIVITY_DATASET_UNKNOWN',
          `${asked}: ${self} has no dataset ${name}; ${only(known)}`,
        );
      if (known.length > 0)
        throw new UsageError(
          'PRIVITY_DATASET_UNKNOWN',
          `${asked}: ${party} has published no dataset ${name} for ${self}; ${only(known)}`,
        );
      warnings.push(
        `${asked}: ${party} has published nothing for ${self} yet; it cannot approve before it has granted ${name}`,
      );
    }
  return warnings;
}

const only = (names: readonly string[]): string =>
  names.length === 0 ? 'none at all' : `only ${names.join(', ')}`;
