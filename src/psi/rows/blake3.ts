/**
 * BLAKE3 under a key, of many inputs of 32 bytes each (https://github.com/BLAKE3-team/BLAKE3-specs): for each the first
 * bytes of the extendable output. An input is one block of one chunk, and its first 64 bytes of output are those of the
 * one compression at the root, so that is all there is here.
 */
import { invariant } from '../../base/errors.ts';

const ROW_KEY_BYTES = 32;
export const ROW_INPUT_BYTES = 32;
/** Of one compression. */
const ROW_OUTPUT_BYTES_MAX = 64;

const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a] as const;

/** CHUNK_START, CHUNK_END, ROOT and KEYED_HASH. */
const FLAGS = 1 | 2 | 8 | 16;

const ROUNDS = 7;

/** Where a round finds the words of the one before it. */
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;

/** Words that are mixed: four columns, then four diagonals. */
const MIXED = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

export function hashRows(key: Uint8Array, inputs: Uint8Array, outputBytes: number): Uint8Array {
  const rows = rowsToHash(key, inputs, outputBytes);
  const outputs = new Uint8Array(rows * outputBytes);
  const chaining = wordsOf(key);
  const state = new Uint32Array(16);
  const output = new Uint8Array(state.buffer).subarray(0, outputBytes);
  for (let row = 0; row < rows; row++) {
    compress(state, chaining, wordsOf(inputs.subarray(row * ROW_INPUT_BYTES, (row + 1) * ROW_INPUT_BYTES)));
    outputs.set(output, row * outputBytes);
  }
  state.fill(0);
  chaining.fill(0);
  return outputs;
}

/** How many inputs there are. */
export function rowsToHash(key: Uint8Array, inputs: Uint8Array, outputBytes: number): number {
  invariant(
    key.length === ROW_KEY_BYTES && inputs.length % ROW_INPUT_BYTES === 0,
    'a key or rows of another size',
  );
  invariant(
    Number.isInteger(outputBytes) && outputBytes >= 1 && outputBytes <= ROW_OUTPUT_BYTES_MAX,
    'hashes of an impossible size',
  );
  return inputs.length / ROW_INPUT_BYTES;
}

function compress(state: Uint32Array, chaining: Uint32Array, input: Uint32Array): void {
  state.set(chaining);
  state.set([...INITIAL, 0, 0, ROW_INPUT_BYTES, FLAGS], 8);
  // The rest of the block is zeros.
  let message = [...input, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, [a, b, c, d]] of MIXED.entries()) {
      halfMix(state, a, b, c, d, message[2 * at] as number, 16, 12);
      halfMix(state, a, b, c, d, message[2 * at + 1] as number, 8, 7);
    }
    message = PERMUTATION.map((from) => message[from] as number);
  }
  for (let word = 0; word < 8; word++) {
    const high = state[word + 8] as number;
    state[word] = (state[word] as number) ^ high;
    state[word + 8] = high ^ (chaining[word] as number);
  }
}

function halfMix(
  state: Uint32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  word: number,
  rotateD: number,
  rotateB: number,
): void {
  state[a] = (state[a] as number) + (state[b] as number) + word;
  state[d] = rotateRight((state[d] as number) ^ (state[a] as number), rotateD);
  state[c] = (state[c] as number) + (state[d] as number);
  state[b] = rotateRight((state[b] as number) ^ (state[c] as number), rotateB);
}

function rotateRight(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
