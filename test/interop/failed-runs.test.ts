/**
 * Runs of two parties that fail, with real program processes and sockets. The supervisor of one of them speaks through
 * grpc-js, so that a foreign client sees what the other's calls end with.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type * as grpc from '@grpc/grpc-js';
import { PeerLostError } from '../../src/base/errors.ts';
import { type FailureCode, failureCodes } from '../../src/base/failure-codes.ts';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type { Connection, ConnectionHandlers, Transport } from '../../src/contracts/index.ts';
import type { RunReport } from '../../src/observe/report.ts';
import { type PartyOptions, runParty } from '../../src/supervisor/index.ts';
import { PartyRun } from '../../src/supervisor/party/party.ts';
import { createConnector } from '../../src/supervisor/planes/connector.ts';
import { openPlanes } from '../../src/supervisor/planes/planes.ts';
import { systemSupervisor } from '../../src/supervisor/system-supervisor.ts';
import { createIdentity, fingerprint, type Identity, listenPort } from '../../src/transport/index.ts';
import { shareOf } from '../effort.ts';
import { jobFile } from '../faults/parties.ts';
import { type Ended, openCall } from './foreign-client.ts';

/** Alice's end of a call to bob. It leaves the end of the call to bob's status, as clients of gRPC do. */
function foreignConnection({ call, status }: ReturnType<typeof openCall>): Connection {
  const closed = status.then(() => undefined);
  return {
    peer: 'bob',
    plane: 'control',
    start(handlers: ConnectionHandlers): void {
      call.on('data', (frame: Buffer) => void handlers.onFrame([frame]));
      void status.then(({ failure }) =>
        handlers.onClose(failure ? undefined : new PeerLostError('PRIVITY_CONNECTION_BROKEN', 'broken')),
      );
    },
    send: (parts) => call.write(Buffer.concat(parts)),
    drained: () => Promise.resolve(),
    close(): Promise<void> {
      call.end();
      return closed;
    },
    destroy: () => call.cancel(),
  };
}

interface Federation {
  readonly options: (
    party: 'alice' | 'bob',
  ) => Pick<PartyOptions, 'party' | 'federation' | 'federationName' | 'identity' | 'listen'>;
  readonly port: number;
  readonly certPem: string;
}

async function federationOf(): Promise<Federation> {
  const names = ['alice', 'bob'] as const;
  const made = await Promise.all(
    names.map(async (name) => {
      const identity: Identity = await createIdentity({ party: name, clock: systemClock });
      const free = await listenPort({ host: '127.0.0.1', port: 0, party: name, onSocket: () => undefined });
      await free.close();
      return { name, identity, port: free.port };
    }),
  );
  const federation = made.map(({ name, identity, port }) => ({
    ...{ name, host: '127.0.0.1', port },
    fingerprint: fingerprint(identity.certPem),
  }));
  const [alice, bob] = made as [(typeof made)[0], (typeof made)[0]];
  return {
    port: bob.port,
    certPem: bob.identity.certPem,
    options: (party) => {
      const { identity, port } = party === 'alice' ? alice : bob;
      return { party, federation, federationName: 'test', identity, listen: { host: '127.0.0.1', port } };
    },
  };
}

type Part = Partial<Pick<PartyOptions, 'jobFile' | 'args' | 'bounds' | 'cancel' | 'errorDetail'>>;

interface Ends {
  readonly calls: readonly Ended[];
  readonly reports: readonly RunReport[];
}

async function run(parts: Readonly<Record<'alice' | 'bob', Part>>): Promise<Ends> {
  const federation = await federationOf();
  const optionsOf = (party: 'alice' | 'bob'): PartyOptions => ({
    ...federation.options(party),
    ...{ jobFile: jobFile('fail-soon.ts'), args: {}, settings: {}, errorDetail: 'redacted' },
    onEvent: () => undefined,
    ...parts[party],
    // A busy machine; silence is not what this is about.
    bounds: { suspectAfterMs: 5_000, lostAfterMs: 10_000, ...parts[party].bounds },
  });
  const calls: Promise<Ended>[] = [];
  const alice = optionsOf('alice');
  const dial = async (): Promise<Connection> => {
    const opened = openCall(alice.identity, federation.certPem, federation.port, 'control');
    // A call that bob does not take yet is no call; the link dials again.
    const taken = await Promise.race([
      new Promise<true>((resolve) => opened.call.once('metadata', () => resolve(true))),
      opened.status.then(() => false),
    ]);
    if (!taken) throw new PeerLostError('PRIVITY_PEER_UNREACHABLE', 'bob is not there yet');
    calls.push(opened.status);
    return foreignConnection(opened);
  };
  const transport: Transport = {
    self: 'alice',
    dial,
    accept: () => undefined,
    close: () => Promise.resolve(),
  };
  const connect = createConnector({
    ...{ transport, plane: 'control', order: ['alice', 'bob'] },
    loop: { clock: systemClock, random: systemRandom },
  });
  const reports = await Promise.all([
    new PartyRun(alice, {
      ...systemSupervisor,
      openPlanes: async (...given) => ({ ...(await openPlanes(...given)), connect }),
    }).run(),
    runParty(optionsOf('bob')),
  ]);
  return { calls: await Promise.all(calls), reports };
}

describe('the status of the control call of a run that fails, at a foreign client', () => {
  const soon = { bounds: { runDeadlineMs: 300 } };
  const cancelled = { cancel: AbortSignal.abort() };
  const cases: readonly (readonly [what: string, code: FailureCode, parts: Parameters<typeof run>[0]])[] = [
    ['a task throws', 'TASK_FAILED', { alice: {}, bob: {} }],
    ["bob's operator cancels", 'CANCELLED', { alice: {}, bob: cancelled }],
    ['the jobs differ', 'PROGRAM_MISMATCH', { alice: {}, bob: { jobFile: jobFile('handlers.ts') } }],
    ['the job is not there', 'INPUT_MISSING', { alice: {}, bob: { jobFile: jobFile('nothing.ts') } }],
    ['the run is past its deadline', 'DEADLINE_EXCEEDED', { alice: soon, bob: soon }],
  ];
  for (const [what, code, parts] of shareOf(cases)) {
    test(`${what}: ${code}`, async () => {
      const { calls, reports } = await run(parts);
      const expected = {
        code: failureCodes[code].grpcStatus as grpc.status,
        failure: code as string | undefined,
      };
      assert.deepEqual(
        reports.map((report) => report.code),
        [code, code],
      );
      assert.deepEqual(
        calls.map(({ code, failure }) => ({ code, failure })),
        [expected],
      );
    });
  }
});
