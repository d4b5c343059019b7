/**
 * Links under strain, each end in a process of its own: memory while a reader has stalled, control messages while the
 * data plane is full, throughput over a way of 20 ms, and over a line of 100 Mbit/s as long, both ways at once. The
 * limits are those that the transport was designed for; ping-pong and throughput on loopback are in transport.ts.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { COLLECT_FLAG } from '../src/base/collect.ts';
import { systemClock, systemRandom } from '../src/base/system.ts';
import { GRPC_LIMITS } from '../src/transport/grpc/limits.ts';
import {
  createGrpcTransport,
  createIdentity,
  createLink,
  fingerprint,
  type PeerAddress,
} from '../src/transport/index.ts';
import type { SenderSetup } from './links-sender.ts';
import type { RelaySetup } from './parts/delaying-relay.ts';
import { atLeast, atMost, beside, figure, quantile, setting } from './parts/figure.ts';
import { GIVEN, give } from './parts/give.ts';
import type { BenchSetup } from './transport.ts';

const MIB = 1024 * 1024;
/** Each way. */
const DELAY_MS = 10;
const ROUNDS = setting('ROUNDS', 5);
const MEGABYTES = setting('MEGABYTES', 500);
const STALLED_MS = setting('STALLED_MS', 10_000);
const PINGS = setting('PINGS', 1_000);
/** A line of 100 Mbit/s. */
const LINE_BYTES_PER_SECOND = 12_500_000;
/** Each way; a message is what an intersection sends at one time. */
const LINE_MEGABYTES = setting('LINE_MEGABYTES', 60);
const LINE_ROUNDS = setting('LINE_ROUNDS', 3);
const LINE_MESSAGE_KIB = setting('LINE_MESSAGE_KIB', 512);

const [alice, bob] = await Promise.all([
  createIdentity({ party: 'alice', clock: systemClock }),
  createIdentity({ party: 'bob', clock: systemClock }),
]);

/** Programs are started so; what is received is collected in time. */
const asPrograms = [...process.execArgv, COLLECT_FLAG];
const children: ChildProcess[] = [];

function start(name: string, message: object): ChildProcess {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), { execArgv: asPrograms });
  children.push(child);
  child.send(message);
  return child;
}

const addresses = (port: number): PeerAddress[] => [
  { name: 'alice', host: '127.0.0.1', port: 1, fingerprint: fingerprint(alice.certPem) },
  { name: 'bob', host: '127.0.0.1', port, fingerprint: fingerprint(bob.certPem) },
];

interface Ports {
  readonly rawPort: number;
  readonly port: number;
}

async function startPeer(): Promise<{ readonly child: ChildProcess } & Ports> {
  const child = start('./transport-peer.js', { identity: bob, parties: addresses(1) } satisfies BenchSetup);
  const [ports] = (await once(child, 'message')) as [Ports];
  return { child, ...ports };
}

async function relayTo(port: number, line: Pick<RelaySetup, 'bytesPerSecond'> = {}): Promise<number> {
  const relay = start('./parts/delaying-relay.js', { port, delayMs: DELAY_MS, ...line } satisfies RelaySetup);
  const [told] = (await once(relay, 'message')) as [{ port: number }];
  return told.port;
}

const startSender = (port: number, kind: SenderSetup['kind']): ChildProcess =>
  start('./links-sender.js', { identity: alice, parties: addresses(port), kind } satisfies SenderSetup);

/** This process's own end of a link with bob. */
function openLink(port: number, plane: 'control' | 'data') {
  const transport = createGrpcTransport({
    self: 'alice',
    parties: addresses(port),
    identity: alice,
    clock: systemClock,
  });
  let answer: () => void = () => undefined;
  let given: () => void = () => undefined;
  const sink = { write: () => undefined, end: () => void answer(), abort: () => undefined };
  const counted = { ...sink, end: () => void given() };
  const link = createLink({
    transport,
    peer: 'bob',
    plane,
    role: 'dialer',
    clock: systemClock,
    random: systemRandom,
    handlers: { onMessage: (header) => (Buffer.from(header).toString() === GIVEN ? counted : sink) },
  });
  const ask = (kind: string, body: Uint8Array[] | AsyncIterable<Uint8Array>): Promise<void> =>
    new Promise((resolve) => {
      answer = resolve;
      void link.send(Buffer.from(kind), body);
    });
  return {
    ask,
    /** So many messages each way at once; resolves when both ends have them all. */
    async exchange(count: number, bytes: number): Promise<void> {
      let missing = count;
      const arrived = new Promise<void>((resolve) => {
        given = () => {
          missing -= 1;
          if (missing === 0) resolve();
        };
      });
      await link.send(Buffer.from(`give ${count} ${bytes}`));
      await give(link, count, bytes);
      await Promise.all([ask('bulk', []), arrived]);
    },
    async close() {
      await link.close();
      await transport.close();
    },
  };
}

async function stalledReader(): Promise<void> {
  const { child, port } = await startPeer();
  const sender = startSender(port, 'stall');
  const told: { sentBytes: number; rss: number }[] = [];
  sender.on('message', (message) => told.push(message as { sentBytes: number; rss: number }));
  // Its first words come before it begins.
  await once(sender, 'message');
  await delay(STALLED_MS);
  const { rss: before = 0 } = told[0] ?? {};
  const { rss: after = 0, sentBytes = 0 } = told.at(-1) ?? {};
  if (sentBytes > 1e9) throw new Error('the reader has not stalled');
  const windowMb = GRPC_LIMITS.streamWindowBytes / 1e6;
  console.log(
    `a sender of 4 GB whose reader stalls: ${(sentBytes / 1e6).toFixed(0)} MB were taken in ${STALLED_MS} ms`,
  );
  figure(
    'memory (RSS) of the sender, more than at first',
    (after - before) / 1e6,
    'MB',
    atMost(2 * windowMb + 16),
  );
  sender.kill();
  child.kill();
}

async function controlDuringBulk(): Promise<void> {
  const [controlPeer, dataPeer] = await Promise.all([startPeer(), startPeer()]);
  const control = openLink(controlPeer.port, 'control');
  const body = Buffer.alloc(200);
  const measure = async (): Promise<number[]> => {
    const times: number[] = [];
    for (let i = 0; i < PINGS; i++) {
      const from = performance.now();
      await control.ask('ping', [body]);
      times.push(performance.now() - from);
      // Control messages are rare; a burst of them would measure something else.
      await delay(1);
    }
    return times;
  };
  await measure();
  const idle = await measure();
  const sender = startSender(dataPeer.port, 'bulk');
  // Its first words come before it begins.
  for (let isFlowing = false; !isFlowing; ) {
    const [told] = (await once(sender, 'message')) as [{ sentBytes: number }];
    isFlowing = told.sentBytes > 0;
  }
  const busy = await measure();
  console.log('round trip of a control message, programs and supervisors in processes of their own');
  const peer = { name: 'an idle data plane', measured: quantile(idle, 0.5) };
  beside('control message, data plane full, p50', quantile(busy, 0.5), 'ms', peer, { limit: atMost(2) });
  figure('control message, data plane full, p99', quantile(busy, 0.99), 'ms', atMost(10));
  sender.kill();
  await control.close();
  for (const peer of [controlPeer, dataPeer]) peer.child.kill();
}

async function rawBulk(port: number): Promise<number> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port,
    cert: alice.certPem,
    key: alice.keyPem,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  await once(socket, 'secureConnect');
  const piece = Buffer.alloc(MIB, 1);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(MIB, 0);
  head.writeUInt32BE(MEGABYTES, 4);
  const done = once(socket, 'data');
  const from = performance.now();
  socket.write(head);
  for (let i = 0; i < MEGABYTES; i++) if (!socket.write(piece)) await once(socket, 'drain');
  await done;
  const seconds = (performance.now() - from) / 1_000;
  socket.destroy();
  return MEGABYTES / seconds;
}

async function linkBulk(port: number): Promise<number> {
  const link = openLink(port, 'data');
  const piece = Buffer.alloc(MIB, 1);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < MEGABYTES; i++) yield piece;
  }
  // The connection is made, and its windows are known.
  await link.ask('ping', [Buffer.alloc(1)]);
  const from = performance.now();
  await link.ask('bulk', pieces());
  const rate = MEGABYTES / ((performance.now() - from) / 1_000);
  await link.close();
  return rate;
}

async function longWay(): Promise<void> {
  const rates: [raw: number, link: number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // A link belongs to one pair of processes: a new peer for each.
    const { child, rawPort, port } = await startPeer();
    const [raw, relayed] = [await relayTo(rawPort), await relayTo(port)];
    rates.push([await rawBulk(raw), await linkBulk(relayed)]);
    child.kill();
  }
  const ratio = quantile(
    rates.map(([raw, link]) => link / raw),
    0.5,
  );
  const [raw = Number.NaN, link = Number.NaN] = [0, 1].map((i) =>
    quantile(
      rates.map((pair) => pair[i] ?? Number.NaN),
      0.5,
    ),
  );
  console.log(`${MEGABYTES} MB in pieces of 1 MB over a way of ${2 * DELAY_MS} ms, ${ROUNDS} rounds`);
  const peer = { name: 'a raw TLS socket', measured: raw };
  beside(`throughput at ${2 * DELAY_MS} ms`, link, 'MB/s', peer, { limit: atLeast(0.85), ratio });
}

/** As an intersection does it: both ends send at once, and neither is done before the other. */
async function narrowLine(): Promise<void> {
  const bytes = LINE_MESSAGE_KIB * 1024;
  const count = Math.round((LINE_MEGABYTES * 1e6) / bytes);
  const rates: number[] = [];
  for (let round = 0; round < LINE_ROUNDS; round++) {
    const { child, port } = await startPeer();
    const link = openLink(await relayTo(port, { bytesPerSecond: LINE_BYTES_PER_SECOND }), 'data');
    await link.ask('ping', [Buffer.alloc(1)]);
    const from = performance.now();
    await link.exchange(count, bytes);
    rates.push((count * bytes) / 1e6 / ((performance.now() - from) / 1_000));
    await link.close();
    child.kill();
  }
  console.log(
    `${LINE_MEGABYTES} MB each way at once in messages of ${LINE_MESSAGE_KIB} KiB, ${LINE_ROUNDS} rounds`,
  );
  const peer = { name: 'the line', measured: LINE_BYTES_PER_SECOND / 1e6 };
  const name = `each way over a line of 100 Mbit/s and ${2 * DELAY_MS} ms`;
  beside(name, quantile(rates, 0.5), 'MB/s', peer, { limit: atLeast(0.9) });
}

try {
  await stalledReader();
  await controlDuringBulk();
  await longWay();
  await narrowLine();
} finally {
  for (const child of children) child.kill();
}
process.exit(0);
