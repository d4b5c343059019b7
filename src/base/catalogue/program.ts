import type { ErrorEntries } from '../error-entry.ts';

export const programErrors = {} as const satisfies ErrorEntries;
