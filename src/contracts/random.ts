/** Randomness as a parameter. Production: the operating system's generator; simulator: a seeded one. */
export interface Random {
  bytes(length: number): Uint8Array;
}
