import { readFileSync } from 'node:fs';

const packageFile = new URL('../../../package.json', import.meta.url);

/** The version of this package, as package.json has it. */
export const PRIVITY_VERSION: string = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string })
  .version;
