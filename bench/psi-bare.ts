/** The curve work that an id costs each party, and nothing else. Runs in a thread of bench/psi-party.ts. */
import { randomBytes } from 'node:crypto';
import sodium from 'sodium-native';
import { fromBigEndian, intoLittleEndian, p } from '../src/psi/protocols/dh/field25519.ts';

/** Hash to the curve and two multiplications, over and over; gives ids per second. */
export function bareLoop(seconds: number): number {
  const key = randomBytes(32);
  const uniform = new Uint8Array(64);
  const element = new Uint8Array(32);
  const point = new Uint8Array(32);
  const once = randomBytes(32);
  const twice = new Uint8Array(32);
  const started = performance.now();
  let ids = 0;
  for (; performance.now() - started < seconds * 1000; ids++) {
    sodium.crypto_hash_sha512(uniform, element);
    intoLittleEndian(fromBigEndian(uniform.subarray(0, 48)) % p, element);
    sodium.crypto_core_ed25519_from_uniform(point, element);
    // As many multiplications as a party does for an id; of which points does not matter to X25519's time.
    sodium.crypto_scalarmult(twice, key, once);
    sodium.crypto_scalarmult(once, key, twice);
  }
  return ids / ((performance.now() - started) / 1000);
}
