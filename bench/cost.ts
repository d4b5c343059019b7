/**
 * G11: what the watch over failures costs when nothing fails. Bytes of the control plane a party sends while everyone
 * works, and the throughput of values with the default heartbeats beside that with hardly any, taken in turns. ROUNDS
 * makes it shorter or longer.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { jobFile, Parties } from '../test/faults/parties.ts';
import { atLeast, atMost, figure, quantile, setting } from './parts/figure.ts';

const ROUNDS = setting('ROUNDS', 7);
const MEGABYTES = setting('MEGABYTES', 1_000);
const WATCHED_MS = setting('WATCHED_MS', 10_000);
/** Nobody is asked for an hour. */
const QUIET = { heartbeatMs: 3_600_000, suspectAfterMs: 7_200_000, lostAfterMs: 7_200_000 };

const spec = (names: readonly string[]) =>
  Object.fromEntries(
    names.map((name) => {
      const env = { MATRIX_PARTIES: names.join(), MATRIX_PARTY: name };
      return [name, { job: jobFile('matrix.ts'), env }];
    }),
  );

/** Bytes a second that one party sends on the control plane, on average, encrypted and with everything around them. */
async function controlBytes(names: readonly string[]): Promise<number> {
  const setup = { parties: spec(names), args: { act: 'wait', who: 'bob' }, network: () => 0 };
  const parties = await Parties.start(setup);
  try {
    await parties.get('bob').event('step.started', ({ name, kind }) => name === 'work' && kind === 'task');
    const total = (): number =>
      (parties.network?.around([]) ?? []).reduce((sum, path) => sum + path.bytes('control'), 0);
    // The hellos are over, and what the first steps had to say.
    await delay(1_000);
    const [before, from] = [total(), performance.now()];
    await delay(WATCHED_MS);
    const bytes = ((total() - before) / (performance.now() - from)) * 1_000;
    parties.get('bob').child.kill('SIGINT');
    await parties.ended();
    return bytes / names.length;
  } finally {
    parties.dispose();
  }
}

/** Megabytes a second from party to party, of a job that moves a thousand of them in pieces. */
async function throughput(bounds: Readonly<Record<string, number>>): Promise<number> {
  const names = ['alice', 'bob'];
  const args = { scene: 'pieces', megabytes: String(MEGABYTES) };
  const parties = await Parties.start({ parties: spec(names), args, bounds });
  try {
    const bob = parties.get('bob');
    await bob.event('step.started', ({ kind, name }) => kind === 'transfer' && name === 'make piece');
    const from = performance.now();
    await bob.event('step.started', ({ kind, name }) => kind === 'task' && name === 'peak');
    const seconds = (performance.now() - from) / 1_000;
    await parties.ended();
    return MEGABYTES / seconds;
  } finally {
    parties.dispose();
  }
}

for (const names of [
  ['alice', 'bob', 'carol'],
  ['alice', 'bob', 'carol', 'dave', 'erin'],
]) {
  const bytes = await controlBytes(names);
  figure(`G11: control plane of ${names.length} parties, sent by each`, bytes, 'B/s', atMost(5_000));
}
const ratios: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  // In turns, and not always the same first: the machine may get slower or faster meanwhile.
  const first = round % 2 === 0;
  const one = await throughput(first ? {} : QUIET);
  const other = await throughput(first ? QUIET : {});
  ratios.push(first ? one / other : other / one);
}
figure(
  `G11: throughput with heartbeats, of that without, median`,
  100 * quantile(ratios, 0.5),
  '%',
  atLeast(99),
);
