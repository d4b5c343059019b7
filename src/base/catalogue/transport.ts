import type { ErrorEntries } from '../error-entry.ts';

export const transportErrors = {} as const satisfies ErrorEntries;
