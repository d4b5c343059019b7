/**
 * Inner loops of set intersection, compiled to WebAssembly by AssemblyScript (see scripts/kernels.mjs). Arguments are
 * addresses in the module's memory and counts; the caller (src/psi/rows/wasm-row-kernels.ts) lays the operands out.
 * What each function computes is said, in TypeScript, by src/psi/rows/row-kernels.ts, and a test compares the two.
 */
export { hashRows } from './psi-blake3';
export { copyValues, decode, eliminate, mapBlocks, solve, sortRows } from './psi-okvs';
export { countTags, layTags, matchParts, partTags } from './psi-tags';
