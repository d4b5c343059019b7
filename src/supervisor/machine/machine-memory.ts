import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { availableMemory, defaultMemoryMax } from '../seam/memory-limit.ts';

/** The default of `memoryMax` on this machine, in bytes, for each of so many parties on it. */
export function machineMemoryMax(parties: number): number {
  return defaultMemoryMax(availableMemory(totalmem(), read), parties);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
