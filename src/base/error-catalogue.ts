/**
 * Every error code that a user can meet, with what it means and what to do. docs/errors.md is generated from here, and a
 * test fails when a code is used that is not listed, or listed and not used.
 *
 * One file a room keeps the lists readable; the prefix PRIVITY_ makes a code findable in any log.
 */
import { coreErrors } from './catalogue/core.ts';
import { correlationErrors } from './catalogue/correlation.ts';
import { dataErrors } from './catalogue/data.ts';
import { programErrors } from './catalogue/program.ts';
import { secureErrors } from './catalogue/secure.ts';
import { setupErrors } from './catalogue/setup.ts';
import { transportErrors } from './catalogue/transport.ts';

export const errorCatalogue = {
  ...coreErrors,
  ...setupErrors,
  ...programErrors,
  ...dataErrors,
  ...secureErrors,
  ...correlationErrors,
  ...transportErrors,
} as const;

export type ErrorCode = keyof typeof errorCatalogue;
