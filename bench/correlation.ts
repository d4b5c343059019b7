/**
 * Correlated randomness for semi2k against what the design asks for: members (and dealer) as threads of one process,
 * messages copied between them. "Processor time" is of the whole process for one triple, all members together: what a
 * triple costs whatever else the machine does.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { PartyData, PartyFigures } from './correlation-party.ts';
import { atLeast, keep, setting } from './parts/figure.ts';

/** Runs of each; the best counts, so that other work on the machine does not decide. */
const RUNS = setting('PRIVITY_BENCH_CORRELATION_RUNS', 5);

interface Work {
  readonly name: string;
  readonly kind: PartyData['kind'];
  readonly members: 2 | 3;
  readonly count: number;
  /** A second. */
  readonly target?: number;
}

const works: readonly Work[] = [
  { name: 'multiplication triples, OT', kind: 'mul', members: 2, count: 1 << 15, target: 100_000 },
  { name: 'bit triples, OT', kind: 'and', members: 2, count: 1 << 21 },
  { name: 'multiplication triples, dealer', kind: 'mul', members: 3, count: 1 << 22, target: 10_000_000 },
  { name: 'bit triples, dealer', kind: 'and', members: 3, count: 1 << 26 },
];

async function measure({ kind, members, count }: Work): Promise<PartyFigures[]> {
  const ports = Array.from({ length: members }, (): (MessagePort | undefined)[] =>
    new Array<MessagePort | undefined>(members).fill(undefined),
  );
  for (let low = 0; low < members; low++) {
    for (let high = low + 1; high < members; high++) {
      const { port1, port2 } = new MessageChannel();
      (ports[low] as (MessagePort | undefined)[])[high] = port1;
      (ports[high] as (MessagePort | undefined)[])[low] = port2;
    }
  }
  const file = fileURLToPath(new URL('./correlation-party.js', import.meta.url));
  const workers = ports.map((own, rank) => {
    const workerData: PartyData = { rank, ports: own, kind, count, runs: RUNS };
    return new Worker(file, { workerData, transferList: own.filter((port) => port !== undefined) });
  });
  const figures = await Promise.all(
    workers.slice(0, 2).map(async (worker) => (await once(worker, 'message'))[0] as PartyFigures),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  return figures;
}

console.log(
  ['correlated randomness', 'triples', 'k/s', 'target', 'reached', 'CPU ns']
    .map((name, i) => (i === 0 ? name.padEnd(32) : name.padStart(12)))
    .join(''),
);
for (const work of works) {
  const figures = await measure(work);
  const seconds = Math.min(
    ...(figures[0]?.seconds ?? []).map((own, run) => Math.max(own, figures[1]?.seconds[run] ?? 0)),
  );
  // Both members look at the same process; the longer look is the whole.
  const cpu = Math.max(...figures.map(({ cpuSeconds }) => cpuSeconds)) / RUNS;
  const rate = work.count / seconds;
  const cells = [
    work.count.toLocaleString('en'),
    (rate / 1000).toFixed(0),
    work.target === undefined ? '' : (work.target / 1000).toFixed(0),
    work.target === undefined ? '' : (rate / work.target).toFixed(2),
    ((cpu * 1e9) / work.count).toFixed(work.kind === 'mul' ? 0 : 1),
  ];
  console.log(work.name.padEnd(32) + cells.map((cell) => cell.padStart(12)).join(''));
  const limit = work.target === undefined ? {} : { limit: atLeast(work.target / 1e3) };
  keep({ name: work.name, measured: rate / 1e3, unit: 'k/s', ...limit });
  keep({ name: `${work.name}, processor time`, measured: (cpu * 1e9) / work.count, unit: 'ns' });
}
