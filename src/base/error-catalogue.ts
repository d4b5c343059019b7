/**
 * Every error code that a user can meet, with what it means and what to do. docs/errors.md is generated from here, and
 * a test fails when a code is used that is not listed, or listed and not used.
 *
 * One file a room keeps the lists readable; the prefix PRIVITY_ makes a code findable in any log.
 */
import { contractErrors } from './catalogue/contract.ts';
import { coreErrors } from './catalogue/core.ts';
import { correlationErrors } from './catalogue/correlation.ts';
import { dataErrors } from './catalogue/data.ts';
import { nodeErrors } from './catalogue/node.ts';
import { programErrors } from './catalogue/program.ts';
import { secureErrors } from './catalogue/secure.ts';
import { setupErrors } from './catalogue/setup.ts';
import { sourceErrors } from './catalogue/sources.ts';
import { statsErrors } from './catalogue/stats.ts';
import { testingErrors } from './catalogue/testing.ts';
import { transportErrors } from './catalogue/transport.ts';
import type { ErrorEntry } from './error-entry.ts';

/** By code, so that the type of the whole lists the codes, in their order, and not their texts. */
const byCode = <Entries extends { readonly [Code in keyof Entries]: ErrorEntry }>(
  entries: Entries,
): { readonly [Code in keyof Entries]: ErrorEntry } => entries;

/**
 * What each code means, what usually leads to it, and what to do about it: as in docs/errors.md and
 * `privity explain CODE`.
 *
 * @example const { remedy } = errorCatalogue.PRIVITY_FILE_MISSING;
 */
export const errorCatalogue = byCode({
  ...coreErrors,
  ...setupErrors,
  ...testingErrors,
  ...programErrors,
  ...contractErrors,
  ...dataErrors,
  ...sourceErrors,
  ...secureErrors,
  ...correlationErrors,
  ...statsErrors,
  ...transportErrors,
  ...nodeErrors,
});

/** The code of an error: stable, and the same in logs, reports and docs/errors.md. */
export type ErrorCode = keyof typeof errorCatalogue;
