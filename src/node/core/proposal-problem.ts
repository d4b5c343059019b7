/** What is wrong with a proposal, be it this party's own. Pure. */
import { tryContract } from '../../observe/contract/contract.ts';
import { bundleDigest, unpackBundle } from '../model/bundle.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import { scheduleProblem, smallestInterval } from './open-proposal.ts';

/** Of the message around a proposal: its signature and names. */
const AROUND_BYTES = 4_096;

export interface KnownHere {
  /** Name of the federation. */
  readonly federation: string;
  /** In its order. */
  readonly parties: readonly string[];
  readonly now: number;
}

/** @throws {PeerError | UsageError} PRIVITY_PROPOSAL_BUNDLE: its files are no bundle */
export function proposalProblem(
  document: ProposalDocument,
  bundle: Uint8Array,
  { federation, parties, now }: KnownHere,
): string | undefined {
  const { job } = document;
  if (document.federation !== federation) return `it is for the federation "${document.federation}"`;
  if (Buffer.byteLength(JSON.stringify(document)) > NODE_LIMITS.proposalBytesMax - AROUND_BYTES)
    return `it has more than ${NODE_LIMITS.proposalBytesMax - AROUND_BYTES} bytes without its files`;
  const known = parties.filter((party) => document.parties.includes(party));
  if (known.join() !== document.parties.join())
    return 'its parties are not those of the federation, in their order';
  if (!document.parties.includes(document.proposer)) return 'the proposer is not one of its parties';
  if (document.expiresAt > now + NODE_LIMITS.validityMaxMs) return 'it is valid for more than half a year';
  if (bundle.length !== job.bundleBytes || bundleDigest(bundle) !== job.bundle)
    return 'its files are not those that it names';
  const unscheduled = scheduleProblem(document);
  if (unscheduled !== undefined) return `its schedule: ${unscheduled}`;
  const interval = smallestInterval(document);
  if (interval < NODE_LIMITS.scheduleIntervalMinMs)
    return `its schedule comes again after ${interval / 1_000} s; at least ${NODE_LIMITS.scheduleIntervalMinMs / 1_000} s have to lie between two runs`;
  const contract = tryContract(document.contract);
  if ('problem' in contract)
    return `its contract: ${contract.problem.path.join('.')}: ${contract.problem.text}`;
  if (contract.contract.parties.join() !== document.parties.join()) return 'its contract is of other parties';
  if (!unpackBundle(bundle).has(job.file)) return 'the job file is not among its files';
  return undefined;
}
