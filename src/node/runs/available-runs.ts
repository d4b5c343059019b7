/** How many runs a machine carries at once if nobody says. */
import { availableParallelism } from 'node:os';
import { machineMemoryMax } from '../../supervisor/machine/machine-memory.ts';

const GIB = 1024 ** 3;
/** What a run may need if its party sets no limit: a program with a table of some million rows. */
const RUN_BYTES = 2 * GIB;
const RUNS_MAX = 16;
/** Runs wait for each other most of the time; more than these only make each of them slower. */
const RUNS_PER_CORE = 2;

/** @param memoryMaxBytes what one program may hold */
export function availableRuns(memoryMaxBytes: number | undefined): number {
  const each = memoryMaxBytes ?? RUN_BYTES;
  return Math.max(
    1,
    Math.min(RUNS_MAX, RUNS_PER_CORE * availableParallelism(), Math.floor(machineMemoryMax(1) / each)),
  );
}
