/**
 * The part of sodium-native (bindings to libsodium, without types of its own) that Privity uses. Points are Edwards
 * points of 32 bytes.
 */
declare module 'sodium-native' {
  interface Sodium {
    /** SHA-512 of `input` into `output` (64 bytes). */
    crypto_hash_sha512(output: Uint8Array, input: Uint8Array): void;
    /** Elligator 2 of 32 bytes (the top bit chooses a sign), times the cofactor, as an Edwards point. */
    crypto_core_ed25519_from_uniform(point: Uint8Array, uniform: Uint8Array): void;
    /** X25519. Throws if the result is zero, that is for points of low order. */
    crypto_scalarmult(output: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
    /** Canonical encoding, on the curve, of the prime order, and not the neutral element. */
    crypto_core_ed25519_is_valid_point(point: Uint8Array): boolean;
    crypto_core_ed25519_add(sum: Uint8Array, left: Uint8Array, right: Uint8Array): void;
    crypto_core_ed25519_sub(difference: Uint8Array, left: Uint8Array, right: Uint8Array): void;
    /** 64 random bytes modulo the order of the group: statistically uniform. */
    crypto_core_ed25519_scalar_reduce(scalar: Uint8Array, wide: Uint8Array): void;
    /** The scalar, as it is (no clamping), times the base point. */
    crypto_scalarmult_ed25519_base_noclamp(point: Uint8Array, scalar: Uint8Array): void;
    /** The scalar, as it is, times a point. Throws when the result is the neutral element. */
    crypto_scalarmult_ed25519_noclamp(product: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
    /** RFC 8439: into `output`, 16 bytes longer than the message. */
    crypto_aead_chacha20poly1305_ietf_encrypt(
      output: Uint8Array,
      message: Uint8Array,
      beside: null,
      unused: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): void;
    /** Throws where the key is another, or a bit has changed. */
    crypto_aead_chacha20poly1305_ietf_decrypt(
      output: Uint8Array,
      unused: null,
      sealed: Uint8Array,
      beside: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): void;
    /** Overwrites memory in a way that the compiler does not remove. */
    sodium_memzero(buffer: Uint8Array): void;
  }
  const sodium: Sodium;
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS, which has no other
  export default sodium;
}
