import type { ErrorEntries } from '../error-entry.ts';

export const setupErrors = {} as const satisfies ErrorEntries;
