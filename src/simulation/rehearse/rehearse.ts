/**
 * Runs a job in the simulated world on made-up rows, again and again, and writes down everything that it discloses: a
 * contract. No row of anybody is read here, no key, no network.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../base/errors.ts';
import { closeDatabase, writeTable } from '../../data/index.ts';
import type { PublishedSchema } from '../../data/published-schema.ts';
import { tableFrom } from '../../data/table.ts';
import { relationFrom } from '../../data/table-of.ts';
import type { Bounds } from '../../supervisor/seam/bounds.ts';
import { JobCode } from '../job-code.ts';
import { OutsideWork } from '../outside-work.ts';
import { REALM_NAMES } from '../realm.ts';
import { SeededRandom } from '../seeded-random.ts';
import { catchEscaped } from '../uncaught.ts';
import { EXPLORE_BOUNDS } from '../workshop.ts';
import { type SimulatedRun, World } from '../world.ts';
import { type Merged, mergeObservations } from './merge.ts';
import { type Observation, Observer } from './observation.ts';
import { syntheticTables } from './synthetic-rows.ts';

/** By party and setting. */
export type BySetting<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

export interface TableToMake {
  readonly schema: PublishedSchema;
  /** A name for its file; the end of it says which kind of file the job is given. */
  readonly file: string;
}

export interface RehearseOptions {
  readonly job: string | URL;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Private settings that are tables. */
  readonly tables: BySetting<TableToMake>;
  /** Private settings that are files which the job writes: a name for each. */
  readonly outputs?: BySetting<string>;
  /** Other private settings, as they are. */
  readonly settings?: BySetting<unknown>;
  /** Rows of tables: two sizes, or more. Default {@link REHEARSED_ROWS}. */
  readonly rows?: readonly number[];
  /** Runs of each size. Default {@link REHEARSED_SEEDS}. */
  readonly seeds?: number;
  /** Bounds of the runs, in milliseconds of their own time. */
  readonly bounds?: Partial<Bounds>;
  /** Ends it: nothing comes of it then. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, of: number) => void;
}

/** So few that jobs which refuse few rows say so, and two sizes that show what grows with what. */
export const REHEARSED_ROWS: readonly number[] = [6, 80, 160];
export const REHEARSED_SEEDS = 2;
export const REHEARSED_ROWS_MAX = 100_000;
/** Tables differ in their rows, so that it can be told of which of them a size is. */
const ROWS_APART = 3;
/** Virtual time after which a run is given up. */
const RUN_MS_MAX = 3_600_000;

/**
 * @throws {UsageError} what `loadJob` finds wrong with the file; PRIVITY_CONTRACT_NOT_REHEARSED
 * @throws the reason of `signal`
 */
export async function rehearse(options: RehearseOptions): Promise<Merged> {
  const { args = {}, rows = REHEARSED_ROWS, seeds = REHEARSED_SEEDS, signal, onProgress } = options;
  const stage = await Stage.open(options);
  try {
    const plans = rows.flatMap((size) =>
      Array.from({ length: seeds }, (_, seed) => ({ size, seed: seed + 1 })),
    );
    const runs: Observation[] = [];
    for (const { size, seed } of plans) {
      signal?.throwIfAborted();
      onProgress?.(runs.length, plans.length);
      runs.push(await stage.run(size, seed));
    }
    signal?.throwIfAborted();
    onProgress?.(runs.length, plans.length);
    checkRehearsed(runs);
    return mergeObservations(stage.parties, runs, args);
  } finally {
    await stage.close();
  }
}

function checkRehearsed(runs: readonly Observation[]): void {
  if (runs.some(({ completed, steps }) => completed || steps.length > 0)) return;
  throw new UsageError(
    'PRIVITY_CONTRACT_NOT_REHEARSED',
    `The job cannot be rehearsed: no step of it began. ${runs[0]?.failure ?? 'It does not end in the simulated world.'}`,
  );
}

class Stage {
  readonly #options: RehearseOptions;
  readonly #code: JobCode;
  readonly #root: string;
  readonly #outside = new OutsideWork();
  readonly #stray: unknown[] = [];
  readonly #release: () => void;
  readonly #remove = (): void => rmSync(this.#root, { recursive: true, force: true });

  private constructor(options: RehearseOptions, code: JobCode) {
    this.#options = options;
    this.#code = code;
    this.#root = mkdtempSync(join(tmpdir(), 'privity-rehearse-'));
    // A second Ctrl-C does not wait for the run that is on.
    process.once('exit', this.#remove);
    for (const party of this.parties) mkdirSync(join(this.#root, party, 'temp'), { recursive: true });
    this.#release = catchEscaped((error) => this.#stray.push(error));
  }

  static async open(options: RehearseOptions): Promise<Stage> {
    const file = options.job instanceof URL ? fileURLToPath(options.job) : options.job;
    const code = await JobCode.load(file, REALM_NAMES);
    checkParties(code.loaded.job.parties, options);
    // Loaded by the first psi otherwise, which would take real time in the middle of a run.
    await import('../../psi/index.ts');
    return new Stage(options, code);
  }

  /** As the federation has them. */
  get parties(): readonly string[] {
    return [...this.#code.loaded.job.parties].sort();
  }

  async run(size: number, seed: number): Promise<Observation> {
    const { args = {}, bounds = {} } = this.#options;
    const { rows, paths } = await this.#tables(size, seed);
    const observer = new Observer();
    this.#outside.start();
    const world = new World({
      seed,
      parties: this.parties,
      jobFile: this.#code.loaded.path,
      jobHash: this.#code.loaded.hash,
      jobOf: (_party, realm) => this.#code.evaluate(realm),
      args,
      settings: this.#settings(paths),
      bounds: { ...EXPLORE_BOUNDS, ...bounds },
      // What a text says is for the person who rehearses; what may cross is decided by a contract.
      errorDetail: 'redacted',
      plan: [],
      limitMs: RUN_MS_MAX,
      folderOf: (party) => this.#folder(party),
      outside: this.#outside,
      witnessOf: (party) => observer.witnessOf(party),
    });
    const run = await world.run();
    this.#outside.stop();
    await new Promise((resolve) => setImmediate(resolve));
    await closeDatabase();
    const [stray] = this.#stray.splice(0);
    const failed = failureOf(run);
    const failure =
      stray === undefined
        ? failed && (observer.firstError ?? failed)
        : `an error of no party: ${String(stray)}`;
    return {
      ...{ rows, size, failure },
      shared: observer.shared,
      steps: [...observer.steps],
      disclosures: observer.disclosures,
      texts: observer.texts,
      completed: failure === undefined,
      rounds: roundsOf(run),
      bytes: bytesOf(run, this.parties),
    };
  }

  async close(): Promise<void> {
    this.#outside.stop();
    this.#release();
    await closeDatabase();
    process.off('exit', this.#remove);
    this.#remove();
  }

  async #tables(size: number, seed: number) {
    const wanted = this.parties.flatMap((party) =>
      Object.entries(this.#options.tables[party] ?? {}).map(([setting, { schema, file }]) => ({
        party,
        setting,
        schema,
        file,
      })),
    );
    const sized = wanted.map((one, index) => ({ ...one, rows: size + ROWS_APART * index }));
    const made = syntheticTables(sized, new SeededRandom(seed, `tables of ${size} rows`));
    const paths: Record<string, Record<string, string>> = {};
    for (const [index, { party, setting, file, rows }] of sized.entries()) {
      const path = join(this.#root, party, `${index}-${basename(file)}`);
      const table = tableFrom(await relationFrom(made[index] ?? [], rows, 'a made-up table'));
      await writeTable(table, path);
      await table.drop();
      paths[party] = { ...paths[party], [setting]: path };
    }
    await closeDatabase();
    return { paths, rows: new Map(sized.map(({ party, setting, rows }) => [`${party}.${setting}`, rows])) };
  }

  #settings(paths: BySetting<string>): BySetting<unknown> {
    const { settings = {}, outputs = {} } = this.#options;
    return Object.fromEntries(
      this.parties.map((party) => {
        const files = Object.entries(outputs[party] ?? {}).map(([setting, file]) => [
          setting,
          join(this.#root, party, `out-${basename(file)}`),
        ]);
        return [party, { ...settings[party], ...Object.fromEntries(files), ...paths[party] }];
      }),
    );
  }

  #folder(party: string): { readonly path: string; clean(): void } {
    const path = join(this.#root, party, 'temp');
    return {
      path,
      clean: () => {
        for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
      },
    };
  }
}

function checkParties(
  parties: readonly string[],
  { tables, outputs = {}, settings = {}, rows = [] }: RehearseOptions,
): void {
  const named = [tables, outputs, settings].flatMap((one) => Object.keys(one));
  const unknown = named.find((party) => !parties.includes(party));
  const notRehearsed = (text: string): UsageError => new UsageError('PRIVITY_CONTRACT_NOT_REHEARSED', text);
  if (unknown !== undefined)
    throw notRehearsed(`A table or setting is for ${unknown}; the job is of ${parties.join(', ')}.`);
  if (rows.some((size) => !Number.isInteger(size) || size < 1 || size > REHEARSED_ROWS_MAX))
    throw notRehearsed(`Tables have whole numbers of rows, from 1 to ${REHEARSED_ROWS_MAX}.`);
}

/** Why a run has not completed. */
function failureOf({ parties }: SimulatedRun): string | undefined {
  const without = parties.find(({ report }) => report === null);
  if (without)
    return without.error instanceof Error ? without.error.message : `${without.name} does not come to an end`;
  const failure = parties.find(({ report }) => report?.verdict.failure)?.report?.verdict.failure;
  if (!failure) return undefined;
  const own = parties
    .find(({ name }) => name === failure.origin)
    ?.events.find((event) => event.event === 'failure' && event.message !== undefined);
  const said =
    own?.event === 'failure'
      ? `: ${own.message}`
      : failure.message === undefined
        ? ''
        : `: ${failure.message}`;
  return `${failure.code} at ${failure.origin}${failure.stepName ? `, step "${failure.stepName}"` : ''}${said}`;
}

const roundsOf = ({ parties }: SimulatedRun): number =>
  Math.max(
    0,
    ...parties.map(({ report }) => (report?.secure ?? []).reduce((sum, { rounds }) => sum + rounds, 0)),
  );

/** Of messages between programs: headers and bodies. */
const bytesOf = ({ flows }: SimulatedRun, parties: readonly string[]): Observation['bytes'] => {
  const sentBy = (sender: string, receiver: string): number =>
    flows
      .filter(({ from, to }) => from === sender && to === receiver)
      .flatMap(({ sent }) => sent)
      .reduce((sum, { header, bytes }) => sum + header.length + bytes, 0);
  return Object.fromEntries(
    parties.map((sender) => [
      sender,
      Object.fromEntries(
        parties
          .filter((receiver) => receiver !== sender)
          .map((receiver) => [receiver, sentBy(sender, receiver)]),
      ),
    ]),
  );
};
