import * as registry from './registry.ts';
import { isFileOf, type TableSource } from './source.ts';

export const tableSources: readonly TableSource[] = Object.values(registry);

/** Whether `readTable` reads files of such a name. */
export function isTableFile(path: string): boolean {
  return tableSources.some((source) => isFileOf(source, path));
}
