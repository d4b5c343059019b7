import { invariant } from '../base/errors.ts';

/**
 * Secrets that threads work with lie in memory that they share: what crosses as a copy is in several places that nobody
 * can overwrite, and what is shared is gone with one fill, also when a thread was ended in the middle of its work.
 */
export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** The same in shared memory; what was given is overwritten. */
export function takenOver(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = sharedBytes(bytes.byteLength);
  shared.set(bytes);
  bytes.fill(0);
  return shared;
}

type Secret = Uint8Array | Uint32Array;

/** What threads may still read or write: it is zeroed when it is used up, and all that is left when they have ended. */
export class SharedSecrets {
  readonly #all = new Set<Secret>();
  #hasEnded = false;

  add<T extends Secret>(secret: T): T {
    this.#all.add(secret);
    if (this.#hasEnded) this.destroy();
    invariant(!this.#hasEnded, 'a secret of what has ended');
    return secret;
  }

  /** Zeroes secrets with which no thread works any more. */
  forget(...secrets: readonly Secret[]): void {
    for (const secret of secrets) {
      secret.fill(0);
      this.#all.delete(secret);
    }
  }

  /** When threads have ended: before that, one could write a secret again. */
  destroy(): void {
    this.#hasEnded = true;
    this.forget(...this.#all);
  }
}
