/**
 * A few oblivious transfers of random keys from public-key operations: the seeds of OT extension.
 *
 * Reference: Chou and Orlandi, The Simplest Protocol for Oblivious Transfer, LATINCRYPT 2015,
 *   https://eprint.iacr.org/2015/267.
 * Differences: the key is a hash of the OT's index, both first messages, the shared point, the run and the sender's
 * role (the paper's own later advice: without them keys can be related across sessions); points must be canonical, of
 * prime order and not neutral; scalars are uniform, not clamped.
 * Security: semi-honest adversary, one of two parties; computational Diffie-Hellman on edwards25519 in the random
 * oracle model (SHA-256). The choice is hidden perfectly: the receiver's point is uniform whatever it chose. Not
 * claimed: extraction of a malicious receiver's choice.
 * Needs: a source of randomness; sodium-native for the curve.
 * Flow: the sender opens with S = yB; the receiver answers with R = xB, or R = S + xB, for each OT;
 *       the sender has the keys H(yR) and H(yR - yS), the receiver H(xS).
 * Cost: 2 rounds; 32 bytes by the sender for all OTs, 32 bytes an OT by the receiver.
 */
import { createHash } from 'node:crypto';
import type Sodium from 'sodium-native';
import type { DecodeBound } from '../../base/decode-bound.ts';
import { EnvironmentError, invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { SEED_BYTES } from '../prg.ts';
import { violation } from '../violations.ts';
import { ROW_BITS } from './bit-matrix.ts';

export const POINT_BYTES = 32;

/** Two multiplications on the curve for each point of 32 bytes, and there are 128. */
export const BASE_OT_BOUND: DecodeBound = {
  bytesMax: ROW_BITS * POINT_BYTES,
  memory: { perByte: 64, once: 512 * 1024 },
  steps: { perByte: 64, once: 5_000 },
};

type Curve = typeof Sodium;

/** @throws {EnvironmentError} PRIVITY_CURVE_MISSING: sodium-native has no build for this platform. */
export async function loadEdwards(): Promise<Curve> {
  try {
    return (await import('sodium-native')).default;
  } catch {
    throw new EnvironmentError(
      'PRIVITY_CURVE_MISSING',
      'sodium-native cannot be loaded, and oblivious transfer between two parties needs it; a dealer does not',
    );
  }
}

/** Pairs of keys of 16 bytes, one after the other. */
export interface KeyPairs {
  readonly zero: Uint8Array;
  readonly one: Uint8Array;
  /** A digest of both messages, which both parties have: public, and different in every session. */
  readonly transcript: Uint8Array;
}

export interface ChosenKeys {
  readonly keys: Uint8Array;
  readonly transcript: Uint8Array;
}

export class BaseOtSender {
  readonly opening = new Uint8Array(POINT_BYTES);
  readonly #curve: Curve;
  readonly #scalar: Uint8Array;

  constructor(curve: Curve, random: Random) {
    this.#curve = curve;
    this.#scalar = uniformScalar(curve, random);
    written(this.opening, () => curve.crypto_scalarmult_ed25519_base_noclamp(this.opening, this.#scalar));
  }

  /** The keys of all OTs. Only once: the scalar is forgotten. `context`: see {@link receiveBaseOts}. */
  finish(answer: Uint8Array, context: Uint8Array): KeyPairs {
    const curve = this.#curve;
    const count = answer.byteLength / POINT_BYTES;
    const zero = new Uint8Array(count * SEED_BYTES);
    const one = new Uint8Array(count * SEED_BYTES);
    const [square, product, difference] = [point(), point(), point()];
    written(square, () => curve.crypto_scalarmult_ed25519_noclamp(square, this.#scalar, this.opening));
    for (let i = 0; i < count; i++) {
      const received = answer.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES);
      if (!curve.crypto_core_ed25519_is_valid_point(received))
        throw violation('an invalid point in oblivious transfer');
      written(product, () => curve.crypto_scalarmult_ed25519_noclamp(product, this.#scalar, received));
      written(difference, () => curve.crypto_core_ed25519_sub(difference, product, square));
      keyInto(zero, i, this.opening, received, product, context);
      keyInto(one, i, this.opening, received, difference, context);
    }
    for (const secret of [square, product, difference]) secret.fill(0);
    this.destroy();
    return { zero, one, transcript: transcriptOf(this.opening, answer, context) };
  }

  /** Forgets the scalar. Twice is once. */
  destroy(): void {
    this.#scalar.fill(0);
  }
}

/**
 * `choices` are bits, one in each byte. `context`: which run this is and which of the two members sends, so that
 * neither keys of another run nor an opening that is sent back to its sender fit.
 */
export function receiveBaseOts(
  curve: Curve,
  random: Random,
  choices: Uint8Array,
  opening: Uint8Array,
  context: Uint8Array,
): ChosenKeys & { readonly answer: Uint8Array } {
  if (!curve.crypto_core_ed25519_is_valid_point(opening))
    throw violation('an invalid point in oblivious transfer');
  const answer = new Uint8Array(choices.length * POINT_BYTES);
  const keys = new Uint8Array(choices.length * SEED_BYTES);
  const [plain, moved, shared] = [point(), point(), point()];
  for (const [i, choice] of choices.entries()) {
    const scalar = uniformScalar(curve, random);
    written(plain, () => curve.crypto_scalarmult_ed25519_base_noclamp(plain, scalar));
    written(moved, () => curve.crypto_core_ed25519_add(moved, plain, opening));
    const sent = answer.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES);
    // Without a branch on the choice.
    for (let at = 0; at < POINT_BYTES; at++) {
      const here = plain[at] ?? 0;
      sent[at] = here ^ (-choice & (here ^ (moved[at] ?? 0)));
    }
    written(shared, () => curve.crypto_scalarmult_ed25519_noclamp(shared, scalar, opening));
    keyInto(keys, i, opening, sent, shared, context);
    scalar.fill(0);
  }
  for (const secret of [plain, moved, shared]) secret.fill(0);
  return { keys, answer, transcript: transcriptOf(opening, answer, context) };
}

function point(): Uint8Array {
  return new Uint8Array(POINT_BYTES);
}

function uniformScalar(curve: Curve, random: Random): Uint8Array {
  const wide = random.bytes(64);
  const scalar = new Uint8Array(32);
  written(scalar, () => curve.crypto_core_ed25519_scalar_reduce(scalar, wide));
  wide.fill(0);
  return scalar;
}

/**
 * Bindings have been seen to write nothing into memory they do not know. Zeros are no scalar and no encoding of a
 * point, and memory that serves again must not pass off the result of the call before.
 */
function written(output: Uint8Array, work: () => void): void {
  output.fill(0);
  work();
  invariant(
    output.some((byte) => byte !== 0),
    'the curve library gave no result',
  );
}

/** Puts the key of OT `index` where it belongs among all. */
function keyInto(
  keys: Uint8Array,
  index: number,
  opening: Uint8Array,
  answer: Uint8Array,
  shared: Uint8Array,
  context: Uint8Array,
): void {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, index, true);
  const hash = createHash('sha256').update('privity base ot key 2').update(number);
  // Points have a fixed length, so what is behind them is the context.
  const digest = hash.update(opening).update(answer).update(shared).update(context).digest();
  keys.set(digest.subarray(0, SEED_BYTES), index * SEED_BYTES);
  digest.fill(0);
}

function transcriptOf(opening: Uint8Array, answer: Uint8Array, context: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update('privity base ot transcript 2').update(opening);
  return hash.update(createHash('sha256').update(answer).digest()).update(context).digest();
}
