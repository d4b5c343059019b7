import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PeerError, PeerLostError } from '../../base/errors.ts';
import { MessageReader, PREFIX_BYTES, writePrefix } from './message-reader.ts';
import { parseServerName, planeOfPath, runLabel, serverName } from './server-name.ts';
import { decodeMessage, encodeMessage, status, statusError } from './status.ts';

const framed = (content: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  writePrefix(prefix, content.length);
  return Buffer.concat([prefix, content]);
};

describe('gRPC messages', () => {
  test('come out whole however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map(framed));
          const reader = new MessageReader(1000);
          const got: Uint8Array[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            // Each chunk in memory of its own, as the network gives them.
            reader.push(Uint8Array.from(stream.subarray(at, at + size)));
            at += size;
            for (let message = reader.next(); message !== undefined; message = reader.next())
              got.push(Buffer.concat(message));
          }
          assert.deepEqual(
            got.map((each) => Buffer.from(each)),
            messages.map((each) => Buffer.from(each)),
          );
          assert.equal(reader.inMessage, false);
        },
      ),
    );
  });

  test('do not keep more memory than they need until they are whole', () => {
    const content = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251);
    const stream = framed(content);
    const reader = new MessageReader(1_000_000);
    // As a session gives them that has read much at once: each is a view of all that it has.
    let found: readonly Uint8Array[] | undefined;
    for (const byte of stream) {
      const all = new Uint8Array(64);
      all[0] = byte;
      reader.push(all.subarray(0, 1));
      found ??= reader.next();
    }
    const parts = found ?? [];
    assert.deepEqual(Buffer.concat(parts), Buffer.from(content));
    const kept = new Set(parts.map(({ buffer }) => buffer));
    const keptBytes = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(keptBytes <= 2 * content.length, `${keptBytes} bytes are kept`);
    assert.ok(parts.length <= 5, `${parts.length} parts`);
  });

  test('that are large are views of what came; small ones do not keep a large chunk alive', () => {
    const large = Buffer.alloc(60_000, 1);
    const chunk = Buffer.from(new ArrayBuffer(65_536));
    framed(large).copy(chunk);
    framed(Buffer.from('small')).copy(chunk, PREFIX_BYTES + large.length);
    const reader = new MessageReader(100_000);
    reader.push(chunk.subarray(0, 2 * PREFIX_BYTES + large.length + 5));
    assert.equal(reader.next()?.[0]?.buffer, chunk.buffer);
    const small = reader.next()?.[0];
    assert.equal(Buffer.from(small ?? []).toString(), 'small');
    assert.notEqual(small?.buffer, chunk.buffer);
  });

  test('that are compressed or oversized are violations, before anything is allocated', () => {
    for (const prefix of [Buffer.from([1, 0, 0, 0, 1]), Buffer.from([0, 255, 255, 255, 255])]) {
      const reader = new MessageReader(1000);
      reader.push(prefix);
      assert.throws(() => reader.next(), PeerError);
    }
  });

  test('a stream that ends within a message shows it', () => {
    const reader = new MessageReader(1000);
    reader.push(framed(Buffer.alloc(10)).subarray(0, 8));
    assert.equal(reader.next(), undefined);
    assert.equal(reader.inMessage, true);
  });
});

describe('gRPC status', () => {
  test('messages survive percent-encoding; hostile ones are made fit to print', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const encoded = encodeMessage(text);
        assert.match(encoded, /^[\x20-\x7e]*$/);
        assert.equal(decodeMessage(encoded), text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' '));
      }),
    );
    assert.equal(decodeMessage('50%'), '50%');
    assert.equal(decodeMessage('%zz%0a%1b[2J'), '%zz [2J');
    assert.ok(decodeMessage('x'.repeat(100_000)).length <= 500);
    fc.assert(fc.property(fc.string(), (text) => void decodeMessage(text)));
  });

  test('says whether trying again can help', () => {
    assert.equal(statusError(status.ok, '', 'bob'), undefined);
    assert.equal(statusError(status.unauthenticated, 'no', 'bob')?.code, 'PRIVITY_PEER_REFUSED_US');
    assert.ok(statusError(status.unimplemented, '', 'bob') instanceof PeerError);
    assert.ok(statusError(status.unavailable, '', 'bob') instanceof PeerLostError);
    assert.ok(statusError(2, '', 'bob') instanceof PeerLostError);
  });
});

test('server names say plane and party, and nothing else passes', () => {
  for (const plane of ['control', 'data'] as const) {
    const party = 'bank-1';
    const run = runLabel('nightly / März');
    const pass = '0123456789abcdef'.repeat(2);
    for (const name of [
      { plane, party },
      { plane, party, run },
      { plane, party, pass },
      { plane, party, run, pass },
    ])
      assert.deepEqual(parseServerName(serverName(name)), name);
  }
  assert.deepEqual(parseServerName('DATA.ALICE.PRIVITY'), { plane: 'data', party: 'alice' });
  for (const name of [
    '',
    'alice',
    'data.privity',
    'data..privity',
    'x.alice.privity',
    'data.a.b.privity',
    'data.alice.privity.com',
  ]) {
    assert.equal(parseServerName(name), undefined, name);
  }
  assert.equal(planeOfPath('/privity.v1.Link/Data'), 'data');
  assert.equal(planeOfPath('/privity.v1.Link/Other'), undefined);
});
