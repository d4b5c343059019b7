/**
 * One port of each party, owned by nobody's run, for several runs at once: real supervisors, programs, sockets and
 * certificates.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { deferred } from '../../src/base/deferred.ts';
import { systemClock } from '../../src/base/system.ts';
import type { RunEvent } from '../../src/observe/events.ts';
import type { RunReport } from '../../src/observe/report.ts';
import { type PartyOptions, runParty } from '../../src/supervisor/index.ts';
import {
  createIdentity,
  fingerprint,
  type Identity,
  runLabel,
  type ServerName,
  SharedPort,
  serverName,
} from '../../src/transport/index.ts';
import { jobFile } from '../faults/parties.ts';
import { clientHello } from '../parts/client-hello.ts';

const NAMES = ['alice', 'bob', 'carol'] as const;
type Name = (typeof NAMES)[number];
const host = '127.0.0.1';

interface Party {
  readonly name: Name;
  readonly identity: Identity;
  readonly port: SharedPort;
}

interface Run {
  readonly reports: Promise<readonly RunReport[]>;
  /** Resolves when a party's program has begun a step of this name. */
  begun(step: string): Promise<void>;
  cancel(): void;
}

describe('a port that runs share', () => {
  let folder = '';
  let parties: readonly Party[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'privity-shared-'));
    parties = await Promise.all(
      NAMES.map(async (name) => ({
        name,
        identity: await createIdentity({ party: name, clock: systemClock }),
        port: await SharedPort.open({ host, port: 0, party: name }),
      })),
    );
  });

  after(async () => {
    await Promise.all(parties.map(({ port }) => port.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  function optionsOf({ name, identity, port }: Party, runId: string, what: string): PartyOptions {
    const federation = parties.map((other) => ({
      name: other.name,
      host,
      port: other.port.port,
      fingerprint: fingerprint(other.identity.certPem),
    }));
    return {
      party: name,
      federation,
      federationName: 'shared',
      identity,
      listen: { host, port: port.port },
      port: port.of(runId),
      jobFile: jobFile('steady.ts'),
      runId,
      args: { who: 'bob', what },
      settings: {},
      errorDetail: 'redacted',
      bounds: {},
      onEvent: () => {},
    };
  }

  function start(runId: string, what: string, late: readonly Name[] = [], lateUntil?: Promise<void>): Run {
    const cancelled = new AbortController();
    const waits = new Map<string, () => void>();
    const onEvent = (event: RunEvent): void => {
      if (event.event === 'step.started' && event.name !== undefined) waits.get(event.name)?.();
    };
    const reports = parties.map(async (party) => {
      if (late.includes(party.name)) await lateUntil;
      return runParty({ ...optionsOf(party, runId, what), onEvent, cancel: cancelled.signal });
    });
    return {
      reports: Promise.all(reports),
      begun(step) {
        const { promise, resolve } = deferred<void>();
        waits.set(step, resolve);
        return promise;
      },
      cancel: () => cancelled.abort(),
    };
  }

  const outcomes = (reports: readonly RunReport[]): unknown =>
    reports.map(({ outcome, verdict }) => verdict?.failure?.code ?? outcome);

  it('lets two runs go on at once; what ends one does not touch the other', { timeout: 60_000 }, async () => {
    const waiting = start('waits', 'wait');
    await waiting.begun('work');
    const failing = start('fails', 'throw');
    const passing = start('passes', 'return');
    const failed = await failing.reports;
    assert.deepEqual(outcomes(failed), ['TASK_FAILED', 'TASK_FAILED', 'TASK_FAILED']);
    const passed = await passing.reports;
    assert.deepEqual(outcomes(passed), ['completed', 'completed', 'completed']);
    waiting.cancel();
    assert.deepEqual(outcomes(await waiting.reports), ['CANCELLED', 'CANCELLED', 'CANCELLED']);
    for (const report of [...failed, ...passed]) assert.deepEqual(report.reclaimed?.leftovers ?? [], []);
  });

  it('is as if nobody listened for a run that is not there yet: who dials it comes again', {
    timeout: 60_000,
  }, async () => {
    const [alice] = parties;
    assert.ok(alice);
    const dialled = deferred<void>();
    const late = start('late', 'return', ['carol'], dialled.promise);
    // Carol is dialled by the two others; her port gives no answer to this one, either.
    const hello = { plane: 'control', party: 'carol', run: runLabel('late') } as const;
    assert.equal((await answerTo(parties[2]?.port.port, hello)).length, 0);
    dialled.resolve();
    assert.deepEqual(outcomes(await late.reports), ['completed', 'completed', 'completed']);
  });

  it('refuses a second run under one id', async () => {
    const [alice] = parties;
    assert.ok(alice);
    const first = await alice.port.of('once')(() => {});
    await assert.rejects(
      alice.port.of('once')(() => {}),
      { code: 'PRIVITY_PORT_IN_USE', message: /the run once is under way at 127\.0\.0\.1:\d+; end it, or/ },
    );
    await first.close();
    const second = await alice.port.of('once')(() => {});
    await first.close();
    await assert.rejects(
      alice.port.of('once')(() => {}),
      { code: 'PRIVITY_PORT_IN_USE' },
    );
    await second.close();
    await (await alice.port.of('once')(() => {})).close();
  });

  it('is no place for who names another party', async () => {
    const answer = await answerTo(parties[0]?.port.port, {
      plane: 'control',
      party: 'bob',
      run: runLabel('x'),
    });
    // A fatal alert: unrecognized_name.
    assert.deepEqual([...answer], [21, 3, 3, 0, 2, 2, 112]);
  });
});

/** What a port sends to a first message of TLS until it closes the connection. */
async function answerTo(port = 0, name: ServerName): Promise<Buffer> {
  const socket = connect({ host, port });
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.end(await clientHello(serverName(name)));
  await once(socket, 'close');
  return Buffer.concat(parts);
}
