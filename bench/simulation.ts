/**
 * Simulated runs a second on one core: three parties, ten steps, without faults and under seeded plans, against the target.
 */
import { fileURLToPath } from 'node:url';
import { explore } from '../src/testing/index.ts';

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

console.log(
  `three parties, ten steps; the target is ${TARGET_RUNS_PER_S.toLocaleString('en')} runs a second`,
);
for (const [name, plan] of [
  ['nothing goes wrong', []],
  ['seeded fault plans', undefined],
] as const) {
  const { wall, cpu } = await rate(plan);
  const ratio = (wall / TARGET_RUNS_PER_S).toFixed(3);
  console.log(
    `  ${name.padEnd(20)} ${wall.toFixed(0).padStart(6)} runs/s   ×${ratio} of the target   ${cpu.toFixed(2)} ms of CPU a run`,
  );
}
