/** The part of sodium-native (bindings to libsodium, without types of its own) that this room uses. */
declare module 'sodium-native' {
  interface Sodium {
    /** SHA-512 of `input` into `output` (64 bytes). */
    crypto_hash_sha512(output: Uint8Array, input: Uint8Array): void;
    /** Elligator 2 of 32 bytes (the top bit chooses a sign), times the cofactor, as an Edwards point. */
    crypto_core_ed25519_from_uniform(point: Uint8Array, uniform: Uint8Array): void;
    /** X25519. Throws if the result is zero, that is for points of low order. */
    crypto_scalarmult(output: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
    /** Overwrites memory in a way that the compiler does not remove. */
    sodium_memzero(buffer: Uint8Array): void;
  }
  const sodium: Sodium;
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS, which has no other
  export default sodium;
}
