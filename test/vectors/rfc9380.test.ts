import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import sodium from 'sodium-native';
import { type Curve, nodeCurve, sodiumCurve } from '../../src/psi/protocols/dh/curve.ts';
import {
  clearCofactor,
  elligator2,
  expandMessageXmd,
  hashToField,
} from '../../src/psi/protocols/dh/hash-to-curve.ts';

interface Vector {
  readonly msg: string;
}
interface Suite<T> {
  readonly dst: string;
  readonly vectors: readonly (Vector & T)[];
}
interface Vectors {
  readonly 'curve25519_XMD:SHA-512_ELL2_NU_': Suite<{
    readonly u: string;
    readonly qx: string;
    readonly px: string;
  }>;
  readonly 'expand_message_xmd_SHA-512': Suite<{ readonly output: string }>;
}

/** The compiled test runs from the output folder; the vectors stay with the source. */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const vectors = JSON.parse(readFileSync(`${root}test/vectors/rfc9380-curve25519.json`, 'utf8')) as Vectors;

function message(name: string): Uint8Array {
  if (name === 'q128') return Buffer.from(`q128_${'q'.repeat(128)}`);
  if (name === 'a512') return Buffer.from(`a512_${'a'.repeat(512)}`);
  return Buffer.from(name);
}

const sha512 = (input: Uint8Array) => createHash('sha512').update(input).digest();
const hex = (x: bigint | undefined) => x?.toString(16).padStart(64, '0');
const littleEndianHex = (bytes: Uint8Array) => Buffer.from(bytes).reverse().toString('hex');

describe('RFC 9380', () => {
  it('expand_message_xmd with SHA-512 (appendix K.3)', () => {
    const { dst, vectors: list } = vectors['expand_message_xmd_SHA-512'];
    assert.equal(list.length, 10);
    for (const { msg, output } of list) {
      const got = expandMessageXmd(sha512, message(msg), Buffer.from(dst), output.length / 2);
      assert.equal(Buffer.from(got).toString('hex'), output);
    }
  });

  it('curve25519_XMD:SHA-512_ELL2_NU_, step by step (appendix J.4.2)', () => {
    const { dst, vectors: list } = vectors['curve25519_XMD:SHA-512_ELL2_NU_'];
    assert.equal(list.length, 5);
    for (const { msg, u, qx, px } of list) {
      const element = hashToField(sha512, message(msg), Buffer.from(dst));
      assert.equal(hex(element), u);
      assert.equal(hex(elligator2(element)), qx);
      assert.equal(hex(clearCofactor(elligator2(element))), px);
    }
  });

  for (const curve of [sodiumCurve(sodium), nodeCurve()] satisfies Curve[]) {
    it(`curve25519_XMD:SHA-512_ELL2_NU_ as ${curve.library} computes it`, () => {
      const { dst, vectors: list } = vectors['curve25519_XMD:SHA-512_ELL2_NU_'];
      for (const { msg, px } of list) {
        const bytes = message(msg);
        // A concatenation of empty messages has no length; the empty one goes through the step-by-step test.
        if (bytes.byteLength === 0) continue;
        const twice = Buffer.concat([bytes, bytes]);
        const points = curve.encode(twice, bytes.byteLength, Buffer.from(dst));
        assert.equal(littleEndianHex(points.subarray(0, 32)), px);
        assert.equal(littleEndianHex(points.subarray(32)), px);
      }
    });

    it(`X25519 as ${curve.library} computes it (RFC 7748 section 5.2)`, () => {
      const scalar = Buffer.from('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4', 'hex');
      const point = Buffer.from('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c', 'hex');
      const result = curve.multiply(scalar, point);
      assert.equal(
        Buffer.from(result ?? []).toString('hex'),
        'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
      );
    });
  }
});
