/** Runs in a worker thread of the pool in curve-engine.ts. */
import { loadCurve } from './curve.ts';
import { blindIds, tagPoints } from './curve-tasks.ts';

const loading = loadCurve();

export interface BlindTask {
  readonly key: Uint8Array;
  readonly ids: Uint8Array;
}

export interface TagTask {
  readonly key: Uint8Array;
  readonly points: Uint8Array;
  readonly tagBytes: number;
}

export async function blind({ key, ids }: BlindTask): Promise<Uint8Array | undefined> {
  return blindIds(await loading, key, ids);
}

export async function tag({ key, points, tagBytes }: TagTask): Promise<Uint8Array | undefined> {
  return tagPoints(await loading, key, points, tagBytes);
}
