/** What reaches a party's port: from strangers until TLS has ended, from peers afterwards. */
import { X509Certificate } from 'node:crypto';
import { systemClock } from '../../src/base/system.ts';
import { Mailbox, PIECES_BOUND } from '../../src/program/data-plane/mailbox.ts';
import { MemorySpillStore } from '../../src/program/data-plane/spill.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { GRPC_STREAM_BOUND, MessageReader } from '../../src/transport/grpc/message-reader.ts';
import { parseServerName } from '../../src/transport/grpc/server-name.ts';
import {
  decodeMessage as decodeStatusText,
  encodeMessage,
  STATUS_TEXT_BOUND,
} from '../../src/transport/grpc/status.ts';
import {
  CERTIFICATE_BOUND,
  createIdentity,
  readCertificate,
} from '../../src/transport/identity/certificate.ts';
import { claimedParty, describeProblem, verifyPeer } from '../../src/transport/identity/verify-peer.ts';
import {
  decodeFrame,
  encodeAck,
  encodeChunk,
  encodeGoodbye,
  encodeHello,
  encodeNote,
  encodeRefusal,
  FRAME_BOUND,
} from '../../src/transport/link/frame.ts';
import { Inbox } from '../../src/transport/link/inbox.ts';
import { LINK_LIMITS } from '../../src/transport/link/limits.ts';
import { CLIENT_HELLO_BOUND, readClientHello } from '../../src/transport/port/client-hello.ts';
import { type Decoder, repeated, someBytes, times } from './decoder.ts';
import { bytesField } from './wire-fields.ts';

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);

/** A ClientHello in one record or several. */
function hello(name: string, recordBytes: number, more = new Uint8Array()): Uint8Array {
  const host = Buffer.concat([Uint8Array.of(0), u16(name.length), Buffer.from(name)]);
  const sni = Buffer.concat([u16(0), u16(host.length + 2), u16(host.length), host]);
  const extensions = Buffer.concat([more, sni]);
  const body = Buffer.concat([
    new Uint8Array(34).fill(3),
    Uint8Array.of(0),
    u16(2),
    u16(0x1301),
    Uint8Array.of(1, 0),
    u16(extensions.length),
    extensions,
  ]);
  const message = Buffer.concat([Uint8Array.of(1, 0), u16(body.length), body]);
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.subarray(at, at + recordBytes);
    records.push(Uint8Array.of(22, 3, 1), u16(part.length), part);
  }
  return Buffer.concat(records);
}

const clientHello: Decoder = {
  name: 'client hello',
  author: 'a stranger',
  functions: [
    'transport/port/client-hello.ts readClientHello',
    'transport/grpc/server-name.ts parseServerName',
  ],
  bound: CLIENT_HELLO_BOUND,
  format: 'bytes',
  codes: [],
  valid: (random) => {
    const party = random.pick(['bob', 'a-1', '', 'x'.repeat(80)]);
    const more = random.chance(0.3) ? Buffer.concat([u16(16), u16(4), someBytes(random, 4)]) : undefined;
    return hello(
      `${random.pick(['data', 'control', 'other'])}.${party}.privity`,
      1 + random.below(300),
      more,
    );
  },
  decode: (bytes) => {
    const read = readClientHello(bytes);
    return [read, read.kind === 'hello' && parseServerName(read.serverName ?? '')];
  },
  hostile: (bytes) => {
    const odd = Buffer.concat(times(Math.floor(bytes / 4), () => Uint8Array.of(0x7a, 0x7a, 0, 0)));
    return [
      hello('data.bob.privity', 1, odd.subarray(0, Math.floor(bytes / 8 / 4) * 4)),
      hello('data.bob.privity', 2 ** 14, odd.subarray(0, 60_000)),
      hello('.'.repeat(Math.min(bytes, 60_000)), 2 ** 14),
      repeated(Uint8Array.of(22, 3, 1, 0, 1, 1), bytes),
    ];
  },
};

const statusText: Decoder = {
  name: 'status text',
  author: 'a peer',
  functions: ['transport/grpc/status.ts decodeMessage'],
  bound: STATUS_TEXT_BOUND,
  format: 'text',
  codes: [],
  valid: (random) =>
    Buffer.from(encodeMessage(`bob has left ${random.pick(['ü', '%', 'ok', '\u2028'])} ${random.next()}`)),
  decode: (bytes) => decodeStatusText(Buffer.from(bytes).toString('latin1')),
  hostile: (bytes) => ['%41', '%', '\u0001', '%e2%80%a8'].map((part) => repeated(part, bytes)),
};

const parties = ['alice', 'bob', 'carol'] as const;

/** One frame, as the honest end of a link sends it. */
export function someFrame(random: SeededRandom, sequence = random.below(5)): Uint8Array {
  const payload = someBytes(random, random.below(40));
  const kind = random.below(6);
  const session = someBytes(random, 16);
  const parts =
    kind === 0
      ? encodeHello({
          protocol: 1,
          party: 'bob',
          runId: 'run',
          binding: someBytes(random, random.below(2) * 32),
          session,
          resumes: new Uint8Array(random.below(2) * 16),
          received: random.below(9),
        })
      : kind === 1
        ? encodeRefusal({ code: 'PRIVITY_RUN_MISMATCH', message: 'no' })
        : kind === 2
          ? encodeGoodbye()
          : kind === 3
            ? encodeNote(payload, random.below(9))
            : kind === 4
              ? encodeAck(random.below(99), random.chance(0.5))
              : encodeChunk(
                  {
                    sequence,
                    message: sequence,
                    header: random.chance(0.7) ? someBytes(random, random.below(20)) : undefined,
                    last: random.chance(0.6),
                    abandoned: random.chance(0.1),
                    parts: payload.length === 0 ? [] : [payload],
                    payloadBytes: payload.length,
                  },
                  random.below(9),
                );
  return Buffer.concat(parts);
}

/** In parts as a network cuts them, of which the first bytes say how large they are. */
function cut(bytes: Uint8Array): readonly Uint8Array[] {
  const size = 1 + ((bytes[0] ?? 0) % 64) ** 2;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return parts.length === 0 ? [bytes] : parts;
}

const frame: Decoder = {
  name: 'frame',
  author: 'a peer',
  functions: ['transport/link/frame.ts decodeFrame'],
  bound: FRAME_BOUND,
  format: 'protobuf',
  codes: ['PRIVITY_PROTOCOL_VIOLATION'],
  valid: (random) => someFrame(random),
  decode: (bytes) => [decodeFrame([bytes]), bytes.length > 1 && decodeFrame(cut(bytes))],
  hostile: (bytes) => [
    repeated(Uint8Array.of(0x08, 1), bytes),
    repeated(Uint8Array.of(0x7a, 0), bytes),
    Buffer.concat([bytesField(7, repeated(Uint8Array.of(0x1a, 0), bytes - 8)), Uint8Array.of(0x08, 1)]),
    bytesField(3, repeated(Uint8Array.of(0x22, 0), Math.min(bytes, 8 * 1024))),
  ],
};

/** Frames as messages of gRPC. */
function stream(frames: readonly Uint8Array[]): Uint8Array {
  const prefixed = frames.flatMap((bytes) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes.length, 1);
    return [prefix, bytes];
  });
  return Buffer.concat(prefixed);
}

/** All that a data link does with bytes until a step takes them. */
function receive(bytes: Uint8Array): unknown {
  const reader = new MessageReader(GRPC_STREAM_BOUND.bytesMax);
  const box = new Mailbox(
    { bytesMax: 1 << 26, messagesMax: 1000 },
    new MemorySpillStore(1 << 26),
    () => undefined,
  );
  const header = { kind: 'value', stepId: '1', digest: '', sequence: 0 } as const;
  const inbox = new Inbox(LINK_LIMITS, () => box.receive('bob', header).sink);
  const others: unknown[] = [];
  for (const part of cut(bytes)) {
    reader.push(part);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      const { body } = decodeFrame(message);
      if (body.kind === 'chunk') void inbox.accept(body.chunk);
      else others[0] = body;
    }
  }
  return [reader, inbox, box];
}

const grpcStream: Decoder = {
  name: 'stream of frames',
  author: 'a peer',
  functions: ['transport/grpc/message-reader.ts MessageReader', 'transport/link/inbox.ts Inbox'],
  bound: GRPC_STREAM_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PROTOCOL_VIOLATION', 'PRIVITY_MAILBOX_FULL'],
  valid: (random) => stream(times(1 + random.below(6), (index) => someFrame(random, index + 1))),
  decode: receive,
  hostile: (bytes) => [
    new Uint8Array(bytes),
    stream(times(Math.floor(bytes / 7), () => Uint8Array.of(0x10, 1))),
    stream(chunksOfOneByte(Math.floor(bytes / 24))),
    repeated(new Uint8Array(1), bytes, Uint8Array.of(0, 0, 0xff, 0, 0)),
  ],
};

function chunksOfOneByte(count: number): readonly Uint8Array[] {
  return times(count, (index) => {
    const header = index === 0 ? new Uint8Array() : undefined;
    const chunk = {
      sequence: index + 1,
      message: 1,
      header,
      last: false,
      abandoned: false,
      parts: [Uint8Array.of(1)],
      payloadBytes: 1,
    };
    return Buffer.concat(encodeChunk(chunk, 0));
  });
}

const pieces: Decoder = {
  name: 'message in pieces',
  author: 'a peer',
  functions: ['program/data-plane/mailbox.ts Mailbox', 'wire/value-source.ts memorySource'],
  bound: PIECES_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_FRAME_INVALID'],
  valid: (random) => someBytes(random, random.below(2_000)),
  decode: async (bytes) => {
    const box = new Mailbox(
      { bytesMax: 1 << 26, messagesMax: 10 },
      new MemorySpillStore(1 << 26),
      () => undefined,
    );
    const { mail, sink } = box.receive('bob', { kind: 'value', stepId: '1', digest: '', sequence: 0 });
    const size = 1 + (bytes[0] ?? 0);
    for (let at = 0; at < bytes.length; at += size) await sink.write(bytes.subarray(at, at + size));
    const source = mail.source();
    for (let at = 0; at + 16 <= source.size; at += 16) await source.read(at, 16);
    return [box, mail, source];
  },
  hostile: (bytes) => [new Uint8Array(bytes), repeated(Uint8Array.of(255), bytes)],
};

const identities = await Promise.all(parties.map((party) => createIdentity({ party, clock: systemClock })));
const certificates = identities.map(({ certPem }) => readCertificate(certPem).raw);

/** A name of so many bytes in the place of the party's. */
function longName(bytes: number, byte: number): Uint8Array {
  const raw = Buffer.from(certificates[0] ?? []);
  const uri = Buffer.from('privity://party/alice');
  const at = raw.indexOf(uri);
  const longer = Buffer.concat([
    raw.subarray(0, at),
    Buffer.alloc(bytes, byte),
    raw.subarray(at + uri.length),
  ]);
  return longer;
}

const certificate: Decoder = {
  name: 'certificate',
  author: 'a stranger',
  functions: [
    'transport/identity/certificate.ts readCertificate',
    'transport/identity/verify-peer.ts verifyPeer',
  ],
  bound: CERTIFICATE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_IDENTITY_INVALID'],
  valid: (random) => random.pick(certificates),
  decode: (bytes) => {
    let read: X509Certificate;
    try {
      // As the TLS library gives it: what it cannot read does not come this far.
      read = new X509Certificate(bytes);
    } catch {
      return readCertificate(`-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n`);
    }
    const party = claimedParty(read) ?? 'bob';
    const problem = verifyPeer({ certificate: read, party, fingerprint: '', nowMs: 0 });
    return problem && describeProblem(problem, party);
  },
  hostile: (bytes) => [
    longName(21, 0),
    longName(21, 0x7f),
    new Uint8Array(bytes).fill(0x30),
    repeated(Uint8Array.of(0x30, 0x80), bytes),
  ],
};

export const transportDecoders: readonly Decoder[] = [
  clientHello,
  certificate,
  grpcStream,
  frame,
  pieces,
  statusText,
];
