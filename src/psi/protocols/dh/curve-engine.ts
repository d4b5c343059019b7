/** Where curve work runs: on worker threads, or in slices on the calling thread. */
import { invariant } from '../../../base/errors.ts';
import { ThreadPool } from '../../../engine/threads.ts';
import { violation } from '../../messages.ts';
import { takenOver } from '../../shared-bytes.ts';
import { ID_BYTES } from '../protocol.ts';
import { loadCurve } from './curve.ts';
import { blindIds, hashIds, tagPoints } from './curve-tasks.ts';
import type { BlindTask, HashTask, MultiplyTask, TagTask } from './curve-worker.ts';
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
  /** key · point for each point; rejects for points of low order. */
  multiply(points: Uint8Array): Promise<Uint8Array>;
  /** For each id the hash of key · H(id) and the id: HASH_BYTES. */
  hash(ids: Uint8Array): Promise<Uint8Array>;
  /** The same of inverse · point for each id's point; rejects for points of low order. */
  unblind(ids: Uint8Array, points: Uint8Array): Promise<Uint8Array>;
  /** Ends the threads, also in the middle of work, and overwrites the keys. */
  close(): Promise<void>;
}

/** Bytes of a party's secret scalar. */
export const KEY_BYTES = 32;

/** Ids that the calling thread works on before it lets others have a turn: 5 ms. */
const SLICE_IDS = 64;

/**
 * `threads` 0: on the calling thread, for tests and for lists too short to start a thread for. The key, and its inverse
 * where points are to be unblinded, are taken over and overwritten; `signal` ends the threads.
 */
export async function createCurveEngine(
  key: Uint8Array,
  threads: number,
  signal: AbortSignal,
  inverse: Uint8Array = new Uint8Array(),
): Promise<CurveEngine> {
  invariant(key.byteLength === KEY_BYTES && key.some((byte) => byte !== 0), 'a key is not 32 random bytes');
  const own: Keys = { key: takenOver(key), inverse: takenOver(inverse) };
  return threads === 0 ? inlineEngine(own) : threadedEngine(own, threads, signal);
}

interface Keys {
  readonly key: Uint8Array;
  readonly inverse: Uint8Array;
}

async function threadedEngine(
  { key, inverse }: Keys,
  threads: number,
  signal: AbortSignal,
): Promise<CurveEngine> {
  const pool = await ThreadPool.open('curve', new URL('./curve-worker.js', import.meta.url), threads, signal);
  return {
    depth: pool.threads + 1,
    async blind(ids) {
      const task: BlindTask = { key, ids: crossing(ids) };
      return ownPoints(await pool.call('blind', task));
    },
    async tag(points, tagBytes) {
      const task: TagTask = { key, points: crossing(points), tagBytes };
      return ofPeer(await pool.call('tag', task));
    },
    async multiply(points) {
      const task: MultiplyTask = { key, points: crossing(points) };
      return ofPeer(await pool.call('multiply', task));
    },
    async hash(ids) {
      const task: HashTask = { key, ids: crossing(ids), points: undefined };
      return ownPoints(await pool.call('hash', task));
    },
    async unblind(ids, points) {
      const task: HashTask = { key: inverse, ids: crossing(ids), points: crossing(points) };
      return ofPeer(await pool.call('hash', task));
    },
    async close() {
      await pool.close();
      for (const secret of [key, inverse]) secret.fill(0);
    },
  };
}

/** Shared memory as it is. Else a copy of just what is needed: whatever is behind a view would cross with it. */
function crossing(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes : new Uint8Array(bytes);
}

async function inlineEngine({ key, inverse }: Keys): Promise<CurveEngine> {
  const curve = await loadCurve();
  let closed = false;
  const sliced = async (
    input: Uint8Array,
    pieceBytes: number,
    work: (slice: Uint8Array, at: number) => Uint8Array,
  ) => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < input.byteLength && !closed; at += SLICE_IDS * pieceBytes) {
      parts.push(work(input.subarray(at, at + SLICE_IDS * pieceBytes), at));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Buffer.concat(parts);
  };
  return {
    depth: 1,
    blind: (ids) => sliced(ids, ID_BYTES, (slice) => ownPoints(blindIds(curve, key, slice))),
    tag: (points, tagBytes) =>
      sliced(points, POINT_BYTES, (slice) => ofPeer(tagPoints(curve, key, slice, tagBytes))),
    multiply: (points) => sliced(points, POINT_BYTES, (slice) => ofPeer(curve.multiply(key, slice))),
    hash: (ids) =>
      sliced(ids, ID_BYTES, (slice) => ownPoints(hashIds(curve, key, { ids: slice, points: undefined }))),
    unblind: (ids, points) =>
      // An id takes as many bytes as a point.
      sliced(ids, ID_BYTES, (slice, at) =>
        ofPeer(hashIds(curve, inverse, { ids: slice, points: points.subarray(at, at + slice.byteLength) })),
      ),
    close() {
      closed = true;
      for (const secret of [key, inverse]) secret.fill(0);
      return Promise.resolve();
    },
  };
}

function ownPoints(points: Uint8Array | undefined): Uint8Array {
  invariant(points !== undefined, 'an id hashed to a point of low order');
  return points;
}

/** What has been made of the peer's points. */
function ofPeer(made: Uint8Array | undefined): Uint8Array {
  if (made === undefined) throw violation('a point of low order');
  return made;
}
