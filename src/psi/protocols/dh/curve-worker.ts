/** Runs in a worker thread of the pool in curve-engine.ts. */
import { loadCurve } from './curve.ts';
import { blindIds, type HashInput, hashIds, tagPoints } from './curve-tasks.ts';

const loading = loadCurve();

export interface BlindTask {
  /** In shared memory: the key of all threads, which the engine overwrites when it has ended them. */
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

export interface MultiplyTask {
  readonly key: Uint8Array;
  readonly points: Uint8Array;
}

export async function multiply({ key, points }: MultiplyTask): Promise<Uint8Array | undefined> {
  return (await loading).multiply(key, points);
}

export interface HashTask extends HashInput {
  readonly key: Uint8Array;
}

export async function hash({ key, ...input }: HashTask): Promise<Uint8Array | undefined> {
  return hashIds(await loading, key, input);
}
