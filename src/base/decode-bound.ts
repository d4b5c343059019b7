/** An amount that grows with the input: so much for each of its bytes, and so much once. */
export interface Growth {
  readonly perByte: number;
  readonly once: number;
}

/**
 * What bytes that somebody else has written can cost the decoder that takes them, at most. Stands beside each decoder;
 * `test/fuzz/decoders.test.ts` has the list of all of them and measures with the worst inputs that are known.
 */
export interface DecodeBound {
  /** More bytes than these are refused before any of them is looked at. */
  readonly bytesMax: number;
  /** Bytes of memory that are allocated, also for what is garbage soon. */
  readonly memory: Growth;
  /** Stretches of code without a branch that are executed, as V8 counts them: work that no clock measures. */
  readonly steps: Growth;
}

export function growthAt({ perByte, once }: Growth, bytes: number): number {
  return perByte * bytes + once;
}
