/** Where curve work runs: on worker threads, or in slices on the calling thread. */
import { invariant } from '../../../base/errors.ts';
import { ThreadPool } from '../../../engine/threads.ts';
import { violation } from '../../messages.ts';
import { ID_BYTES } from '../protocol.ts';
import { loadCurve } from './curve.ts';
import { blindIds, tagPoints } from './curve-tasks.ts';
import type { BlindTask, TagTask } from './curve-worker.ts';
import { POINT_BYTES } from './hash-to-curve.ts';

export interface CurveEngine {
  /** Pieces of work that keep all threads busy. */
  readonly depth: number;
  /** key · H(id) for each id. */
  blind(ids: Uint8Array): Promise<Uint8Array>;
  /**
   * For each point the tag of rank 0 and the tag of rank 1, one after the other. Rejects with PeerError
   * PRIVITY_PSI_PROTOCOL for points of low order.
   */
  tag(points: Uint8Array, tagBytes: number): Promise<Uint8Array>;
  /** Ends the threads, also in the middle of work, and overwrites the key. */
  close(): Promise<void>;
}

/** Bytes of a party's secret scalar. */
export const KEY_BYTES = 32;

/** Ids that the calling thread works on before it lets others have a turn: 5 ms. */
const SLICE_IDS = 64;

/**
 * `threads` 0: on the calling thread, for tests and for lists too short to start a thread for. The key is taken over
 * and overwritten; `signal` ends the threads.
 */
export async function createCurveEngine(
  key: Uint8Array,
  threads: number,
  signal: AbortSignal,
): Promise<CurveEngine> {
  invariant(key.byteLength === KEY_BYTES && key.some((byte) => byte !== 0), 'a key is not 32 random bytes');
  const own = new Uint8Array(key);
  key.fill(0);
  return threads === 0 ? inlineEngine(own) : threadedEngine(own, threads, signal);
}

async function threadedEngine(key: Uint8Array, threads: number, signal: AbortSignal): Promise<CurveEngine> {
  const pool = await ThreadPool.open('curve', new URL('./curve-worker.js', import.meta.url), threads, signal);
  // Copies of just what is needed: whatever is behind a view would cross with it.
  return {
    depth: pool.threads + 1,
    async blind(ids) {
      const task: BlindTask = { key, ids: new Uint8Array(ids) };
      return ownPoints(await pool.call('blind', task));
    },
    async tag(points, tagBytes) {
      const task: TagTask = { key, points: new Uint8Array(points), tagBytes };
      return peerTags(await pool.call('tag', task));
    },
    async close() {
      await pool.close();
      key.fill(0);
    },
  };
}

async function inlineEngine(key: Uint8Array): Promise<CurveEngine> {
  const curve = await loadCurve();
  let closed = false;
  const sliced = async (input: Uint8Array, pieceBytes: number, work: (slice: Uint8Array) => Uint8Array) => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < input.byteLength && !closed; at += SLICE_IDS * pieceBytes) {
      parts.push(work(input.subarray(at, at + SLICE_IDS * pieceBytes)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Buffer.concat(parts);
  };
  return {
    depth: 1,
    blind: (ids) => sliced(ids, ID_BYTES, (slice) => ownPoints(blindIds(curve, key, slice))),
    tag: (points, tagBytes) =>
      sliced(points, POINT_BYTES, (slice) => peerTags(tagPoints(curve, key, slice, tagBytes))),
    close() {
      closed = true;
      key.fill(0);
      return Promise.resolve();
    },
  };
}

function ownPoints(points: Uint8Array | undefined): Uint8Array {
  invariant(points !== undefined, 'an id hashed to a point of low order');
  return points;
}

function peerTags(tags: Uint8Array | undefined): Uint8Array {
  if (tags === undefined) throw violation('a point of low order');
  return tags;
}
