/** Runs in a worker thread of the pool in curve-engine.ts. */
import { type Curve, loadCurve } from './curve.ts';
import { blindIds, type HashInput, hashIds, tagPoints } from './curve-tasks.ts';

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

export function blind({ key, ids }: BlindTask): Promise<Uint8Array | undefined> {
  return withKey(key, (curve) => blindIds(curve, key, ids));
}

export function tag({ key, points, tagBytes }: TagTask): Promise<Uint8Array | undefined> {
  return withKey(key, (curve) => tagPoints(curve, key, points, tagBytes));
}

export interface MultiplyTask {
  readonly key: Uint8Array;
  readonly points: Uint8Array;
}

export function multiply({ key, points }: MultiplyTask): Promise<Uint8Array | undefined> {
  return withKey(key, (curve) => curve.multiply(key, points));
}

export interface HashTask extends HashInput {
  readonly key: Uint8Array;
}

export function hash({ key, ...input }: HashTask): Promise<Uint8Array | undefined> {
  return withKey(key, (curve) => hashIds(curve, key, input));
}

/** A task brings a copy of the key into this thread. It is overwritten when the task is done. */
async function withKey<T>(key: Uint8Array, work: (curve: Curve) => T): Promise<T> {
  try {
    return work(await loading);
  } finally {
    key.fill(0);
  }
}
