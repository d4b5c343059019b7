import type { ErrorEntries } from '../error-entry.ts';

export const dataErrors = {} as const satisfies ErrorEntries;
