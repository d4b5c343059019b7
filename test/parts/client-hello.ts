import { connect } from 'node:tls';
import { type ArrivedSocket, listenPort } from '../../src/transport/index.ts';

const host = '127.0.0.1';

/** The first bytes of a TLS client that asks for this name, as OpenSSL makes them, caught on the wire. */
export async function clientHello(servername: string): Promise<Buffer> {
  let arrive: (arrived: ArrivedSocket) => void = () => {};
  const arrived = new Promise<ArrivedSocket>((resolve) => {
    arrive = resolve;
  });
  const { port, close } = await listenPort({ host, port: 0, onSocket: arrive });
  const dialler = connect({ host, port, servername, rejectUnauthorized: false });
  dialler.on('error', () => undefined);
  const { socket, head } = await arrived;
  socket.destroy();
  dialler.destroy();
  await close();
  return head;
}
