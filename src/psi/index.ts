/**
 * Private set intersection: two parties find the rows that both have, and learn nothing of the others but how many
 * there are. Begin with `psiAlign` (align.ts), which takes two tables; protocol.ts is what crosses between the parties.
 */
export {
  type JoinResult,
  type PsiContext,
  type PsiJoin,
  type PsiOptions,
  prepareJoin,
  psiAlign,
  psiJoin,
} from './align.ts';
export { psiCost } from './exchange.ts';
export { idCount } from './joins/ids.ts';
export { compareKeys, type OwnProfile, type ProfilePlan, prepareProfile } from './profile/compare.ts';
export { expectedProtocol, protocolsFor, psiProtocols } from './protocols/index.ts';
export type { PsiCost, PsiProtocol } from './protocols/protocol.ts';
export { binParts, prepareShares, refuseMinimum } from './shares/join.ts';
