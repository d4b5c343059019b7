/** Signatures of what nodes say to each other, by the key that the federation pins for TLS, or one of before. */
import { PeerError } from '../../base/errors.ts';
import { createSigner, isSignedByMember } from '../../supervisor/party/signer.ts';
import type { FederationMember } from '../../supervisor/seam/options.ts';
import { type Signed, signedOf } from '../model/proposal.ts';

type Kind = Parameters<typeof signedOf>[0];

export interface Signing {
  sign<T>(kind: Kind, document: T): Signed<T>;
  /** @throws {PeerError} PRIVITY_NODE_MESSAGE: it is not signed by the key of that party */
  check(kind: Kind, party: string, signed: Signed<unknown>): void;
}

export function signingOf(keyPem: string, federation: readonly FederationMember[]): Signing {
  const signer = createSigner(keyPem, federation);
  return {
    sign: (kind, document) => ({ document, signature: signer.sign(signedOf(kind, document)) }),
    check(kind, party, { document, signature }) {
      const member = federation.find(({ name }) => name === party);
      if (member !== undefined && isSignedByMember(member, signedOf(kind, document), signature)) return;
      throw new PeerError(
        'PRIVITY_NODE_MESSAGE',
        `a ${kind} of ${party} is not signed by the key that the federation lists for it`,
        { party },
      );
    },
  };
}
