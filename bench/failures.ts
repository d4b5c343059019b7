/**
 * From an exception to the last party that has decided, over real runs of three parties (six processes, mutual TLS). The
 * moment of the exception is what the task itself prints just before it throws; the moment of a decision is the time of
 * that party's `verdict` event. All clocks are this machine's. RUNS=20 makes it quicker.
 */
import { jobFile, Parties } from '../test/faults/parties.ts';

const runs = Number(process.env.RUNS ?? 200);
const TARGETS = { p50: 5, p99: 25 };

async function once(): Promise<{ decideMs: number; goneMs: number }> {
  const job = jobFile('throw-at-time.ts');
  const parties = await Parties.start({ parties: { alice: { job }, bob: { job }, carol: { job } } });
  try {
    const log = await parties.get('bob').event('log', (event) => event.message.startsWith('thrown at '));
    const thrownAt = Number(log.message.slice('thrown at '.length));
    const verdicts = await Promise.all(parties.all.map((party) => party.event('verdict')));
    await parties.ended();
    const leftovers = await parties.leftovers();
    if (leftovers.length > 0) throw new Error(`left behind: ${leftovers.join(', ')}`);
    const last = Math.max(...verdicts.map((verdict) => Date.parse(verdict.time)));
    const exits = await Promise.all(parties.all.map((party) => party.exited));
    const gone = performance.timeOrigin + Math.max(...exits.map(({ at }) => at));
    return { decideMs: last - thrownAt, goneMs: gone - thrownAt };
  } finally {
    parties.dispose();
  }
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function row(name: string, values: readonly number[], targets?: { p50: number; p99: number }): void {
  const sorted = [...values].sort((a, b) => a - b);
  const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)];
  const aim = targets ? `   target p50 ${targets.p50}, p99 ${targets.p99}` : '';
  console.log(
    `  ${name.padEnd(42)} p50 ${p50.toFixed(0)} ms   p99 ${p99.toFixed(0)} ms   max ${max.toFixed(0)} ms${aim}`,
  );
}

const decide: number[] = [];
const gone: number[] = [];
for (let i = 0; i < runs; i++) {
  const { decideMs, goneMs } = await once();
  decide.push(decideMs);
  gone.push(goneMs);
}
console.log(`a task throws at one of three parties, ${runs} runs`);
row('exception to last party decided', decide, TARGETS);
row('exception to all processes gone', gone, { p50: 500, p99: 500 });
