/** Names of the protocols for private set intersection, for those that load none of them. */

export const PSI_PROTOCOLS = ['dh', 'rr22'] as const;
/** What `psi` can be asked to run. */
export type PsiProtocolName = (typeof PSI_PROTOCOLS)[number];
