import { ROW_INPUT_BYTES } from './blake3.ts';

const WORDS = ROW_INPUT_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** The inputs of some rows, from `first` on as many as there is room for in `into`; gives how many. */
export function gatherInputs(
  inputs: Uint8Array,
  which: Uint32Array,
  first: number,
  into: Uint32Array,
): number {
  const from = new Uint32Array(inputs.buffer, inputs.byteOffset, inputs.byteLength / 4);
  const count = Math.min(which.length - first, into.length / WORDS);
  for (let at = 0; at < count; at++) {
    const row = WORDS * (which[first + at] ?? 0);
    for (let word = 0; word < WORDS; word++) into[WORDS * at + word] = from[row + word] ?? 0;
  }
  return count;
}

/** The inputs of these rows in memory of their own: to be zeroed. */
export function gathered(inputs: Uint8Array, which: Uint32Array): Uint8Array {
  const some = new Uint32Array(WORDS * which.length);
  gatherInputs(inputs, which, 0, some);
  return new Uint8Array(some.buffer);
}
