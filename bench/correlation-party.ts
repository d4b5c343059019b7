/** One member of bench/correlation.ts, in a thread of its own: makes correlated randomness and throws it away. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemRandom } from '../src/base/system.ts';
import type { Channel } from '../src/contracts/channel.ts';
import { serveDealer } from '../src/secure/correlation/dealer.ts';
import { linkToDealer, openDealerSource } from '../src/secure/correlation/dealer-source.ts';
import { openOtSource } from '../src/secure/correlation/ot-source.ts';
import type { CorrelationSource } from '../src/secure/correlation/source.ts';
import { loadKernels } from '../src/secure/kernels/load.ts';
import { Rounds } from '../src/secure/rounds.ts';

export interface PartyData {
  readonly rank: number;
  /** By rank; the own place is empty. With three, the last is the dealer. */
  readonly ports: readonly (MessagePort | undefined)[];
  readonly kind: 'mul' | 'and';
  readonly count: number;
  readonly runs: number;
}

export interface PartyFigures {
  readonly seconds: readonly number[];
  readonly cpuSeconds: number;
}

const { rank, ports, kind, count, runs } = workerData as PartyData;

function portChannel(): Channel {
  const queues = ports.map((): Uint8Array[] => []);
  const wanted: (((bytes: Uint8Array) => void) | undefined)[] = [];
  for (const [from, port] of ports.entries()) {
    port?.on('message', (bytes: Uint8Array) => {
      const taker = wanted[from];
      wanted[from] = undefined;
      if (taker === undefined) queues[from]?.push(bytes);
      else taker(bytes);
    });
  }
  return {
    rank,
    size: ports.length,
    signal: new AbortController().signal,
    async send(to, message) {
      ports[to]?.postMessage(message instanceof Uint8Array ? message : Buffer.concat(message));
    },
    receive(from) {
      const message = queues[from]?.shift();
      if (message !== undefined) return Promise.resolve(message);
      return new Promise((resolve) => {
        wanted[from] = resolve;
      });
    },
  };
}

/** Alternates between all members, so that each run begins together. */
async function together(rounds: Rounds): Promise<void> {
  const { size } = rounds.root;
  const word = BigUint64Array.of(1n);
  await rounds.root.exchange({
    label: 'together',
    outgoing: Array.from({ length: size }, (_, to) => (to === rank ? undefined : [word])),
    incoming: Array.from({ length: size }, (_, from) => (from === rank ? 0 : 8)),
  });
}

async function main(): Promise<void> {
  const kernels = await loadKernels();
  const channel = portChannel();
  const dealer = ports.length === 3 ? 2 : undefined;
  if (rank === dealer) {
    await serveDealer(channel, systemRandom, kernels);
    return;
  }
  const link = dealer === undefined ? undefined : linkToDealer(channel, dealer);
  const rounds = new Rounds(link?.members ?? channel);
  const source: CorrelationSource =
    link === undefined
      ? await openOtSource({ fiber: rounds.root, random: systemRandom, kernels })
      : await openDealerSource(link);
  const make = () =>
    kind === 'mul' ? source.mulTriples(rounds.root, count) : source.bitTriples(rounds.root, count / 64);
  await make();
  const cpu = process.cpuUsage();
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    await together(rounds);
    const started = performance.now();
    await make();
    await together(rounds);
    seconds.push((performance.now() - started) / 1000);
  }
  const { user, system } = process.cpuUsage(cpu);
  source.destroy();
  parentPort?.postMessage({ seconds, cpuSeconds: (user + system) / 1e6 } satisfies PartyFigures);
}

await main();
for (const port of ports) port?.close();
