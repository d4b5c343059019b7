/** Whoever can reach the port of a party, without being one of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type ArrivedSocket, listenPort } from '../../src/transport/index.ts';
import { jobFile, Parties } from './parties.ts';

const host = '127.0.0.1';
const PATIENCE_MS = 20_000;

describe('a stranger at the port, real processes', () => {
  it('that asks for the data plane before the run has started and goes away again does not harm it', async () => {
    const job = jobFile('steady.ts');
    const parties = await Parties.start({ parties: { alice: { job }, bob: { job }, carol: { job } } });
    try {
      const alice = parties.get('alice');
      await alice.event('process.started', ({ role }) => role === 'program');
      const port = parties.ports.alice ?? 0;
      const hello = await clientHello('data.alice.privity');
      for (let visits = 0; visits < 2; visits++) {
        const socket = await visit(port);
        socket.write(hello);
        // By then the hello has been read, and the program is not there yet to be given the socket.
        await alice.event('peer.state', ({ state }) => state === 'up');
        socket.resetAndDestroy();
      }
      assert.ok(!alice.events.some(({ event }) => event === 'run.started'), 'the strangers came too late');
      await parties.ended();
      for (const party of parties.all) assert.equal((await party.exited).code, 0, party.story());
      assert.deepEqual(await parties.leftovers(), []);
    } finally {
      parties.dispose();
    }
  });
});

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
