/** Whether a partner proposes more than this node takes: what waits at one time, and what comes in a day. */
import { PeerError } from '../../base/errors.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import type { NodeStore } from '../store/store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** @throws {PeerError} PRIVITY_PROPOSAL_FLOOD */
export async function checkFlood(
  { proposals }: Pick<NodeStore, 'proposals'>,
  { from, self, now }: { readonly from: string; readonly self: string; readonly now: number },
): Promise<void> {
  const { openProposalsMax, proposalsPerDayMax } = NODE_LIMITS;
  const flood = (text: string): PeerError => new PeerError('PRIVITY_PROPOSAL_FLOOD', text, { party: from });
  if ((await proposals.count('proposed', from)) >= openProposalsMax)
    throw flood(`${openProposalsMax} proposals of ${from} wait for a decision of ${self}`);
  if (await proposals.hasMade(from, proposalsPerDayMax, now - DAY_MS))
    throw flood(`${from} has made ${proposalsPerDayMax} proposals within 24 hours`);
}
