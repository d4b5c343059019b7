/** The protocols for private set intersection. */
import { UsageError } from '../../base/errors.ts';
import type { PsiProtocolName } from '../../base/psi-protocols.ts';
import { chooseProtocol, protocolBits } from '../choice.ts';
import { dh } from './dh/protocol.ts';
import type { PsiProtocol } from './protocol.ts';
import { rr22 } from './rr22/protocol.ts';

export const psiProtocols: { readonly [N in PsiProtocolName]: PsiProtocol & { readonly name: N } } = {
  dh,
  rr22,
};

/**
 * Those that a step may run: the one that is named, or all, of which the parties take one when they know their sizes.
 * @throws {UsageError} PRIVITY_PSI_ARGUMENTS
 */
export function protocolsFor(name: unknown): readonly PsiProtocol[] {
  const all = Object.values<PsiProtocol>(psiProtocols);
  const found = name === undefined ? all : all.filter((protocol) => protocol.name === name);
  if (found.length > 0) return found;
  const names = Object.keys(psiProtocols).map((known) => `"${known}"`);
  throw new UsageError(
    'PRIVITY_PSI_ARGUMENTS',
    `psi was called with wrong arguments: there is no protocol of this name; there is ${names.join(', ')}.`,
  );
}

/**
 * Those of a step that a party takes by its own policy.
 * @param accepted names; undefined: all
 * @throws {UsageError} PRIVITY_PSI_POLICY
 */
export function acceptedOf(
  protocols: readonly PsiProtocol[],
  accepted: readonly string[] | undefined,
): readonly PsiProtocol[] {
  if (accepted === undefined) return protocols;
  const both = protocols.filter(({ name }) => accepted.includes(name));
  if (both.length > 0) return both;
  const names = protocols.map(({ name }) => name).join(' or ');
  throw new UsageError(
    'PRIVITY_PSI_POLICY',
    `the step runs by ${names}, and the party file of this party takes only ${accepted.join(' or ')} (psi.protocols)`,
  );
}

/** The one that is taken for two tables of so many rows, where both parties take all. */
export function expectedProtocol(rows: number): PsiProtocol {
  const all = Object.values<PsiProtocol>(psiProtocols);
  return chooseProtocol(all, protocolBits(all), rows, rows);
}
