/**
 * What a foreign client sees of a call that a failure has ended: the status of the table in docs/errors.md, over real
 * sockets.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { deferred } from '../../src/base/deferred.ts';
import { type FailureCode, failureCodes } from '../../src/base/failure-codes.ts';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type { Connection, LinkHandlers } from '../../src/contracts/index.ts';
import {
  acceptInto,
  closedFor,
  createLink,
  type GrpcLimits,
  LINK_PROTOCOL_VERSION,
  type LinkLimits,
  type ManagedLink,
} from '../../src/transport/index.ts';
import { type Frame, FrameSchema } from '../../src/wire/gen/privity/v1/link_pb.ts';
import { join, leave, testParty } from '../transport/federation.ts';
import { type Call, type Ended, openCall } from './foreign-client.ts';

const bytes = (body: Frame['body'], acknowledged = 0n): Buffer =>
  Buffer.from(toBinary(FrameSchema, create(FrameSchema, { body, acknowledged })));

const hello = (changed: { protocol?: number; party?: string; runId?: string } = {}): Buffer =>
  bytes({
    case: 'hello',
    value: {
      ...{ protocol: LINK_PROTOCOL_VERSION, party: 'alice', runId: 'r', session: Buffer.alloc(16, 5) },
      ...changed,
    } as never,
  });

/** One call of alice, who is foreign, to bob; `bob` says what he does with it. */
async function call(options: {
  readonly alice: (call: Call) => void;
  readonly bob?: (transport: ReturnType<typeof join>) => void;
  readonly limits?: Partial<GrpcLimits>;
}): Promise<Ended> {
  const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
  const transport = join(bob, [alice.address], options.limits);
  options.bob?.(transport);
  try {
    const { call, status } = openCall(alice.identity, bob.identity.certPem, bob.port.port, 'data');
    call.on('data', () => undefined);
    options.alice(call);
    return await status;
  } finally {
    await leave(alice, bob);
  }
}

/** Bob has a link with alice, as his program has. */
const withLink =
  (
    use: (link: ManagedLink, up: Promise<void>) => void = () => undefined,
    handlers: Partial<LinkHandlers> = {},
    limits: Partial<LinkLimits> = {},
  ) =>
  (transport: ReturnType<typeof join>): void => {
    const up = deferred<void>();
    const link = createLink({
      ...{ transport, peer: 'alice', plane: 'data', role: 'acceptor', runId: 'r', limits },
      ...{ clock: systemClock, random: systemRandom },
      handlers: {
        onMessage: () => assert.fail('no message was sent'),
        onState: (state) => void (state === 'up' && up.resolve()),
        ...handlers,
      },
    });
    acceptInto(transport).add(link);
    use(link, up.promise);
  };

const expectation = (code: FailureCode): { code: grpc.status; failure: string } => ({
  code: failureCodes[code].grpcStatus,
  failure: code,
});

const outcome = ({ code, failure }: Ended): { code: grpc.status; failure: string | undefined } => ({
  code,
  failure,
});

describe('the status of a call that a failure has ended', () => {
  test('every code of the table, and nothing private beside it', async () => {
    for (const code of Object.keys(failureCodes) as FailureCode[]) {
      const ended = await call({
        alice: (made) => void made.write(hello()),
        bob: withLink((link, up) => void up.then(() => link.close(closedFor(code)))),
      });
      assert.deepEqual(outcome(ended), expectation(code), code);
      assert.equal(ended.details, `${code}: ${failureCodes[code].summary}`);
    }
  });

  const rejected: readonly (readonly [what: string, code: FailureCode, frames: readonly Buffer[]])[] = [
    ['another version in the hello', 'PROGRAM_MISMATCH', [hello({ protocol: 99 })]],
    ['another run in the hello', 'PROGRAM_MISMATCH', [hello({ runId: 'another' })]],
    ["another party's hello", 'PROTOCOL_VIOLATION', [hello({ party: 'carol' })]],
    ['a note before the hello', 'PROTOCOL_VIOLATION', [bytes({ case: 'note', value: Buffer.from('x') })]],
    ['a second hello', 'PROTOCOL_VIOLATION', [hello(), hello()]],
    ['bytes that are no frame', 'PROTOCOL_VIOLATION', [hello(), Buffer.from('no frame at all')]],
    [
      'an acknowledgement of what was not sent',
      'PROTOCOL_VIOLATION',
      [hello(), bytes({ case: undefined }, 7n)],
    ],
  ];
  for (const [what, code, frames] of rejected) {
    test(`${what} is rejected with ${code}`, async () => {
      const ended = await call({
        alice: (made) => frames.forEach((one) => void made.write(one)),
        bob: withLink(),
      });
      assert.deepEqual(outcome(ended), expectation(code));
    });
  }

  test('a frame that is too large is rejected before it is read', async () => {
    const closed: (Error | undefined)[] = [];
    const ended = await call({
      limits: { messageBytesMax: 1_000 },
      alice: (made) => void made.write(Buffer.alloc(5_000)),
      bob: withLink(undefined, {
        onState: (state, error) => void (state === 'closed' && closed.push(error)),
      }),
    });
    assert.deepEqual(outcome(ended), expectation('PROTOCOL_VIOLATION'));
    assert.match(closed[0]?.message ?? '', /5000 bytes; the limit is 1000/);
  });

  test('a client that never says hello is answered when the time for it is over', async () => {
    const ended = await call({
      alice: () => undefined,
      bob: withLink(undefined, {}, { helloTimeoutMs: 100 }),
    });
    assert.deepEqual(outcome(ended), expectation('DEADLINE_EXCEEDED'));
  });

  test('a receiver that fails itself ends the call with its own failure', async () => {
    const chunk = {
      sequence: 1n,
      message: 1n,
      header: Buffer.from('h'),
      last: true,
      payload: Buffer.alloc(1),
    };
    const ended = await call({
      alice: (made) => {
        made.write(hello());
        made.write(bytes({ case: 'chunk', value: chunk as never }));
      },
      bob: withLink(undefined, {
        onMessage: () => {
          throw new Error('canary-private');
        },
      }),
    });
    assert.deepEqual(outcome(ended), expectation('INTERNAL'));
    assert.doesNotMatch(ended.details, /canary/);
  });

  test('a client that says goodbye while the run fails hears why it has failed; else all is well', async () => {
    for (const [failure, expected] of [
      ['TASK_FAILED', expectation('TASK_FAILED')],
      [undefined, { code: grpc.status.OK, failure: undefined }],
    ] as const) {
      const ended = await call({
        alice: (made) => {
          made.write(hello());
          made.write(bytes({ case: 'goodbye', value: {} as never }));
        },
        bob: withLink(undefined, { failure: () => failure }),
      });
      assert.deepEqual(outcome(ended), expected);
    }
  });

  test('a connection whose owner is content ends with OK', async () => {
    const ended = await call({
      alice: (made) => void made.write(hello()),
      bob: (transport) =>
        transport.accept((connection: Connection) => {
          connection.start({ onFrame: () => undefined, onClose: () => undefined });
          void connection.close();
        }),
    });
    assert.equal(ended.code, grpc.status.OK);
  });
});
