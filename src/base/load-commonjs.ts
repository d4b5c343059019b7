import { createRequire } from 'node:module';

/**
 * Loads a package that is CommonJS. `import()` of it reads each of its files twice, once to find the names that it
 * exports; of a large package that is more than half of the time.
 */
export const loadCommonJs: (name: string) => unknown = createRequire(import.meta.url);
