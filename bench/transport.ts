/**
 * Links over gRPC and mutual TLS against a raw TLS socket, in the same run, between two processes. Rounds of the two
 * alternate, and the median of the rounds counts.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { COLLECT_FLAG } from '../src/base/collect.ts';
import { systemClock, systemRandom } from '../src/base/system.ts';
import type { MessageSink, Plane } from '../src/contracts/index.ts';
import {
  createGrpcTransport,
  createIdentity,
  createLink,
  fingerprint,
  type Identity,
  type ManagedLink,
  type PeerAddress,
} from '../src/transport/index.ts';
import { atLeast, atMost, beside, type Limit } from './parts/figure.ts';

export interface BenchSetup {
  readonly identity: Identity;
  readonly parties: readonly PeerAddress[];
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [
  { name: '1 KB', bytes: KIB, pings: 3000, bulk: 40_000, target: 1.35, bulkTarget: undefined },
  { name: '64 KB', bytes: 64 * KIB, pings: 1000, bulk: 6_000, target: 1.3, bulkTarget: undefined },
  { name: '1 MB', bytes: MIB, pings: 150, bulk: 400, target: 1.5, bulkTarget: 0.9 },
  { name: '16 MB', bytes: 16 * MIB, pings: 12, bulk: 25, target: undefined, bulkTarget: undefined },
] as const;
const ROUNDS = 5;
/** Programs are started so; what is received is collected in time. */
const asPrograms = [...process.execArgv, COLLECT_FLAG];

class Peer {
  readonly link: ManagedLink;
  readonly control: ManagedLink;
  #answer: () => void = () => {};

  constructor(open: (plane: Plane, onMessage: () => MessageSink) => ManagedLink) {
    const sink: MessageSink = { write: () => undefined, end: () => void this.#answer(), abort: () => {} };
    this.link = open('data', () => sink);
    this.control = open('control', () => sink);
  }

  /** Sends one message and waits for the answer. */
  ask(kind: string, pieces: readonly Uint8Array[], link = this.link): Promise<void> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      void link.send(Buffer.from(kind), pieces);
    });
  }
}

async function rawSocket(identity: Identity, port: number): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    cert: identity.certPem,
    key: identity.keyPem,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return socket;
}

function header(size: number, count: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(count, 4);
  return head;
}

/** Median microseconds of a ping with its answer. */
async function rawPing(identity: Identity, port: number, body: Buffer, count: number): Promise<number> {
  const socket = await rawSocket(identity, port);
  let left = 0;
  let answered: () => void = () => {};
  socket.on('data', (data: Buffer) => {
    left -= data.length;
    if (left === 0) answered();
  });
  socket.write(header(body.length, 0));
  const times = await timed(count, () => {
    left = body.length;
    return new Promise<void>((resolve) => {
      answered = resolve;
      socket.write(body);
    });
  });
  socket.destroy();
  return median(times);
}

/** Megabytes a second, until the peer says that it has everything. */
async function rawBulk(identity: Identity, port: number, body: Buffer, count: number): Promise<number> {
  const socket = await rawSocket(identity, port);
  const done = once(socket, 'data');
  const from = performance.now();
  socket.write(header(body.length, count));
  for (let i = 0; i < count; i++) if (!socket.write(body)) await once(socket, 'drain');
  await done;
  const seconds = (performance.now() - from) / 1000;
  socket.destroy();
  return (body.length * count) / seconds / 1e6;
}

async function linkBulk(peer: Peer, body: Buffer, count: number): Promise<number> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < count; i++) yield body;
  }
  const from = performance.now();
  const { link } = peer;
  if (body.length < 64 * KIB) {
    // Small values are messages of their own, as a program would send them.
    const sends: Promise<void>[] = [];
    for (let i = 0; i < count - 1; i++) {
      sends.push(link.send(Buffer.from('bulk'), [body]));
      if (sends.length === 256) await Promise.all(sends.splice(0));
    }
    await Promise.all(sends);
    await link.flushed();
  } else {
    await link.send(Buffer.from('bulk'), pieces());
    await link.flushed();
  }
  return (body.length * count) / ((performance.now() - from) / 1000) / 1e6;
}

async function timed(count: number, once: () => Promise<void>): Promise<number[]> {
  for (let i = 0; i < Math.ceil(count / 10); i++) await once();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await once();
    times.push((performance.now() - from) * 1000);
  }
  return times;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

async function main(): Promise<void> {
  const clock = systemClock;
  const [alice, bob] = await Promise.all([
    createIdentity({ party: 'alice', clock }),
    createIdentity({ party: 'bob', clock }),
  ]);
  const parties = (port: number): PeerAddress[] => [
    { name: 'alice', host: '127.0.0.1', port: 1, fingerprint: fingerprint(alice.certPem) },
    { name: 'bob', host: '127.0.0.1', port, fingerprint: fingerprint(bob.certPem) },
  ];
  const child = fork(fileURLToPath(new URL('./transport-peer.js', import.meta.url)), {
    execArgv: asPrograms,
  });
  child.send({ identity: bob, parties: parties(1) } satisfies BenchSetup);
  const [ports] = (await once(child, 'message')) as [{ rawPort: number; port: number }];
  const transport = createGrpcTransport({
    self: 'alice',
    parties: parties(ports.port),
    identity: alice,
    clock,
  });
  const peer = new Peer((plane, onMessage) =>
    createLink({
      transport,
      peer: 'bob',
      plane,
      role: 'dialer',
      clock,
      random: systemRandom,
      handlers: { onMessage },
    }),
  );
  console.log(
    'Links over gRPC and mutual TLS, against a raw TLS socket in the same run (two processes, loopback)',
  );
  for (const { name, bytes, pings, bulk, target, bulkTarget } of SIZES) {
    const body = Buffer.alloc(bytes, 1);
    const pingRounds: [number, number][] = [];
    const bulkRounds: [number, number][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const raw = await rawPing(alice, ports.rawPort, body, pings);
      pingRounds.push([raw, median(await timed(pings, () => peer.ask('ping', [body])))]);
      bulkRounds.push([await rawBulk(alice, ports.rawPort, body, bulk), await linkBulk(peer, body, bulk)]);
    }
    show(`round trip of ${name}, p50`, 'us', pingRounds, target === undefined ? undefined : atMost(target));
    const least = bulkTarget === undefined ? undefined : atLeast(bulkTarget);
    show(`throughput of ${name}`, 'MB/s', bulkRounds, least);
  }
  const { idle, busy } = await controlDuringBulk(peer);
  await peer.link.close();
  await peer.control.close();
  await transport.close();
  child.disconnect();
  for (const [i, share] of ['p50', 'p99'].entries()) {
    const name = `control round trip while the data link is full, ${share}`;
    beside(name, busy[i] ?? Number.NaN, 'us', { name: 'an idle link', measured: idle[i] ?? Number.NaN });
  }
}

interface ControlDelay {
  readonly idle: readonly [number, number];
  readonly busy: readonly [number, number];
}

/** Round trip of a control message, p50 and p99 in microseconds, while idle and while the data link is full. */
async function controlDuringBulk(peer: Peer): Promise<ControlDelay> {
  const body = Buffer.alloc(200);
  const measure = async (): Promise<[number, number]> => {
    const times = await timed(500, () => peer.ask('ping', [body], peer.control));
    return [median(times), percentile(times, 0.99)];
  };
  const idle = await measure();
  let isOver = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(MIB);
    while (!isOver) yield piece;
  }
  const bulk = peer.link.send(Buffer.from('bulk'), endless());
  const busy = await measure();
  isOver = true;
  await bulk;
  return { idle, busy };
}

function show(
  name: string,
  unit: string,
  rounds: readonly (readonly [raw: number, link: number])[],
  limit: Limit | undefined,
): void {
  const peer = { name: 'a raw TLS socket', measured: median(rounds.map(([raw]) => raw)) };
  const ratio = median(rounds.map(([raw, link]) => link / raw));
  beside(name, median(rounds.map(([, link]) => link)), unit, peer, { limit, ratio });
}

await main();
