/** Looks into the memory of a process for what is marked. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Masked, so that nothing that is not marked has them. */
export const MASK = 0x5bd1e995;
export const ID_MARK = [0x7a3c91e4, 0x1f84d06b, 0xc2957e38, 0x64e1ab5d, 0xd90f2c76] as const;
export const KEY_MARK = [0x38b6f05a, 0xe7124cd9, 0x95ad6b13, 0x4ef0832c] as const;

const CHUNK = 16 * 1024 * 1024;
/** How much of a mark crosses from one chunk to the next. */
const OVERLAP = Math.max(ID_MARK.length, KEY_MARK.length) * 4 - 1;

/** How often the mark stands in all of the memory that a process can write. */
export function marksIn(pid: number, mark: readonly number[]): number {
  const wanted = Buffer.from(Uint32Array.from(mark, (word) => word ^ MASK).buffer);
  let found = 0;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK);
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = '', mode = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (!mode.startsWith('rw')) continue;
      const [first, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
      for (let at = first; at < end; at += CHUNK - OVERLAP) {
        const read = chunk.subarray(0, readable(memory, chunk, Math.min(CHUNK, end - at), at));
        for (let hit = read.indexOf(wanted); hit >= 0; hit = read.indexOf(wanted, hit + 1)) found++;
      }
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

/** Bytes that were read: none where the process has given the region back in the meantime. */
function readable(memory: number, into: Buffer, bytes: number, at: number): number {
  try {
    return readSync(memory, into, 0, bytes, at);
  } catch {
    return 0;
  }
}
