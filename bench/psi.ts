/**
 * Private set intersection end to end against the bare curve loop on the same cores.
 *
 * Two party processes, one thread for every two cores each, TCP over loopback without TLS. "End to end" is psiAlign
 * from a table to the aligned table: keys checked and hashed in SQL, shuffle, threads started, both directions, join,
 * aligned rows. "Bare" is what no protocol can do without: in each of as many threads, hash to the curve and two
 * multiplications an id, with nothing else.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { atLeast, beside, plain, setting } from './parts/figure.ts';

/** Ids of each party; half are shared. Long enough for start-up to be small, short enough to wait for. */
const IDS = setting('PRIVITY_BENCH_PSI_IDS', 40_000);

/**
 * Rounds of bare loop and intersection in turn; the median counts, so that other work on the machine does not decide.
 */
const ROUNDS = 3;

/** What the ratio should reach. */
const TARGET = 0.8;

interface Figures {
  readonly port?: number;
  readonly ready?: boolean;
  readonly idsPerSecond?: number;
  /** Processor time for an id. */
  readonly cpuMicros?: number;
  readonly matches?: number;
  readonly bytesPerId?: number;
}

const party = fileURLToPath(new URL('./psi-party.js', import.meta.url));

async function main(): Promise<void> {
  const parties = [0, 1].map((rank) => fork(party, [String(rank), String(IDS)], { stdio: 'inherit' }));
  const [alice, bob] = parties;
  if (alice === undefined || bob === undefined) return;
  const answer = async (child: typeof alice): Promise<Figures> =>
    (await once(child, 'message'))[0] as Figures;
  const both = async (command: object) => {
    const answers = parties.map(answer);
    for (const child of parties) child.send(command);
    return Promise.all(answers);
  };
  const listening = answer(bob);
  bob.send({ do: 'listen' });
  const connected = [answer(alice), answer(bob)];
  alice.send({ do: 'connect', port: (await listening).port });
  await Promise.all(connected);

  const rounds: { bare: Figures[]; run: Figures[] }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ bare: await both({ do: 'bare' }), run: await both({ do: 'psi' }) });
  }
  for (const child of parties) child.disconnect();

  const ratios = rounds.map(({ bare, run }) => mean(run, 'idsPerSecond') / mean(bare, 'idsPerSecond'));
  const cpuRatios = rounds.map(({ bare, run }) => mean(bare, 'cpuMicros') / mean(run, 'cpuMicros'));
  const best = (of: 'bare' | 'run') => Math.max(...rounds.map((round) => mean(round[of], 'idsPerSecond')));
  const first = rounds[0]?.run[0];
  console.log(
    `PSI, ${IDS.toLocaleString('en')} ids a party, ${first?.matches?.toLocaleString('en')} shared, 2 processes, TCP loopback, ${ROUNDS} rounds`,
  );
  const peer = { name: 'the bare curve loop', measured: best('bare') };
  beside('ids end to end, best', best('run'), '/s', peer, { limit: atLeast(TARGET), ratio: median(ratios) });
  plain('processor time of the bare loop, of that end to end', median(cpuRatios), '×');
  const cpu = median(rounds.map(({ run }) => mean(run, 'cpuMicros')));
  plain('processor time of each party for one id of both', cpu, 'us');
  plain('bytes sent for an id by each party', first?.bytesPerId ?? 0, 'B');
}

function mean(figures: readonly Figures[], of: 'idsPerSecond' | 'cpuMicros'): number {
  return figures.reduce((sum, figure) => sum + (figure[of] ?? 0), 0) / figures.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

await main();
