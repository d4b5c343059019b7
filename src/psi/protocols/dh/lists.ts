/** Lists of ids that go in chunks: their order, work on several chunks at a time, and room for what comes. */
import { ignored } from '../../../base/ignored.ts';
import type { PsiLine } from '../../line.ts';
import { sharedBytes } from '../../shared-bytes.ts';
import { ID_BYTES, type PsiSetting } from '../protocol.ts';

/** Ids of both lists below which a thread takes longer to start than the work: some 50 ms of one core. */
const THREADS_FROM_IDS = 512;

/** Threads that are worth starting. */
export function threadsFor({ threads, ownRows, peerRows }: PsiSetting): number {
  return ownRows + peerRows < THREADS_FROM_IDS ? 0 : threads;
}

export interface Pump {
  readonly chunks: number;
  ready(index: number): boolean;
  work(index: number): Promise<Uint8Array>;
  finish(index: number, body: Uint8Array): Promise<void>;
}

/** Works on `depth` chunks at a time and finishes them in order. */
export async function pumped(line: PsiLine, depth: number, pump: Pump): Promise<void> {
  const running: Promise<Uint8Array>[] = [];
  let finished = 0;
  for (let index = 0; finished < pump.chunks; ) {
    const room = running.length < depth && index < pump.chunks;
    if (room && (running.length === 0 || pump.ready(index))) {
      await line.until(() => pump.ready(index));
      const work = pump.work(index++);
      void ignored(work, 'its failure is met when its turn comes');
      running.push(work);
      continue;
    }
    const body = await running.shift();
    await line.until(() => true);
    if (body !== undefined) await pump.finish(finished++, body);
  }
}

/** Room for what a peer sends grows with what has come: a hello of twelve bytes could say any number of rows. */
export function kept(
  before: Uint8Array<ArrayBuffer>,
  at: number,
  bytes: Uint8Array,
  all: number,
): Uint8Array<ArrayBuffer> {
  const needed = at + bytes.byteLength;
  const enough = needed <= before.byteLength;
  const room = enough ? before : new Uint8Array(Math.min(all, Math.max(needed, 2 * before.byteLength)));
  if (!enough) room.set(before);
  room.set(bytes, at);
  return room;
}

/** The ids in another order, for threads: place i gets id order[i]. */
export function reorder(ids: Uint8Array, order: Uint32Array): Uint8Array {
  const output = sharedBytes(ids.byteLength);
  for (const [place, row] of order.entries()) {
    output.set(ids.subarray(row * ID_BYTES, (row + 1) * ID_BYTES), place * ID_BYTES);
  }
  return output;
}
