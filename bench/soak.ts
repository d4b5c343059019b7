/**
 * G6: nothing that a busy machine and a bad network do makes a run fail. Three parties whose event loops block for two
 * seconds again and again, four processes a core that burn the processor, a network with 200 ms of jitter that resets
 * all connections of a random pair every few seconds. MINUTES (default 3) or HOURS says for how long; a run that ends
 * early has failed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { jobFile, Parties } from '../test/faults/parties.ts';
import { seeded } from '../test/faults/seeded.ts';
import { atMost, figure, setting } from './parts/figure.ts';

const minutes = process.env.HOURS === undefined ? setting('MINUTES', 3) : 60 * setting('HOURS', 24);
const SEED = setting('SEED', 1);
const BURNERS_PER_CORE = 4;
const JITTER_MS = 200;
/** Connections of one pair are reset at random times, this far apart at most. */
const RESET_MS_MAX = 5_000;
/** A run each, so that one that fails does not end the measurement. */
const RUN_MINUTES_MAX = 30;
/**
 * With everything at once a heartbeat may be late by the jitter, the time slices of eight burners, and a handshake
 * after a
 * reset: the bounds between continents.
 */
const BOUNDS = { heartbeatMs: 1_000, suspectAfterMs: 2_500, lostAfterMs: 5_000, joinTimeoutMs: 120_000 };

function burn(): ChildProcess[] {
  const count = BURNERS_PER_CORE * availableParallelism();
  return Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' }),
  );
}

interface Told {
  readonly resets: number;
  readonly failure: string | null;
}

async function oneRun(lengthMs: number, random: () => number): Promise<Told> {
  const job = jobFile('soak.ts');
  const parties = await Parties.start({
    parties: { alice: { job }, bob: { job }, carol: { job } },
    args: { seconds: String(Math.ceil(lengthMs / 1_000)) },
    bounds: BOUNDS,
    network: random,
    patienceMs: lengthMs + 300_000,
  });
  let resets = 0;
  try {
    for (const path of parties.network?.around([]) ?? []) path.set({ jitterMs: JITTER_MS });
    await Promise.all(parties.all.map((party) => party.event('run.started')));
    const burners = burn();
    try {
      const over = new AbortController();
      const ended = Promise.all(parties.all.map((party) => party.exited)).then(() => over.abort());
      while (!over.signal.aborted) {
        await delay(random() * RESET_MS_MAX, undefined, { signal: over.signal }).catch(() => undefined);
        const paths = parties.network?.around([]) ?? [];
        paths[Math.floor(random() * paths.length)]?.reset();
        resets += 1;
      }
      await ended;
    } finally {
      for (const burner of burners) burner.kill('SIGKILL');
    }
    const verdicts = await Promise.all(parties.all.map((party) => party.event('verdict')));
    const failed = verdicts.find((verdict) => verdict.code !== null);
    return { resets, failure: failed ? `${failed.code} of ${failed.origin}: ${failed.message ?? ''}` : null };
  } finally {
    parties.dispose();
  }
}

const random = seeded(SEED);
let resets = 0;
let runs = 0;
const failures: string[] = [];
const from = performance.now();
for (let left = minutes * 60_000; left > 1_000; left = minutes * 60_000 - (performance.now() - from)) {
  const told = await oneRun(Math.min(left, RUN_MINUTES_MAX * 60_000), random);
  resets += told.resets;
  runs += 1;
  if (told.failure !== null) failures.push(told.failure);
}
const passed = ((performance.now() - from) / 60_000).toFixed(1);
console.log(`${runs} runs in ${passed} min, ${resets} times all connections of a pair reset, seed ${SEED}`);
for (const failure of failures) console.log(`  ${failure}`);
figure('G6: false aborts', failures.length, '', atMost(0));
