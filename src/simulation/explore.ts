/** Runs a job under many seeded fault plans, checks every run, and reduces what breaks to the least that breaks it. */
import { UsageError } from '../base/errors.ts';
import type { FailureCode } from '../base/failure-codes.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';
import type { ErrorDetail } from '../supervisor/seam/options.ts';
import { lastChangeMs } from './bound.ts';
import type { Violation } from './checkers.ts';
import { checkPlan, FAULT_KINDS, type Fault, type FaultKind } from './fault-plan.ts';
import { shrink } from './shrink.ts';
import { simplerPlans } from './simpler-plans.ts';
import type { TimelineLine } from './trace.ts';
import { type CheckedRun, Workshop } from './workshop.ts';
import type { SimulatedRun } from './world.ts';

/** What is explored, and how far. */
export interface ExploreOptions {
  /** The job's file. It is evaluated anew for each party of each run. */
  readonly job: string | URL;
  /** Public arguments, as given to every party. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** Private settings by party. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Bounds of the runs, in milliseconds. Default: those of a real run. */
  readonly bounds?: Partial<Bounds>;
  /** What text of a failure may cross between parties. Default: redacted. */
  readonly errorDetail?: ErrorDetail;
  /** The first seed; the others follow it. From 0 to 2^52. Default 1. */
  readonly seed?: number;
  /** Runs, each with the next seed. Default `EXPLORE_RUNS`. */
  readonly runs?: number;
  /** Ends the exploration earlier, in milliseconds of real time. Default: no limit. */
  readonly forMs?: number;
  /** Kinds of faults that plans are made of. Default: all. */
  readonly faults?: readonly FaultKind[];
  /** A plan of one's own, for every run; the seeds then differ in delays only. */
  readonly plan?: readonly Fault[];
  /** Ends the exploration; what is known by then is the result. */
  readonly signal?: AbortSignal;
  /** Called when the run without faults has been made, and after each run. */
  readonly onProgress?: (progress: ExploreProgress) => void;
  /** Called for each of the breaks that are kept, as soon as it has been reduced. */
  readonly onBreak?: (found: Break) => void;
}

/** How far an exploration has come. */
export interface ExploreProgress {
  /** Runs that have been made. */
  readonly runs: number;
  /** Runs that were asked for. */
  readonly ofRuns: number;
  /** Runs in which something did not hold. */
  readonly broken: number;
  /** Real time since the first run with faults began, in milliseconds. */
  readonly elapsedMs: number;
  /** Real time until the end, estimated from the runs so far; before them from the run without faults. */
  readonly leftMs: number;
}

/** A run in which something did not hold. */
export interface Break {
  /** The seed that shows it again. */
  readonly seed: number;
  /** The faults of the run. */
  readonly plan: readonly Fault[];
  /** What did not hold. */
  readonly violations: readonly Violation[];
  /** The smallest plan that was found to break the same with this seed. */
  readonly shrunkPlan: readonly Fault[];
  /** What happened under it, across the parties. */
  readonly timeline: readonly TimelineLine[];
}

/** The run whose last party ended latest, counted from the last moment at which a fault changed anything. */
export interface SlowestEnd {
  /** The seed of the run. */
  readonly seed: number;
  /** Milliseconds of virtual time until the last party had ended. */
  readonly afterMs: number;
  /** What was allowed, in milliseconds. */
  readonly boundMs: number;
}

/** What an exploration has found. */
export interface Exploration {
  /** The parties of the job. */
  readonly parties: readonly string[];
  /** The first seed. */
  readonly seed: number;
  /** Runs that have been made. */
  readonly runs: number;
  /** Real time that they took, in milliseconds. */
  readonly durationMs: number;
  /** Whether all runs that were asked for have been made. */
  readonly finished: boolean;
  /** Virtual time of a run in which nothing goes wrong. */
  readonly lengthMs: number;
  /** Faults that found something to act on, by kind. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Runs by how they ended: the verdict of those parties that had one; `none` where no party was left to say. */
  readonly outcomes: Readonly<Partial<Record<Ending, number>>>;
  /** The run that ended latest after its last fault; null if no fault did anything. */
  readonly slowest: SlowestEnd | null;
  /** The first runs in which something did not hold, reduced; at most 3 are kept. */
  readonly breaks: readonly Break[];
  /** How many there were. */
  readonly broken: number;
  /** Whether a run that was made twice was the same, byte for byte. If not, a seed may not show the same again. */
  readonly deterministic: boolean;
}

/** How a run ended: the code of its verdict, `completed`, or `none` where no party was left to say. */
export type Ending = FailureCode | 'completed' | 'none';

/** Runs of an exploration that names no number. */
export const EXPLORE_RUNS = 1_000;
/** Breaks that are reduced and kept: one is enough to work on, and each costs a hundred runs. */
export const BREAKS_MAX = 3;
export const EXPLORE_RUNS_MAX = 100_000_000;
const SEED_MAX = 2 ** 52;
/** Every so many runs one is made twice. */
const REPEAT_EVERY = 100;
/** Runs that it is worth to shrink one plan. */
const SHRINK_RUNS_MAX = 120;

/**
 * Runs a job of several parties again and again in a simulated world, each time under a fault plan that follows from a
 * seed, and checks what Privity promises: termination, agreement, validity, cause before symptom, integrity, nothing
 * left, privacy, bounded messages. The code under test is the real one; simulated are time, randomness, sockets and
 * processes (docs/simulation.md).
 *
 * Cost: a run of a small job takes some milliseconds of one core, one with tables and an intersection as long as its
 * real work. Rejects only for what keeps it from beginning; what breaks is in the result.
 * @throws {UsageError} PRIVITY_EXPLORE_BASELINE: the job does not complete without faults; PRIVITY_FAULT_PLAN;
 *   PRIVITY_JOB_…
 * @example
 * const { broken } = await explore({ job: new URL('./job.ts', import.meta.url), runs: 500 });
 * assert.equal(broken, 0);
 */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const { seed = 1, runs = EXPLORE_RUNS } = options;
  checkNumbers(seed, runs);
  const workshop = await openWorkshop(options);
  try {
    return await exploreIn(workshop, seed, runs, options);
  } finally {
    await workshop.close();
  }
}

/**
 * One seed again, with its timeline: of the plan that the seed makes, or of `plan`. Options and errors as `explore`.
 *
 * @example
 * const { run, violations } = await replay({ job: new URL('./job.ts', import.meta.url), seed: 4711 });
 * const story = run.timeline.map(({ at, party, text }) => `${at} ms ${party} ${text}`);
 */
export async function replay(
  options: Omit<ExploreOptions, 'runs' | 'forMs' | 'onProgress' | 'onBreak' | 'signal'>,
): Promise<CheckedRun> {
  const { seed = 1 } = options;
  checkNumbers(seed, 1);
  const workshop = await openWorkshop(options);
  try {
    return await workshop.run(seed, options.plan ?? workshop.planOf(seed), true);
  } finally {
    await workshop.close();
  }
}

async function openWorkshop(options: ExploreOptions): Promise<Workshop> {
  const {
    job,
    args = {},
    settings = {},
    bounds = {},
    errorDetail = 'redacted',
    faults = FAULT_KINDS,
    signal,
  } = options;
  const unknown = faults.find((kind) => !FAULT_KINDS.includes(kind));
  if (unknown !== undefined)
    throw new UsageError(
      'PRIVITY_FAULT_PLAN',
      `There is no kind of fault "${unknown}"; there are ${FAULT_KINDS.join(', ')}.`,
    );
  const workshop = await Workshop.open({ job, args, settings, bounds, errorDetail, kinds: faults }, signal);
  try {
    if (options.plan) checkPlan(options.plan, workshop.parties);
    return workshop;
  } catch (error) {
    await workshop.close();
    throw error;
  }
}

async function exploreIn(
  workshop: Workshop,
  seed: number,
  ofRuns: number,
  options: ExploreOptions,
): Promise<Exploration> {
  const { signal, forMs = Number.POSITIVE_INFINITY, onProgress, onBreak } = options;
  const begun = performance.now();
  const elapsed = (): number => performance.now() - begun;
  const tally = new Tally(workshop);
  const tell = (runs: number): void => {
    const elapsedMs = elapsed();
    const perRunMs = runs === 0 ? workshop.firstRunRealMs : elapsedMs / runs;
    const leftMs = Math.max(0, Math.min((ofRuns - runs) * perRunMs, forMs - elapsedMs));
    onProgress?.({ runs, ofRuns, broken: tally.broken, elapsedMs, leftMs });
  };
  const isOver = (): boolean => signal?.aborted === true || elapsed() >= forMs;
  let done = 0;
  tell(done);
  for (; done < ofRuns && !isOver(); done++) {
    const own = seed + done;
    const plan = options.plan ?? workshop.planOf(own);
    const checked = await workshop.run(own, plan);
    tally.add(checked.run);
    if (done % REPEAT_EVERY === 0) await tally.repeat(checked.run);
    const found = checked.violations.length > 0 ? await tally.broke(checked) : undefined;
    if (found) onBreak?.(found);
    tell(done + 1);
  }
  return {
    parties: workshop.parties,
    seed,
    runs: done,
    durationMs: elapsed(),
    finished: done === ofRuns,
    lengthMs: workshop.lengthMs,
    ...tally.result(),
  };
}

/** What is counted over all runs. */
class Tally {
  readonly #workshop: Workshop;
  readonly #faults: Partial<Record<FaultKind, number>> = {};
  readonly #outcomes: Partial<Record<Ending, number>> = {};
  readonly #breaks: Break[] = [];
  #slowest: SlowestEnd | null = null;
  #deterministic = true;
  broken = 0;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  add(run: SimulatedRun): void {
    for (const [index, { kind }] of run.plan.entries())
      if (run.happened[index]) this.#faults[kind] = (this.#faults[kind] ?? 0) + 1;
    const ending = endingOf(run);
    this.#outcomes[ending] = (this.#outcomes[ending] ?? 0) + 1;
    const last = Math.max(...run.parties.map(({ endedAt }) => endedAt ?? 0));
    const change = lastChangeMs(run.plan);
    const afterMs = last - change;
    if (afterMs <= (this.#slowest?.afterMs ?? 0)) return;
    this.#slowest = { seed: run.seed, afterMs, boundMs: this.#workshop.boundOf(run.plan) - change };
  }

  async repeat(run: SimulatedRun): Promise<void> {
    const again = await this.#workshop.run(run.seed, run.plan);
    if (again.run.digest !== run.digest) this.#deterministic = false;
  }

  /** Reduces the first ones. */
  async broke({ run, violations }: CheckedRun): Promise<Break | undefined> {
    this.broken++;
    if (this.#breaks.length >= BREAKS_MAX) return undefined;
    const broken = new Set(violations.map(({ checker }) => checker));
    const breaks = async (plan: readonly Fault[]): Promise<boolean> =>
      (await this.#workshop.run(run.seed, plan)).violations.some(({ checker }) => broken.has(checker));
    const shrunkPlan = await shrink(run.plan, simplerPlans, breaks, SHRINK_RUNS_MAX);
    const shown = await this.#workshop.run(run.seed, shrunkPlan, true);
    const { seed, plan } = run;
    const found = { seed, plan, violations, shrunkPlan, timeline: shown.run.timeline };
    this.#breaks.push(found);
    return found;
  }

  result() {
    return {
      faults: this.#faults,
      outcomes: this.#outcomes,
      slowest: this.#slowest,
      breaks: this.#breaks,
      broken: this.broken,
      deterministic: this.#deterministic,
    };
  }
}

function endingOf({ parties }: SimulatedRun): Ending {
  const reports = parties.flatMap(({ report }) => report ?? []);
  if (reports.length === 0) return 'none';
  return reports.find(({ code }) => code !== null)?.code ?? 'completed';
}

function checkNumbers(seed: number, runs: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed > SEED_MAX)
    throw new UsageError('PRIVITY_FAULT_PLAN', `A seed is a whole number from 0 to ${SEED_MAX}.`);
  if (!Number.isInteger(runs) || runs < 1 || runs > EXPLORE_RUNS_MAX)
    throw new UsageError(
      'PRIVITY_FAULT_PLAN',
      `The number of runs is a whole number from 1 to ${EXPLORE_RUNS_MAX}.`,
    );
}
