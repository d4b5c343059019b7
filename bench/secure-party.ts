/** One member of bench/secure.ts: does what its parent tells it to, over TCP on this machine. */
import { connect, createServer, type Socket } from 'node:net';
import { systemRandom } from '../src/base/system.ts';
import type { Channel } from '../src/contracts/channel.ts';
import * as ops from '../src/secure/ops/index.ts';
import { createSession, type Session } from '../src/secure/session.ts';
import { works } from './secure-work.ts';

const rank = Number(process.argv[2]);
const size = 3;

/** Messages behind their length in four bytes. */
class Pipe {
  readonly #socket: Socket;
  readonly #messages: Uint8Array[] = [];
  #wanted: ((bytes: Uint8Array) => void) | undefined;
  #header = Buffer.alloc(4);
  #headerBytes = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#take(data));
  }

  async send(bytes: Uint8Array): Promise<void> {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    this.#socket.cork();
    this.#socket.write(length);
    const room = this.#socket.write(bytes);
    this.#socket.uncork();
    if (!room) await new Promise((resolve) => this.#socket.once('drain', resolve));
  }

  receive(): Promise<Uint8Array> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  #take(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.#message === undefined) {
        const part = data.copy(this.#header, this.#headerBytes, at, at + 4 - this.#headerBytes);
        this.#headerBytes += part;
        at += part;
        if (this.#headerBytes < 4) return;
        this.#message = new Uint8Array(this.#header.readUInt32LE(0));
        this.#headerBytes = 0;
        this.#filled = 0;
      }
      const end = Math.min(data.length, at + this.#message.byteLength - this.#filled);
      this.#message.set(data.subarray(at, end), this.#filled);
      this.#filled += end - at;
      at = end;
      if (this.#filled === this.#message.byteLength) this.#deliver(this.#message);
    }
  }

  #deliver(message: Uint8Array): void {
    this.#message = undefined;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#messages.push(message);
    else wanted(message);
  }
}

const pipes: Pipe[] = [];
let session: Session | undefined;

const channel: Channel = {
  rank,
  size,
  signal: new AbortController().signal,
  send: (to, bytes) => (pipes[to] as Pipe).send(bytes),
  receive: (from) => (pipes[from] as Pipe).receive(),
};

/** Those with a higher rank connect, and say who they are in one byte. */
function listen(): Promise<number> {
  const server = createServer((socket) => {
    socket.once('readable', () => {
      const peer = (socket.read(1) as Buffer)[0] ?? 0;
      pipes[peer] = new Pipe(socket);
      connected();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

function connected(): void {
  if (Object.keys(pipes).length < size - 1) return;
  createSession('rep3', channel, systemRandom).then(
    (opened) => {
      session = opened;
      process.send?.({ ready: true });
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}

async function run(index: number): Promise<object> {
  const work = works[index];
  if (session === undefined || work === undefined) throw new Error('there is no such work');
  const values = (from: number) =>
    Float64Array.from({ length: work.elements }, (_, i) => from + (i % 97) / 7);
  const options = { owner: 0, dtype: 'fixed', shape: [work.elements] } as const;
  return session.run(async (on) => {
    const x = await ops.share(on, options, rank === 0 ? values(-3) : undefined);
    const y = await ops.share(on, options, rank === 0 ? values(1) : undefined);
    await ops.reveal(on, ops.slice(on, x, 0, 1));
    const before = on.session.report();
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    await work.run(on, x, y);
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const after = on.session.report();
    return {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      rounds: after.rounds - before.rounds,
      bytes: after.bytesSent - before.bytesSent,
    };
  });
}

process.on('message', async (command: { do: string; ports?: number[]; index?: number }) => {
  if (command.do === 'listen') process.send?.({ port: await listen() });
  else if (command.do === 'connect') {
    for (let peer = 0; peer < rank; peer++) {
      const socket = connect(command.ports?.[peer] ?? 0, '127.0.0.1', () => {
        socket.write(Uint8Array.of(rank));
        pipes[peer] = new Pipe(socket);
        connected();
      });
    }
  } else process.send?.(await run(command.index ?? 0));
});
process.once('disconnect', () => process.exit(0));
