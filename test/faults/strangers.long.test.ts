/** Whoever can reach the port of a party, without being one of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { itLong } from '../effort.ts';
import { clientHello } from '../parts/client-hello.ts';
import { jobFile, Parties } from './parties.ts';

const host = '127.0.0.1';
const PATIENCE_MS = 20_000;

describe('a stranger at the port, real processes', () => {
  itLong(
    'that asks for the data plane before the run has started and goes away again does not harm it',
    async () => {
      const job = jobFile('steady.ts');
      const dir = mkdtempSync(join(tmpdir(), 'privity-gate-'));
      const gate = join(dir, 'open');
      const parties = await Parties.start({
        parties: { alice: { job }, bob: { job }, carol: { job, env: { STEADY_GATE: gate } } },
      });
      try {
        const alice = parties.get('alice');
        await alice.event('process.started', ({ role }) => role === 'program');
        const port = parties.ports.alice ?? 0;
        const hello = await clientHello('data.alice.privity');
        for (let visits = 0; visits < 2; visits++) {
          const socket = await visit(port);
          socket.write(hello);
          await served(port);
          socket.resetAndDestroy();
        }
        assert.ok(!alice.events.some(({ event }) => event === 'run.started'), 'the strangers came too late');
        writeFileSync(gate, '');
        await parties.ended();
        for (const party of parties.all) assert.equal((await party.exited).code, 0, party.story());
        assert.deepEqual(await parties.leftovers(), []);
      } finally {
        parties.dispose();
        rmSync(dir, { recursive: true });
      }
    },
  );

  itLong('that says its hello byte by byte takes no time from the party', async () => {
    const job = jobFile('steady.ts');
    const args = { who: 'bob', what: 'wait' };
    // It stood still for six seconds at a time; a machine that is busy with something else does so for one at most.
    const bounds = { lostAfterMs: 3_000, suspectAfterMs: 1_500 };
    const parties = await Parties.start({
      parties: { alice: { job }, bob: { job }, carol: { job } },
      args,
      bounds,
    });
    const alice = parties.get('alice');
    try {
      await alice.event('run.started');
      const strangers = await Promise.all(Array.from({ length: 100 }, () => visit(parties.ports.alice ?? 0)));
      // Records of one byte each, of a ClientHello that promises more than may come.
      const records = [1, 0, 0x3f, 0xff, ...Array<number>(2_690).fill(0)];
      const begun = Buffer.from(records.flatMap((byte) => [22, 3, 1, 0, 1, byte]));
      for (const stranger of strangers) stranger.write(begun);
      for (let round = 0; round < 100; round++) {
        await delay(20);
        for (const stranger of strangers) if (!stranger.destroyed) stranger.write(Buffer.of(22));
      }
      for (const stranger of strangers) stranger.destroy();
      for (const party of parties.all)
        assert.ok(!party.events.some((e) => e.event === 'peer.state' && e.state === 'lost'), party.story());
      alice.child.kill('SIGINT');
      await parties.ended();
      for (const party of parties.all)
        assert.equal((await party.event('verdict')).code, 'CANCELLED', party.story());
    } finally {
      parties.dispose();
    }
  });

  it('and others of its kind do not pile up at a party whose program is busy', async () => {
    const job = jobFile('steady.ts');
    const args = { who: 'bob', what: 'wait' };
    const parties = await Parties.start({ parties: { alice: { job }, bob: { job }, carol: { job } }, args });
    const alice = parties.get('alice');
    try {
      await alice.event('run.started');
      const program = await alice.pid('program');
      process.kill(program, 'SIGSTOP');
      const hello = await clientHello('data.alice.privity');
      const strangers = await Promise.all(Array.from({ length: 100 }, () => visit(parties.ports.alice ?? 0)));
      const turnedAway = new Promise<void>((resolve) => {
        let left = strangers.length;
        for (const stranger of strangers) stranger.once('close', () => --left === 0 && resolve());
      });
      for (const stranger of strangers) stranger.resume().write(hello);
      await Promise.race([
        turnedAway,
        delay(5_000, undefined, { ref: false }).then(() => assert.fail('some are held')),
      ]);
      process.kill(program, 'SIGCONT');
      for (const stranger of strangers) stranger.destroy();
      alice.child.kill('SIGINT');
      await parties.ended();
      for (const party of parties.all)
        assert.equal((await party.event('verdict')).code, 'CANCELLED', party.story());
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });
});

/** Whoever came before has been read by then: a stranger that speaks no TLS is answered. */
async function served(port: number): Promise<void> {
  const socket = await visit(port);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
}

/** A connection, as soon as the party listens. */
async function visit(port: number): Promise<Socket> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const socket = connect(port, host);
    try {
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      return socket;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
