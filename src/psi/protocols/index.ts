/** The protocols for private set intersection. */
import { UsageError } from '../../base/errors.ts';
import { dh } from './dh/protocol.ts';
import type { PsiProtocol } from './protocol.ts';

/** What `psi` can be asked to run. */
export type PsiProtocolName = 'dh';

export const psiProtocols: { readonly [N in PsiProtocolName]: PsiProtocol & { readonly name: N } } = { dh };

/** Where none is named. */
const PSI_PROTOCOL: PsiProtocolName = 'dh';

/** @throws {UsageError} PRIVITY_PSI_ARGUMENTS */
export function psiProtocol(name: unknown = PSI_PROTOCOL): PsiProtocol {
  const found = Object.values<PsiProtocol>(psiProtocols).find((protocol) => protocol.name === name);
  if (found !== undefined) return found;
  const names = Object.keys(psiProtocols).map((known) => `"${known}"`);
  throw new UsageError(
    'PRIVITY_PSI_ARGUMENTS',
    `psi was called with wrong arguments: there is no protocol of this name; there is ${names.join(', ')}.`,
  );
}
