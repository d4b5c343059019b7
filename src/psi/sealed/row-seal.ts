/**
 * Encryption of one row under a key of its own: ChaCha20-Poly1305 (RFC 8439) with a nonce of zeros, which is safe for a
 * key that encrypts one message: nonces tell messages of one key apart. What is not encrypted looks drawn to everybody
 * without the key, the tag too, since both come from a stream under that key.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type Sodium from 'sodium-native';

/** What a row has beside its bytes. */
export const SEAL_BYTES = 16;

const NONCE = Buffer.alloc(12);

export interface RowSeal {
  readonly library: 'sodium-native' | 'node:crypto';
  seal(key: Uint8Array, row: Uint8Array, into: Uint8Array): void;
  /** False: it was not sealed under this key, and `into` holds nothing of it. */
  open(key: Uint8Array, sealed: Uint8Array, into: Uint8Array): boolean;
}

/** Five times as fast in sodium-native; the bytes are the same. */
export async function loadRowSeal(): Promise<RowSeal> {
  try {
    return sodiumRowSeal((await import('sodium-native')).default);
  } catch {
    return nodeRowSeal();
  }
}

export function sodiumRowSeal(sodium: typeof Sodium): RowSeal {
  return {
    library: 'sodium-native',
    seal(key, row, into) {
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(into, row, null, null, NONCE, key);
    },
    open(key, sealed, into) {
      try {
        sodium.crypto_aead_chacha20poly1305_ietf_decrypt(into, null, sealed, null, NONCE, key);
        return true;
      } catch {
        into.fill(0);
        return false;
      }
    },
  };
}

export function nodeRowSeal(): RowSeal {
  const options = { authTagLength: SEAL_BYTES };
  return {
    library: 'node:crypto',
    seal(key, row, into) {
      const cipher = createCipheriv('chacha20-poly1305', key, NONCE, options);
      into.set(cipher.update(row));
      cipher.final();
      into.set(cipher.getAuthTag(), row.byteLength);
    },
    open(key, sealed, into) {
      const end = sealed.byteLength - SEAL_BYTES;
      const decipher = createDecipheriv('chacha20-poly1305', key, NONCE, options);
      decipher.setAuthTag(sealed.subarray(end));
      const row = decipher.update(sealed.subarray(0, end));
      try {
        decipher.final();
        into.set(row);
        return true;
      } catch {
        into.fill(0);
        return false;
      } finally {
        row.fill(0);
      }
    },
  };
}
