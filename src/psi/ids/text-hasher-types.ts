import type { TextRoom } from '../../data/text-runs.ts';

/** Texts are copied into it and hashed together. */
export interface TextHasher extends TextRoom {
  readonly name: 'wasm' | 'typescript';
  /** Digests of the first `count` texts, one behind the other: good until the next call. */
  hash(count: number): Uint8Array;
  /** No text and no digest is left in it. */
  clear(): void;
}

/** Texts hashed together: the rows of a vector, whose entries take 32 KiB of the room for their bytes. */
export const TEXTS_AT_ONCE = 2048;
/** A longer text is hashed by itself. Much larger than what a vector of ids has, so that it takes one call. */
export const TEXT_ROOM_BYTES = 2 ** 20;
