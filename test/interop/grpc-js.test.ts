/** The link protocol spoken with @grpc/grpc-js and generated protobuf code on the other end, in both roles. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { PeerError, PeerLostError } from '../../src/base/errors.ts';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type { MessageSink } from '../../src/contracts/index.ts';
import {
  acceptInto,
  createIdentity,
  createLink,
  fingerprint,
  LINK_PROTOCOL_VERSION,
} from '../../src/transport/index.ts';
import { type Frame, FrameSchema } from '../../src/wire/gen/privity/v1/link_pb.ts';
import { join, leave, testParty } from '../transport/federation.ts';
import { clientFor } from './foreign-client.ts';

const method = {
  path: '/privity.v1.Link/Data',
  requestStream: true,
  responseStream: true,
  requestSerialize: (frame: Frame) => Buffer.from(toBinary(FrameSchema, frame)),
  requestDeserialize: (bytes: Buffer) => fromBinary(FrameSchema, bytes),
  responseSerialize: (frame: Frame) => Buffer.from(toBinary(FrameSchema, frame)),
  responseDeserialize: (bytes: Buffer) => fromBinary(FrameSchema, bytes),
} as const;
type Call = grpc.ClientDuplexStream<Frame, Frame> | grpc.ServerDuplexStream<Frame, Frame>;

const frame = (body: Frame['body'], acknowledged = 0): Frame =>
  create(FrameSchema, { body, acknowledged: BigInt(acknowledged) });

const hello = (party: string): Frame =>
  create(FrameSchema, {
    body: {
      case: 'hello',
      value: { protocol: LINK_PROTOCOL_VERSION, party, runId: 'r', session: Buffer.alloc(16, 5) },
    },
  });

/** A whole little party on grpc-js: says hello, sends one message and sends back every chunk that it is sent. */
function speak(call: Call, party: string): { readonly bytes: () => number; readonly ended: Promise<void> } {
  let bytes = 0;
  let sequence = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  call.on('error', () => end());
  call.on('end', () => end());
  call.on('finish', () => end());
  call.on('data', (received: Frame) => {
    const { body } = received;
    if (body.case === 'goodbye') call.end();
    if (body.case !== 'chunk') return;
    bytes += body.value.payload.length;
    sequence++;
    call.write(
      frame(
        { case: 'chunk', value: { ...body.value, sequence: BigInt(sequence) } },
        Number(body.value.sequence),
      ),
    );
  });
  call.write(hello(party));
  return { bytes: () => bytes, ended };
}

/** Sends bodies of several sizes through a link of ours and expects them back. */
async function exchange(
  open: (onMessage: (header: Uint8Array) => MessageSink) => ReturnType<typeof createLink>,
) {
  const sizes = [0, 1, 1000, 70_000, 3_000_000];
  const back = new Map<string, Buffer>();
  let resolve: () => void = () => {};
  const all = new Promise<void>((done) => {
    resolve = done;
  });
  const link = open((header) => {
    const pieces: Uint8Array[] = [];
    return {
      write: (piece) => void pieces.push(piece),
      end: () => {
        back.set(Buffer.from(header).toString(), Buffer.concat(pieces));
        if (back.size === sizes.length) resolve();
        return undefined;
      },
      abort: () => {},
    };
  });
  for (const size of sizes) await link.send(Buffer.from(`${size}`), [Buffer.alloc(size, size % 251)]);
  await all;
  await link.flushed();
  for (const size of sizes)
    assert.ok(back.get(`${size}`)?.equals(Buffer.alloc(size, size % 251)), `${size} bytes`);
  return link;
}

describe('interoperation with grpc-js', () => {
  test('as client of a Privity party', async () => {
    const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
    const transport = join(bob, [alice.address]);
    const acceptor = acceptInto(transport);
    const client = clientFor(alice.identity, bob.identity.certPem, bob.port.port, 'data');
    const call = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    const peer = speak(call, 'alice');
    const status = new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve));
    const link = await exchange((onMessage) => {
      const made = createLink({
        transport,
        peer: 'alice',
        plane: 'data',
        role: 'acceptor',
        runId: 'r',
        clock: systemClock,
        random: systemRandom,
        handlers: { onMessage },
      });
      acceptor.add(made);
      return made;
    });
    await link.close();
    assert.equal((await status).code, grpc.status.OK);
    assert.equal(peer.bytes(), 3_071_001);
    client.close();
    await leave(alice, bob);
  });

  test('as client that is refused: told so in words that are the same for everybody', async () => {
    const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
    const stranger = await createIdentity({ party: 'alice', clock: systemClock });
    join(bob, [alice.address]).accept(() => assert.fail('the connection must not come to be'));
    const ask = async (identity: typeof stranger, path: string): Promise<grpc.StatusObject> => {
      const client = clientFor(identity, bob.identity.certPem, bob.port.port, 'data');
      const call = client.makeBidiStreamRequest(path, method.requestSerialize, method.responseDeserialize);
      call.on('error', () => {});
      const status = await new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve));
      client.close();
      return status;
    };
    const nothing = '/privity.v1.Link/Nothing';
    for (const path of [method.path, nothing]) {
      const refused = await ask(stranger, path);
      assert.equal(refused.code, grpc.status.PERMISSION_DENIED);
      assert.doesNotMatch(JSON.stringify(refused), /sha256:|alice/);
    }
    assert.equal((await ask(alice.identity, nothing)).code, grpc.status.UNIMPLEMENTED);
    await leave(alice, bob);
  });

  test('as server for a Privity party, with an orderly end', async () => {
    const { server, address, calls } = await serverFor();
    const alice = await testParty('alice');
    const transport = join(alice, [address]);
    const link = await exchange((onMessage) =>
      createLink({
        transport,
        peer: 'bob',
        plane: 'data',
        role: 'dialer',
        runId: 'r',
        clock: systemClock,
        random: systemRandom,
        handlers: { onMessage },
      }),
    );
    await link.close();
    await calls[0]?.ended;
    server.forceShutdown();
    await leave(alice);
  });

  test('as server whose statuses say whether to try again', async () => {
    for (const [code, kind] of [
      [grpc.status.UNAVAILABLE, PeerLostError],
      [grpc.status.PERMISSION_DENIED, PeerError],
    ] as const) {
      const { server, address } = await serverFor(code);
      const alice = await testParty('alice');
      const transport = join(alice, [address]);
      await assert.rejects(
        transport.dial('bob', 'data', new AbortController().signal),
        (error) => error instanceof kind && /bob/.test(error.message) && /schön/.test(error.message),
      );
      server.forceShutdown();
      await leave(alice);
    }
  });
});

async function serverFor(refuseWith?: grpc.status) {
  const identity = await createIdentity({ party: 'bob', clock: systemClock });
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 });
  const calls: ReturnType<typeof speak>[] = [];
  server.addService(
    { data: { ...method, originalName: 'data' } },
    {
      data: (call: grpc.ServerDuplexStream<Frame, Frame>) => {
        if (refuseWith !== undefined) {
          call.emit('error', { code: refuseWith, details: 'nicht schön' });
          return;
        }
        call.sendMetadata(new grpc.Metadata());
        calls.push(speak(call, 'bob'));
      },
    },
  );
  const credentials = grpc.ServerCredentials.createSsl(
    null,
    [{ cert_chain: Buffer.from(identity.certPem), private_key: Buffer.from(identity.keyPem) }],
    false,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const address = { name: 'bob', host: '127.0.0.1', port, fingerprint: fingerprint(identity.certPem) };
  return { server, address, calls };
}
