/** What all simulated runs of one job share: its code, its folders, its first run, in which nothing goes wrong. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../base/errors.ts';
import { closeDatabase } from '../data/index.ts';
import { type Bounds, DEFAULT_BOUNDS } from '../supervisor/seam/bounds.ts';
import type { ErrorDetail } from '../supervisor/seam/options.ts';
import { boundOf } from './bound.ts';
import type { CheckContext } from './check-context.ts';
import { checkRun, type Violation } from './checkers.ts';
import { makePlan } from './fault-maker.ts';
import { FAULT_KINDS, type Fault, type FaultKind } from './fault-plan.ts';
import { JobCode } from './job-code.ts';
import { OutsideWork } from './outside-work.ts';
import { REALM_NAMES } from './realm.ts';
import { SeededRandom } from './seeded-random.ts';
import { catchEscaped } from './uncaught.ts';
import { type SimulatedRun, World } from './world.ts';

export interface WorkshopOptions {
  readonly job: string | URL;
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly bounds: Partial<Bounds>;
  readonly errorDetail: ErrorDetail;
  readonly kinds: readonly FaultKind[];
}

/**
 * The bounds of a real run, but for two: nobody has to find the second terminal here, and tasks take no time of the
 * world. With a minute and twelve hours, heartbeats for parties that were killed or stopped would be most of the work.
 */
export const EXPLORE_BOUNDS: Bounds = { ...DEFAULT_BOUNDS, joinTimeoutMs: 5_000, stepDeadlineMs: 5_000 };

/** Simulated runs between two times that the database of all tables is emptied. */
const RUNS_PER_DATABASE = 25;
/** A secret shorter than this could be part of anything. */
const CANARY_CHARS_MIN = 6;
/** Length of the first run, before it is known. */
const FIRST_RUN_MS_MAX = 86_400_000;

/** A simulated run, and what did not hold in it. */
export interface CheckedRun {
  /** All that happened. */
  readonly run: SimulatedRun;
  /** What did not hold; empty if all did. */
  readonly violations: readonly Violation[];
}

export class Workshop {
  readonly bounds: Bounds;
  readonly #options: WorkshopOptions;
  readonly #code: JobCode;
  readonly #root: string;
  readonly #release: () => void;
  readonly #outside = new OutsideWork();
  /** Folders in which nothing has ever been left, by party: when they were last changed. */
  readonly #emptySince = new Map<string, number>();
  readonly #written = new Set<string>();
  #context: CheckContext;
  #tasks: Readonly<Record<string, number>> = {};
  #watchesOutside = true;
  #stray: unknown[] = [];
  #runs = 0;
  #firstRunRealMs = 0;

  private constructor(options: WorkshopOptions, code: JobCode) {
    this.#options = options;
    this.#code = code;
    this.bounds = { ...EXPLORE_BOUNDS, ...options.bounds };
    this.#context = { bounds: this.bounds, lengthMs: FIRST_RUN_MS_MAX, handled: new Set() };
    this.#root = mkdtempSync(join(tmpdir(), 'privity-explore-'));
    for (const party of code.loaded.job.parties) mkdirSync(join(this.#root, party));
    this.#release = catchEscaped((error) => this.#stray.push(error));
  }

  /**
   * Loads the job and runs it without faults: twice, unless `signal` says that nobody waits for more.
   * @throws {UsageError} what `loadJob` finds wrong; PRIVITY_EXPLORE_BASELINE if the job does not complete
   */
  static async open(options: WorkshopOptions, signal?: AbortSignal): Promise<Workshop> {
    const file = options.job instanceof URL ? fileURLToPath(options.job) : options.job;
    // Loaded by the first psi otherwise, which would take real time in the middle of a run.
    await import('../psi/index.ts');
    const workshop = new Workshop(options, await JobCode.load(file, REALM_NAMES));
    try {
      await workshop.#firstRun(signal);
      return workshop;
    } catch (error) {
      await workshop.close();
      throw error;
    }
  }

  get parties(): readonly string[] {
    return this.#code.loaded.job.parties;
  }

  /** Virtual time of a run in which nothing goes wrong. */
  get lengthMs(): number {
    return this.#context.lengthMs;
  }

  /** Real time of that run: what others will take, about. */
  get firstRunRealMs(): number {
    return this.#firstRunRealMs;
  }

  /** Whether tasks of the job give work to the operating system, which real time is spent on. */
  get worksOutside(): boolean {
    return this.#watchesOutside;
  }

  planOf(seed: number): readonly Fault[] {
    return makePlan(new SeededRandom(seed, 'plan'), {
      parties: this.parties,
      kinds: this.#options.kinds.length > 0 ? this.#options.kinds : FAULT_KINDS,
      lengthMs: this.#context.lengthMs,
      tasks: this.#tasks,
      lostAfterMs: this.bounds.lostAfterMs,
    });
  }

  boundOf(plan: readonly Fault[]): number {
    return boundOf(plan, this.#context, this.parties.length);
  }

  /** One run under a plan, and what does not hold of it. */
  async run(seed: number, plan: readonly Fault[], record = false): Promise<CheckedRun> {
    const run = await this.#simulate(seed, plan, record);
    const strays = [...run.stray, ...this.#stray.splice(0)].map(
      (error): Violation => ({
        checker: 'termination',
        parties: [],
        words: `an error of no party: ${error instanceof Error ? error.message : String(error)}`,
      }),
    );
    return { run, violations: [...strays, ...checkRun(run, this.#context)] };
  }

  /** Gives everything back; the listeners for unhandled errors are as before. */
  async close(): Promise<void> {
    this.#outside.stop();
    this.#release();
    await closeDatabase();
    rmSync(this.#root, { recursive: true, force: true });
  }

  async #simulate(seed: number, plan: readonly Fault[], record: boolean): Promise<SimulatedRun> {
    const { args, settings, errorDetail } = this.#options;
    if (++this.#runs % RUNS_PER_DATABASE === 0) await closeDatabase();
    const outside = this.#watchesOutside ? this.#outside : undefined;
    outside?.start();
    const world = new World({
      seed,
      parties: this.parties,
      jobFile: this.#code.loaded.path,
      jobHash: this.#code.loaded.hash,
      jobOf: (_party, realm) => this.#code.evaluate(realm),
      args,
      settings,
      bounds: this.bounds,
      errorDetail,
      plan,
      limitMs: 2 * this.boundOf(plan),
      record,
      folderOf: (party) => this.#folder(party),
      outside,
      canaries: this.#canaries(),
    });
    const run = await world.run();
    // What a killed program had under way ends by itself; it must not reach the next run.
    outside?.stop();
    await new Promise((resolve) => setImmediate(resolve));
    return run;
  }

  async #firstRun(signal: AbortSignal | undefined): Promise<void> {
    let begun = performance.now();
    let checked = await this.run(0, []);
    if (signal?.aborted !== true) {
      // Again: what is loaded with first use takes real time once.
      begun = performance.now();
      checked = await this.run(0, []);
    }
    this.#firstRunRealMs = performance.now() - begun;
    const { run, violations } = checked;
    const failed = run.parties.find(({ report }) => report?.outcome !== 'completed');
    if (failed || violations.length > 0) throw this.#unfit(run, violations[0]?.words);
    const handled = run.parties.flatMap(({ report }) => report?.failures.map(({ code }) => code) ?? []);
    this.#context = { bounds: this.bounds, lengthMs: run.endedAt, handled: new Set(handled) };
    this.#tasks = Object.fromEntries(run.parties.map(({ name }, index) => [name, run.tasks[index] ?? 0]));
    this.#watchesOutside = this.#outside.kinds.size > 0;
  }

  #unfit(run: SimulatedRun, words: string | undefined): UsageError {
    const failure = run.parties.find(({ report }) => report?.verdict.failure)?.report?.verdict.failure;
    const own = run.parties
      .find(({ name }) => name === failure?.origin)
      ?.events.find((event) => event.event === 'failure' && event.message !== undefined);
    const said = own?.event === 'failure' ? `: ${own.message}` : '';
    const why = failure
      ? `it ends with ${failure.code} at ${failure.origin}${failure.stepName ? `, step "${failure.stepName}"` : ''}${said}`
      : (words ?? 'it does not end');
    return new UsageError('PRIVITY_EXPLORE_BASELINE', `Without any fault the job does not complete: ${why}`);
  }

  /** Reading a folder takes longer than asking when it was changed, and few tasks write anything. */
  #folder(party: string): { readonly path: string; clean(): void } {
    const path = join(this.#root, party);
    return {
      path,
      clean: () => {
        if (statSync(path).mtimeMs === this.#emptySince.get(party)) return;
        for (const name of readdirSync(path)) {
          rmSync(join(path, name), { recursive: true, force: true });
          this.#written.add(party);
        }
        // Two changes within one tick of the file system's clock look like one: not trusted once anything was written.
        if (!this.#written.has(party)) this.#emptySince.set(party, statSync(path).mtimeMs);
      },
    };
  }

  /** Texts among the private settings. */
  #canaries(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(
      Object.entries(this.#options.settings).map(([party, settings]) => [
        party,
        Object.values(settings).filter(
          (value): value is string => typeof value === 'string' && value.length >= CANARY_CHARS_MIN,
        ),
      ]),
    );
  }
}
