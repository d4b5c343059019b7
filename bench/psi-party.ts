/** One party of bench/psi.ts: does what its parent tells it to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tinypool } from 'tinypool';
import { systemRandom } from '../src/base/system.ts';
import type { Channel } from '../src/contracts/channel.ts';
import { closeDatabase, openDatabase } from '../src/data/database.ts';
import { tableOf } from '../src/data/table-of.ts';
import { psiAlign } from '../src/psi/align.ts';
import { psiProtocols } from '../src/psi/protocols/index.ts';

const rank = Number(process.argv[2]);
const ids = Number(process.argv[3]);
const threads = Math.max(1, Math.floor(availableParallelism() / 2));

/** Seconds that the bare loop runs. */
const BARE_SECONDS = 2;

let channel: (Channel & { sentBytes: number }) | undefined;

/** Messages behind their length in four bytes; enough of a channel for one run. */
function socketChannel(socket: Socket): Channel & { sentBytes: number } {
  socket.setNoDelay(true);
  const messages: Uint8Array[] = [];
  let wanted: ((bytes: Uint8Array) => void) | undefined;
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE(0)) {
      const end = 4 + rest.readUInt32LE(0);
      const message = rest.subarray(4, end);
      rest = rest.subarray(end);
      if (wanted === undefined) messages.push(message);
      else wanted(message);
    }
  });
  const made = {
    rank,
    size: 2,
    signal: new AbortController().signal,
    sentBytes: 0,
    async send(_to: number, bytes: Uint8Array) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      made.sentBytes += bytes.byteLength;
      socket.cork();
      socket.write(length);
      const room = socket.write(bytes);
      socket.uncork();
      if (!room) await new Promise((resolve) => socket.once('drain', resolve));
    },
    receive(): Promise<Uint8Array> {
      const message = messages.shift();
      if (message !== undefined) return Promise.resolve(message);
      return new Promise((resolve) => {
        wanted = (bytes) => {
          wanted = undefined;
          resolve(bytes);
        };
      });
    },
  };
  return made;
}

async function runBare(): Promise<object> {
  const filename = new URL('./psi-bare.js', import.meta.url).href;
  const pool = new Tinypool({ filename, minThreads: threads, maxThreads: threads });
  const cpu = process.cpuUsage();
  const counts: number[] = await Promise.all(
    Array.from({ length: threads }, () => pool.run(BARE_SECONDS, { name: 'bareLoop' })),
  );
  await pool.destroy();
  const idsPerSecond = counts.reduce((a, b) => a + b, 0);
  return { idsPerSecond, cpuMicros: cpuMicrosSince(cpu) / (idsPerSecond * BARE_SECONDS) };
}

async function runPsi(own: Channel & { sentBytes: number }): Promise<object> {
  const tempDir = await mkdtemp(join(tmpdir(), 'privity-bench-'));
  try {
    await openDatabase({ tempDir, threads });
    const first = rank === 0 ? 0 : ids / 2;
    const table = await tableOf({ id: Array.from({ length: ids }, (_, i) => `P${(first + i) * 7919}`) });
    const [started, cpu, sentBefore] = [performance.now(), process.cpuUsage(), own.sentBytes];
    const context = { signal: own.signal, random: systemRandom, threads };
    const aligned = await psiAlign(own, table, { on: ['id'], protocols: [psiProtocols.dh] }, context);
    const seconds = (performance.now() - started) / 1000;
    const bytesPerId = (own.sentBytes - sentBefore) / ids;
    return {
      idsPerSecond: ids / seconds,
      cpuMicros: cpuMicrosSince(cpu) / ids,
      matches: aligned.rowCount,
      bytesPerId,
    };
  } finally {
    await closeDatabase();
    await rm(tempDir, { recursive: true, force: true });
  }
}

/** Processor time of this process, all threads. */
function cpuMicrosSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

process.on('message', async (command: { do: string; port?: number }) => {
  const answer = (figures: object) => process.send?.(figures);
  if (command.do === 'listen') {
    const server = createServer((socket) => {
      server.close();
      channel = socketChannel(socket);
      answer({ ready: true });
    });
    server.listen(0, '127.0.0.1', () => answer({ port: (server.address() as { port: number }).port }));
  } else if (command.do === 'connect') {
    const socket = connect(command.port ?? 0, '127.0.0.1', () => {
      channel = socketChannel(socket);
      answer({ ready: true });
    });
  } else if (command.do === 'bare') {
    answer(await runBare());
  } else if (channel !== undefined) {
    answer(await runPsi(channel));
  }
});
process.once('disconnect', () => process.exit(0));
