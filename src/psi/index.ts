/**
 * Private set intersection: two parties find the rows that both have, and learn nothing of the others but how many there are.
 * Begin with `psiAlign` (align.ts), which takes two tables; protocol.ts is what crosses between the parties.
 */
export { type PsiContext, type PsiOptions, psiAlign } from './align.ts';
export { curveLibrary } from './curve.ts';
export { PSI_THREADS_MAX } from './curve-engine.ts';
export { CHUNK_IDS, type PsiCost, psiCost, tagBytes, WINDOW_CHUNKS } from './messages.ts';
export { PSI_ROWS_MAX } from './protocol.ts';
