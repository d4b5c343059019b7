/** Protocols know members by rank; who reads an error knows parties by name. */
import { PeerError } from '../../../base/errors.ts';
import { MemberError } from '../../../secure/violations.ts';
import type { DeviceRecord } from './records.ts';

type Device = Pick<DeviceRecord, 'ranks' | 'members' | 'dealer'>;

/** The same error with the party that it is about, if it is about one. */
export function naming(error: unknown, device: Device, self: string): unknown {
  if (!(error instanceof PeerError) || error.party !== undefined) return error;
  const party = partyOf(error, device, self);
  if (party === undefined) return error;
  return new PeerError(error.code, `${party}: ${error.message}`, { party, cause: error });
}

function partyOf(error: PeerError, { ranks, members, dealer }: Device, self: string): string | undefined {
  if (error instanceof MemberError) return ranks[error.member];
  // A dealer knows which member has sent what; a member has such messages from the dealer alone.
  if (error.code === 'PRIVITY_DEALER_PROTOCOL') return dealer;
  // Oblivious transfer checks what it reads outside of rounds; it is between two.
  if (error.code !== 'PRIVITY_SECURE_PROTOCOL' || members.length !== 2) return undefined;
  return members.find((member) => member !== self);
}
