/** What this party says of itself before the run, and what it takes from what the others say. */
import { PRIVITY_VERSION } from '../../base/version.ts';
import { digestOf } from '../../coordination/board.ts';
import { type Hellos, PROTOCOL_VERSION } from '../../coordination/handshake.ts';
import type { Hello } from '../../coordination/types.ts';
import type { FederationMember, PartyOptions } from '../seam/options.ts';

/** What is known only when the job is loaded, or is made for the run. */
type OwnWords = Required<Pick<Hello, 'job' | 'args' | 'nonce' | 'programKey'>> & Pick<Hello, 'contract'>;

export function helloOf(
  { federation: members, federationName, runId = '' }: PartyOptions,
  own: OwnWords,
): Hello {
  const federation = digestOf([federationName, members.map(({ name, fingerprint }) => [name, fingerprint])]);
  return { protocol: PROTOCOL_VERSION, version: PRIVITY_VERSION, federation, runId, ...own };
}

/**
 * The federation as programs know it in this run: by the keys of programs. One that has named none is nobody's peer
 * there.
 */
export function membersByProgramKey(
  federation: readonly FederationMember[],
  hellos: Hellos,
): readonly FederationMember[] {
  return federation.map((member) => ({ ...member, fingerprint: hellos.get(member.name)?.programKey ?? '' }));
}
