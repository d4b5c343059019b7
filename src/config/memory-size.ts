/**
 * A size of memory, as people write it in a party file and on the command line. Always with its unit: a bare number
 * would be guessed at.
 */
import { MEMORY_MAX_LEAST } from '../supervisor/seam/memory-limit.ts';

const MIB = 1024 ** 2;
const unitBytes: Readonly<Record<string, number>> = { MiB: MIB, GiB: 1024 * MIB, TiB: 1024 ** 2 * MIB };

/** More than any machine has; what is written so is a mistake of the unit. */
const MEMORY_BYTES_MAX = 64 * 1024 ** 2 * MIB;

export const memoryExpected = `a size such as 512MiB, 2GiB or 1.5GiB, from ${MEMORY_MAX_LEAST / MIB}MiB to 64TiB`;

/** Bytes of a size with its unit, `MiB`, `GiB` or `TiB`; undefined if the text is none, or out of range. */
export function memoryBytes(text: string): number | undefined {
  const match = /^(\d{1,8}(?:\.\d{1,3})?)(MiB|GiB|TiB)$/.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (unitBytes[match?.[2] ?? ''] ?? Number.NaN));
  return bytes >= MEMORY_MAX_LEAST && bytes <= MEMORY_BYTES_MAX ? bytes : undefined;
}

/** The way back: whole MiB. */
export const memorySize = (bytes: number): string => `${Math.floor(bytes / MIB)}MiB`;
