/** Names of the protocols for private set intersection, for those that load none of them. */

/** What `psi` can be asked to run. */
export type PsiProtocolName = 'dh' | 'rr22';

const all: Record<PsiProtocolName, true> = { dh: true, rr22: true };
export const PSI_PROTOCOLS = Object.keys(all) as [PsiProtocolName, ...PsiProtocolName[]];
