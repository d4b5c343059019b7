/**
 * A peer that dies while this side answers what it reads. Node 20 and 22 crash when a write fails at once in the middle
 * of such reading: without what keeps larger writes out of it, this file ends by SIGSEGV (docs/decisions/0009).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import { systemClock } from '../../src/base/system.ts';
import { GrpcConnection } from '../../src/transport/grpc/connection.ts';
import { GRPC_LIMITS } from '../../src/transport/grpc/limits.ts';
import { http2Options, secureContext } from '../../src/transport/grpc/tls.ts';
import { createIdentity } from '../../src/transport/index.ts';

const DATA = 0;
const HEADERS = 1;
const END_HEADERS = 4;
const SETTINGS = 4;
const ACK = 1;
/** `:status: 200` as HPACK has it. */
const STATUS_200 = Buffer.of(0x88);
const none = new Uint8Array(0);

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A gRPC message of five bytes. */
const message = frame(DATA, 0, 1, Buffer.of(0, 0, 0, 0, 5, 1, 2, 3, 4, 5));
/** Several in one read: what is behind the first waits while the answer to it is written. */
const MESSAGES = 10;
const messages = Buffer.concat(Array<Buffer>(MESSAGES).fill(message));

async function answered(answerBytes: number, resetAfter: number): Promise<Error | undefined> {
  const identity = await createIdentity({ party: 'bob', clock: systemClock });
  const secure = { ...secureContext(identity), ALPNProtocols: ['h2'] };
  let raw: Socket | undefined;
  let peer: TLSSocket | undefined;
  const server = createServer((socket) => {
    raw = socket;
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext: createSecureContext(secure),
      ALPNProtocols: ['h2'],
    });
    peer = tls;
    for (const each of [socket, tls]) each.on('error', () => {});
    tls.once('secure', () => {
      tls.write(frame(SETTINGS, 0, 0, none));
      tls.once('data', () => tls.write(frame(SETTINGS, ACK, 0, none)));
      tls.resume();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    ...secure,
    ...http2Options(GRPC_LIMITS),
    rejectUnauthorized: false,
  });
  session.on('error', () => {});
  const stream = session.request({ ':method': 'POST' }, { endStream: false });
  stream.on('error', () => {});
  await once(session, 'localSettings');
  peer?.write(frame(HEADERS, END_HEADERS, 1, STATUS_200));
  await once(stream, 'response');
  const connection = new GrpcConnection({
    peer: 'bob',
    plane: 'data',
    stream,
    session,
    socket: undefined,
    clock: systemClock,
    limits: GRPC_LIMITS,
  });
  return new Promise((resolve) => {
    let got = 0;
    connection.start({
      onFrame: () => {
        connection.send([new Uint8Array(answerBytes)]);
        // At once, with the answer before this on its way.
        if (++got === resetAfter) raw?.resetAndDestroy();
      },
      onClose: (error) => {
        server.close();
        resolve(error);
      },
    });
    for (let i = 0; i < 10; i++) peer?.write(messages);
  });
}

describe('a peer that dies while it is answered', () => {
  for (const answerBytes of [5_000, 20_000, 200_000]) {
    test(`is lost, where answers have ${answerBytes} bytes`, { timeout: 20_000 }, async () => {
      for (const resetAfter of [2, 3, 4, 5, 1]) {
        const error = await answered(answerBytes, resetAfter);
        assert.equal((error as { code?: string } | undefined)?.code, 'PRIVITY_CONNECTION_BROKEN');
      }
    });
  }
});
