/**
 * Curve25519 as the protocol needs it, over sodium-native, or over node:crypto where that has no build for the
 * platform.
 */
import { createHash, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import type Sodium from 'sodium-native';
import { invariant } from '../../../base/errors.ts';
import { intoLittleEndian } from './field25519.ts';
import {
  clearCofactor,
  edwardsToMontgomery,
  elligator2,
  hashToField,
  POINT_BYTES,
  type Sha512,
} from './hash-to-curve.ts';

/** Many points at a time; all arrays are concatenations of 32-byte pieces. */
export interface Curve {
  readonly library: 'sodium-native' | 'node:crypto';
  readonly sha512: Sha512;
  /** encode_to_curve of each message. `messages` is a concatenation of equally long ones. */
  encode(messages: Uint8Array, messageBytes: number, dst: Uint8Array): Uint8Array;
  /** X25519 of the scalar and each point; undefined if one of the points has low order. */
  multiply(scalar: Uint8Array, points: Uint8Array): Uint8Array | undefined;
}

/** What does the arithmetic of an intersection in this process: sodium-native where it can be loaded. */
export async function curveLibrary(): Promise<Curve['library']> {
  return (await loadCurve()).library;
}

export async function loadCurve(): Promise<Curve> {
  try {
    return sodiumCurve((await import('sodium-native')).default);
  } catch {
    return nodeCurve();
  }
}

export function sodiumCurve(sodium: typeof Sodium): Curve {
  const digest = new Uint8Array(64);
  const sha512: Sha512 = (input) => {
    digest.fill(0);
    sodium.crypto_hash_sha512(digest, input);
    requireWritten(digest);
    return digest;
  };
  return {
    library: 'sodium-native',
    sha512,
    encode(messages, messageBytes, dst) {
      const count = pieces(messages, messageBytes);
      const points = new Uint8Array(count * POINT_BYTES);
      // The top bit, a sign for libsodium, stays zero: field elements are below 2^255.
      const element = new Uint8Array(32);
      for (let i = 0; i < count; i++) {
        const message = messages.subarray(i * messageBytes, (i + 1) * messageBytes);
        intoLittleEndian(hashToField(sha512, message, dst), element);
        const point = piece(points, i);
        sodium.crypto_core_ed25519_from_uniform(point, element);
        requireWritten(point);
      }
      const found = edwardsToMontgomery(points);
      for (const secret of [points, element, digest]) secret.fill(0);
      return found;
    },
    multiply(scalar, points) {
      const count = pieces(points, POINT_BYTES);
      const output = new Uint8Array(points.byteLength);
      try {
        for (let i = 0; i < count; i++) sodium.crypto_scalarmult(piece(output, i), scalar, piece(points, i));
      } catch {
        return undefined;
      }
      for (let i = 0; i < count; i++) requireWritten(piece(output, i));
      return output;
    },
  };
}

/** DER of a SubjectPublicKeyInfo and a PKCS #8 private key for X25519 (RFC 8410), up to the 32 bytes of the key. */
const publicKeyPrefix = Buffer.from('302a300506032b656e032100', 'hex');
const privateKeyPrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

export function nodeCurve(): Curve {
  const sha512: Sha512 = (input) => createHash('sha512').update(input).digest();
  return {
    library: 'node:crypto',
    sha512,
    encode(messages, messageBytes, dst) {
      const count = pieces(messages, messageBytes);
      const points = new Uint8Array(count * POINT_BYTES);
      for (let i = 0; i < count; i++) {
        const message = messages.subarray(i * messageBytes, (i + 1) * messageBytes);
        const u = clearCofactor(elligator2(hashToField(sha512, message, dst)));
        invariant(u !== undefined, 'an id hashed to the neutral element');
        intoLittleEndian(u, piece(points, i));
      }
      return points;
    },
    multiply(scalar, points) {
      const count = pieces(points, POINT_BYTES);
      const output = new Uint8Array(points.byteLength);
      const privateKey = privateKeyOf(scalar);
      for (let i = 0; i < count; i++) {
        const key = Buffer.concat([publicKeyPrefix, piece(points, i)]);
        const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
        try {
          output.set(diffieHellman({ privateKey, publicKey }), i * POINT_BYTES);
        } catch {
          return undefined;
        }
      }
      return output;
    },
  };
}

function privateKeyOf(scalar: Uint8Array): KeyObject {
  const key = Buffer.concat([privateKeyPrefix, scalar]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  key.fill(0);
  return privateKey;
}

/**
 * Bindings have been seen to write nothing into memory they do not know. Zeros are no point and no digest: each one is
 * looked at.
 */
function requireWritten(output: Uint8Array): void {
  invariant(
    output.some((byte) => byte !== 0),
    'the curve library gave no result',
  );
}

function piece(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.subarray(index * POINT_BYTES, (index + 1) * POINT_BYTES);
}

function pieces(bytes: Uint8Array, pieceBytes: number): number {
  const count = bytes.byteLength / pieceBytes;
  invariant(Number.isInteger(count), 'a concatenation has a length that is no multiple of its pieces');
  return count;
}
