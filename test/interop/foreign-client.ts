/** A client on grpc-js with a party's key. */
import * as grpc from '@grpc/grpc-js';
import type { Plane } from '../../src/contracts/index.ts';

/** Frames as bytes: for what no well-behaved client would send. */
export type Call = grpc.ClientDuplexStream<Buffer, Buffer>;

/** How a call has ended, with the failure that Privity names beside the status. */
export interface Ended {
  readonly code: grpc.status;
  readonly failure: string | undefined;
  readonly details: string;
}

const paths: Readonly<Record<Plane, string>> = {
  control: '/privity.v1.Link/Control',
  data: '/privity.v1.Link/Data',
};
const same = (bytes: Buffer): Buffer => bytes;

/** One call on a connection of its own, which goes with it. */
export function openCall(
  ...to: readonly [
    identity: { certPem: string; keyPem: string },
    serverCert: string,
    port: number,
    plane: Plane,
  ]
): { readonly call: Call; readonly status: Promise<Ended> } {
  const client = clientFor(...to);
  const call = client.makeBidiStreamRequest(paths[to[3]], same, same);
  call.on('error', () => undefined);
  const status = new Promise<Ended>((resolve) =>
    call.on('status', ({ code, details, metadata }: grpc.StatusObject) => {
      client.close();
      resolve({ code, details, failure: metadata.get('privity-failure')[0]?.toString() });
    }),
  );
  return { call, status };
}

/** For calls to bob. */
export function clientFor(
  identity: { readonly certPem: string; readonly keyPem: string },
  serverCert: string,
  port: number,
  plane: Plane,
): grpc.Client {
  const credentials = grpc.credentials.createSsl(
    Buffer.from(serverCert),
    Buffer.from(identity.keyPem),
    Buffer.from(identity.certPem),
    { checkServerIdentity: () => undefined },
  );
  return new grpc.Client(`127.0.0.1:${port}`, credentials, {
    'grpc.ssl_target_name_override': `${plane}.bob.privity`,
    'grpc.default_authority': `${plane}.bob.privity`,
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
  });
}
