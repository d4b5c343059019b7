/** Whoever can reach the port of a party, without being one of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type ArrivedSocket, listenPort } from '../../src/transport/index.ts';
import { jobFile, Parties } from './parties.ts';

const host = '127.0.0.1';
const PATIENCE_MS = 20_000;

describe('a stranger at the port, real processes', () => {
  it('that asks for the data plane before the run has started and goes away again does not harm it', async () => {
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

/** The first bytes of a TLS client that asks for this name. */
async function clientHello(servername: string): Promise<Buffer> {
  let arrive: (arrived: ArrivedSocket) => void = () => {};
  const arrived = new Promise<ArrivedSocket>((resolve) => {
    arrive = resolve;
  });
  const { port, close } = await listenPort({ host, port: 0, onSocket: arrive });
  const dialler = connectTls({ host, port, servername, rejectUnauthorized: false });
  dialler.on('error', () => undefined);
  const { socket, head } = await arrived;
  socket.destroy();
  dialler.destroy();
  await close();
  return head;
}
