import type { NodeStore } from '../store/store.ts';

/** Who has made a proposal, as the audit log says: `person:ann` of this party, or `partner:bob`. */
export async function proposedBy({ audit }: NodeStore, id: string): Promise<string | undefined> {
  const lines = await audit.page({ about: id, limit: 100 });
  return lines.find(({ what }) => what === 'proposal.made')?.by;
}
