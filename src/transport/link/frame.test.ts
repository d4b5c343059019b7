import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { PeerError } from '../../base/errors.ts';
import { FrameSchema, type Frame as WireFrame } from '../../wire/gen/privity/v1/link_pb.ts';
import {
  decodeFrame,
  encodeAck,
  encodeChunk,
  encodeGoodbye,
  encodeHello,
  encodeNote,
  encodeRefusal,
} from './frame.ts';

const wire = (parts: readonly Uint8Array[]): WireFrame => fromBinary(FrameSchema, Buffer.concat(parts));
const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(Buffer.alloc(4080, 7)));
/** In up to three parts, the last two of which begin at `at` and a little later; both may be far behind the header. */
const cut = (whole: Uint8Array, at: number): Uint8Array[] =>
  [whole.subarray(0, at), whole.subarray(at, at + 9), whole.subarray(at + 9)].filter(
    (part) => part.length > 0,
  );
const same = (left: Uint8Array | undefined, right: Uint8Array | undefined): void =>
  assert.deepEqual(left && Buffer.from(left), right && Buffer.from(right));

describe('frames', () => {
  test('a chunk written by hand reads the same by hand and by the generated code, and the reverse', () => {
    fc.assert(
      fc.property(
        fc.record({
          sequence: number,
          message: number,
          header: fc.option(bytes, { nil: undefined }),
          last: fc.boolean(),
          abandoned: fc.boolean(),
        }),
        fc.array(bytes, { maxLength: 4 }),
        number,
        fc.oneof(fc.nat(500), fc.integer({ min: 4000, max: 9000 })),
        (chunk, parts, acknowledged, at) => {
          const payload = Buffer.concat(parts);
          const encoded = encodeChunk({ ...chunk, parts, payloadBytes: payload.length }, acknowledged);
          const generated = wire(encoded);
          assert.equal(generated.acknowledged, BigInt(acknowledged));
          assert.equal(generated.body.case, 'chunk');
          if (generated.body.case !== 'chunk') return;
          const read = generated.body.value;
          assert.equal(read.sequence, BigInt(chunk.sequence));
          assert.equal(read.message, BigInt(chunk.message));
          same(read.header, chunk.header);
          same(read.payload, payload);
          assert.deepEqual([read.last, read.abandoned], [chunk.last, chunk.abandoned]);
          for (const form of [Buffer.concat(encoded), toBinary(FrameSchema, generated)]) {
            const { body, ...rest } = decodeFrame(cut(form, at));
            assert.deepEqual(rest, { acknowledged, acknowledgeNow: false });
            assert.equal(body.kind, 'chunk');
            if (body.kind !== 'chunk') return;
            same(body.chunk.header, chunk.header);
            same(Buffer.concat(body.chunk.parts), payload);
            assert.equal(body.chunk.payloadBytes, payload.length);
            assert.equal(body.chunk.sequence, chunk.sequence);
            assert.equal(body.chunk.message, chunk.message);
            assert.deepEqual([body.chunk.last, body.chunk.abandoned], [chunk.last, chunk.abandoned]);
          }
        },
      ),
    );
  });

  test('a payload is neither copied to be sent nor to be received', () => {
    const payload = Buffer.alloc(1000, 3);
    const parts = encodeChunk(
      {
        sequence: 1,
        message: 1,
        header: undefined,
        last: true,
        abandoned: false,
        parts: [payload],
        payloadBytes: 1000,
      },
      0,
    );
    assert.equal(parts[1], payload);
    const whole = Buffer.concat(parts);
    const { body } = decodeFrame([whole]);
    assert.ok(body.kind === 'chunk' && body.chunk.parts[0]?.buffer === whole.buffer);
  });

  test('the other frames read the same in both codecs', () => {
    const hello = {
      protocol: 1,
      party: 'alice',
      runId: 'r',
      session: Buffer.alloc(16, 1),
      resumes: Buffer.alloc(16, 2),
      received: 77,
      binding: Buffer.alloc(32, 3),
    };
    const { body } = decodeFrame([Buffer.concat(encodeHello(hello))]);
    assert.ok(body.kind === 'hello');
    assert.equal(body.hello.received, 77);
    same(body.hello.resumes, hello.resumes);
    same(body.hello.binding, hello.binding);
    assert.equal(wire(encodeHello(hello)).body.case, 'hello');
    assert.equal(wire(encodeGoodbye()).body.case, 'goodbye');
    assert.deepEqual(decodeFrame([Buffer.concat(encodeGoodbye())]).body, { kind: 'goodbye' });
    const refusal = decodeFrame([Buffer.concat(encodeRefusal({ code: 'A', message: 'B' }))]).body;
    assert.ok(refusal.kind === 'refusal' && refusal.refusal.code === 'A' && refusal.refusal.message === 'B');
    assert.equal(wire(encodeRefusal({ code: 'A', message: 'B' })).body.case, 'refusal');
    const note = decodeFrame([Buffer.concat(encodeNote(Buffer.from('n'), 300))]);
    assert.ok(note.body.kind === 'note' && note.acknowledged === 300);
    assert.equal(wire(encodeNote(Buffer.from('n'), 0)).body.case, 'note');
    assert.deepEqual(decodeFrame([Buffer.concat(encodeAck(5, true))]), {
      acknowledged: 5,
      acknowledgeNow: true,
      body: { kind: 'none' },
    });
    assert.equal(wire(encodeAck(5, true)).acknowledgeNow, true);
  });

  test('fields of a later version are skipped', () => {
    const known = Buffer.concat(encodeAck(9, false));
    // Field 100 as varint with all 64 bits, as bytes, as fixed64 and fixed32.
    const unknown = Buffer.from(
      'a006ffffffffffffffffff01a20603010203a1060102030405060708a50601020304',
      'hex',
    );
    assert.equal(decodeFrame([Buffer.concat([unknown, known])]).acknowledged, 9);
  });

  const violation = (error: unknown): boolean =>
    error instanceof PeerError && error.code === 'PRIVITY_PROTOCOL_VIOLATION';

  test('frames that no encoder makes are violations: the seed corpus', () => {
    const corpus: Record<string, string> = {
      'truncated varint': '08ff',
      'endless varint': '08ffffffffffffffffffffff01',
      'number past 2^53': '08ffffffffffffffff7f',
      'length past the end': '3aff01',
      'bytes cut short': '3a0a0801',
      'chunk with a payload past its end': '3a043205aabb',
      'field number 0': '0001',
      'group start': 'a306',
      'wire type 7': '0f',
      'two bodies': '2a002a00',
      'hello that is no message': '1a02ffff',
      'hello with bad text': '1a04120280ff',
    };
    for (const [name, hex] of Object.entries(corpus)) {
      assert.throws(() => decodeFrame([Buffer.from(hex, 'hex')]), violation, name);
    }
    const oversized = Buffer.concat([Buffer.from('1aa18d06', 'hex'), Buffer.alloc(100_001)]);
    assert.throws(() => decodeFrame([oversized]), violation, 'oversized hello');
  });

  test('random and mutated bytes decode or are violations, nothing else', () => {
    const attempt = (input: Uint8Array): void => {
      try {
        decodeFrame(cut(input, input[0] ?? 0));
      } catch (error) {
        if (!violation(error)) throw error;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: share(2000) });
    const valid = toBinary(
      FrameSchema,
      create(FrameSchema, {
        acknowledged: 300n,
        body: {
          case: 'chunk',
          value: {
            sequence: 9n,
            message: 2n,
            header: Buffer.alloc(20),
            last: true,
            payload: Buffer.alloc(50),
          },
        },
      }),
    );
    for (let length = 0; length < valid.length; length++) attempt(valid.subarray(0, length));
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, value) => {
        const mutated = Uint8Array.from(valid);
        mutated[at] = value;
        attempt(mutated);
      }),
      { numRuns: share(2000) },
    );
  });
});
