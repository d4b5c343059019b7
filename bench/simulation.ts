/**
 * Simulated runs a second on one core: three parties, ten steps, without faults and under seeded plans, against the
 * target.
 */
import { fileURLToPath } from 'node:url';
import { explore } from '../src/testing/index.ts';
import { atLeast, figure, plain } from './parts/figure.ts';

const TARGET_RUNS_PER_S = 2_000;
/** Long enough for the compiler to have seen everything, short enough for a benchmark. */
const MEASURE_MS = 8_000;

const job = fileURLToPath(new URL('../../bench/jobs/ten-steps.ts', import.meta.url));

async function rate(plan: readonly [] | undefined): Promise<{ readonly wall: number; readonly cpu: number }> {
  await explore({ job, runs: 200, ...(plan ? { plan } : {}) });
  const before = process.cpuUsage();
  const { runs, durationMs } = await explore({
    job,
    seed: 1_000,
    runs: 1_000_000,
    forMs: MEASURE_MS,
    ...(plan ? { plan } : {}),
  });
  const { user, system } = process.cpuUsage(before);
  return { wall: (runs / durationMs) * 1000, cpu: (user + system) / 1000 / runs };
}

console.log('three parties, ten steps');
for (const [name, plan] of [
  ['nothing goes wrong', []],
  ['seeded fault plans', undefined],
] as const) {
  const { wall, cpu } = await rate(plan);
  figure(`${name}, runs`, wall, '/s', atLeast(TARGET_RUNS_PER_S));
  plain(`${name}, processor time of a run`, cpu, 'ms');
}
