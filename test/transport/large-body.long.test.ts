/**
 * A value of 3 GB between two processes that may use 1 GB each; the receiving one gets its connection, as a raw socket,
 * from the process that listens. Measured by the processes themselves, every 20 ms.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COLLECT_FLAG } from '../../src/base/collect.ts';
import { systemClock } from '../../src/base/system.ts';
import { COLLECT_BYTES } from '../../src/transport/grpc/limits.ts';
import { createIdentity, fingerprint, handOver, listenPort } from '../../src/transport/index.ts';

const MIB = 1024 * 1024;
const BODY_BYTES = 3_000_000_000;
const PROCESS_BYTES_MAX = 1_000_000_000;
/** Two replay buffers' worth of bytes on the way, the heap of a young process, and what the allocator keeps. */
const GROWTH_BYTES_MAX = 250 * MIB;
/** Of the receiver: what waits for its collection, what is in use, and what the engine frees a little later. */
const BUFFER_BYTES_MAX = COLLECT_BYTES + 12 * MIB;

export interface LargeBodySetup {
  readonly self: string;
  readonly identity: { readonly certPem: string; readonly keyPem: string };
  readonly parties: readonly { name: string; host: string; port: number; fingerprint: string }[];
  readonly bytes: number;
  /** Dials and sends; the other accepts and receives. */
  readonly sends: boolean;
}

export interface LargeBodyReport {
  readonly bytes: number;
  readonly startRssBytes: number;
  readonly peakRssBytes: number;
  /** What was held of it outside the engine's heap, in use or not yet collected. */
  readonly peakBufferBytes: number;
}

describe('a body larger than memory', () => {
  test('passes between processes of bounded memory', { timeout: 120_000 }, async () => {
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map((party) => createIdentity({ party, clock: systemClock })),
    );
    if (alice === undefined || bob === undefined) return assert.fail();
    const children: ChildProcess[] = [];
    const start = (): ChildProcess => {
      const child = fork(fileURLToPath(new URL('./large-body-party.js', import.meta.url)), {
        execArgv: ['--max-old-space-size=256', COLLECT_FLAG],
      });
      children.push(child);
      return child;
    };
    const receiver = start();
    const port = await listenPort({
      host: '127.0.0.1',
      port: 0,
      party: 'bob',
      onSocket: ({ socket, head }) =>
        void handOver(receiver, socket, head, (text) => ({ head: text }), { head: '' }),
    });
    const setup = (self: string, identity: typeof alice, sends: boolean): LargeBodySetup => ({
      self,
      identity,
      sends,
      bytes: BODY_BYTES,
      parties: [
        { name: 'alice', host: '127.0.0.1', port: 1, fingerprint: fingerprint(alice.certPem) },
        { name: 'bob', host: '127.0.0.1', port: port.port, fingerprint: fingerprint(bob.certPem) },
      ],
    });
    try {
      const reports = [receiver, start()].map((child, index) => {
        child.send(index === 0 ? setup('bob', bob, false) : setup('alice', alice, true));
        return once(child, 'message');
      });
      const messages = await Promise.all(reports);
      for (const message of messages) {
        const report = message[0] as LargeBodyReport;
        assert.equal(report.bytes, BODY_BYTES);
        const detail = `${Math.round(report.startRssBytes / 1e6)} MB at first, ${Math.round(report.peakRssBytes / 1e6)} MB at most`;
        assert.ok(report.peakRssBytes < PROCESS_BYTES_MAX, detail);
        assert.ok(report.peakRssBytes - report.startRssBytes < GROWTH_BYTES_MAX, detail);
      }
      const [[{ peakBufferBytes }]] = messages as [[LargeBodyReport]];
      assert.ok(peakBufferBytes < BUFFER_BYTES_MAX, `${Math.round(peakBufferBytes / 1e6)} MB of buffers`);
      const ends = children.map((child) => once(child, 'exit'));
      for (const child of children) child.disconnect();
      for (const [code] of await Promise.all(ends)) assert.equal(code, 0);
    } finally {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
      await port.close();
    }
  });
});
