/**
 * Before a run: grants are checked, a use is noted, and what is granted of each table is written into the run's folder,
 * by a process that has a database, outside of the sandbox. The program sees nothing else of a dataset.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, errorCatalogue } from '../../base/error-catalogue.ts';
import { DataError, PrivityError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Clock } from '../../contracts/index.ts';
import { readDatasetSource } from '../../data/datasets/source.ts';
import { type StageInput, type StagingOptions, stage } from '../../data/staging/stage.ts';
import type { Nth } from '../life/life-types.ts';
import type { Dataset, Grant } from '../model/dataset.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import { runIdOf } from '../model/run-id.ts';
import type { RunFolders } from '../runs/run-folders.ts';
import type { NodeStore } from '../store/store.ts';
import { wordsOf } from '../words-of.ts';
import { coveringGrant, datasetsOf } from './grants.ts';
import type { Lives, Unable } from './lives.ts';
import type { OpenProposal } from './open-proposal.ts';
import type { Packages } from './packages.ts';
import { needingRoom } from './room.ts';

export interface StagingParts {
  readonly self: string;
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly folders: RunFolders;
  /** Of the node's state: which rows earlier runs have used, as keyed hashes. */
  readonly memory: string;
  readonly packages: Pick<Packages, 'check'>;
  readonly options: StagingOptions;
  readonly lives: () => Lives;
  readonly warn: (message: string) => void;
}

export interface Staged {
  /** Paths of tables by the name of the job's setting. */
  readonly tables: Readonly<Record<string, string>>;
  /** The largest of the grants that were used. */
  readonly minimumRows: number;
}

/** A refusal that depends on values tells a bit, and is counted. */
const DEPENDS_ON_VALUES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PRIVITY_ROWS_TOO_FEW',
  'PRIVITY_GRANT_MEMORY',
]);

export class Staging {
  readonly #parts: StagingParts;
  /** By run. */
  readonly #staged = new Map<string, Promise<Staged>>();
  readonly #stopping = new Map<string, AbortController>();

  constructor(parts: StagingParts) {
    this.#parts = parts;
  }

  /** What keeps this party from approving a proposal. */
  async problems(document: ProposalDocument): Promise<readonly string[]> {
    const { self, store, clock } = this.#parts;
    const grants = await store.grants.list({ partner: document.proposer });
    const found: string[] = [];
    for (const [setting, name] of datasetsOf(document, self)) {
      if ((await store.datasets.get(name)) === undefined)
        found.push(`there is no dataset ${name} (for ${setting})`);
      else if (document.proposer !== self) {
        const asked = {
          dataset: name,
          partner: document.proposer,
          purpose: document.purpose,
          now: clock.wallTime(),
        };
        const covered = coveringGrant(grants, asked);
        if ('why' in covered) found.push(covered.why);
      }
    }
    return found;
  }

  /** Tells the life of the proposal when it is done, or that it cannot be. */
  stage(open: OpenProposal, nth: Nth): void {
    const { lives, warn } = this.#parts;
    const runId = runIdOf(open.id, nth.occurrence, nth.attempt);
    this.staged(open, nth).then(
      () => lives().happens(open.id, { type: 'staged' }),
      (error: unknown) => {
        // Given up meanwhile.
        if (!this.#staged.has(runId)) return;
        this.forget(runId);
        warn(`${runId} cannot be staged: ${wordsOf(error)}`);
        const { occurrence, attempt } = nth;
        const from = this.#parts.self;
        lives().happens(open.id, { type: 'unable', from, occurrence, attempt }, undefined, {
          origin: from,
          ...told(error),
        });
      },
    );
  }

  /** Staged tables of an attempt, which are staged now if they are not there. */
  staged(open: OpenProposal, nth: Nth): Promise<Staged> {
    const runId = runIdOf(open.id, nth.occurrence, nth.attempt);
    const known = this.#staged.get(runId);
    if (known !== undefined) return known;
    const stopping = new AbortController();
    this.#stopping.set(runId, stopping);
    const staging = needingRoom('the tables of a run', () => this.#all(open, runId, stopping.signal));
    this.#staged.set(runId, staging);
    void ignored(staging, 'those that have asked for it hear it');
    return staging;
  }

  /** The attempt is not made now. */
  remove(open: OpenProposal): void {
    const { folders } = this.#parts;
    for (const runId of this.#staged.keys()) {
      if (!runId.startsWith(`${open.id}-`) || open.life.isRunning) continue;
      this.forget(runId);
      void ignored(folders.clear(runId), 'what is left is removed when the node starts');
    }
  }

  /** The run has ended, or its attempt is given up. */
  forget(runId: string): void {
    this.#stopping.get(runId)?.abort();
    this.#stopping.delete(runId);
    this.#staged.delete(runId);
  }

  async #all(open: OpenProposal, runId: string, signal: AbortSignal): Promise<Staged> {
    const { self, folders, packages } = this.#parts;
    const { document } = open.proposal;
    // The list may have changed since the approval.
    await packages.check(document, runId);
    const folder = await folders.data(runId);
    const tables: Record<string, string> = {};
    let minimumRows = 0;
    // One after the other: each has the memory of a database.
    for (const [setting, name] of datasetsOf(document, self)) {
      const target = join(folder, `${name}.parquet`);
      const grant = await this.#one(document, runId, name, target, signal);
      minimumRows = Math.max(minimumRows, grant?.minimumRows ?? 0);
      tables[setting] = target;
    }
    return { tables, minimumRows };
  }

  async #one(
    document: ProposalDocument,
    runId: string,
    name: string,
    target: string,
    signal: AbortSignal,
  ): Promise<Grant | undefined> {
    const { store, self, options } = this.#parts;
    const dataset = await store.datasets.get(name);
    if (dataset === undefined) throw new UsageError('PRIVITY_DATASET_UNKNOWN', `there is no dataset ${name}`);
    const grant = document.proposer === self ? undefined : await this.#use(document, runId, dataset);
    const { input, previous } = await this.#input(document, runId, dataset, grant, target);
    try {
      const staged = await stage(readDatasetSource(dataset.source), input, { ...options, signal });
      if (grant !== undefined && grant.changedRowsMin > 0)
        checkChanged(
          dataset,
          grant,
          staged.changed.map((rows) => rows?.changed),
          previous,
        );
      return grant;
    } catch (error) {
      // What was refused is no use: it would push earlier ones out of those that are compared.
      if (input.memory !== undefined) await rm(input.memory.file, { force: true });
      if (grant !== undefined && error instanceof PrivityError && DEPENDS_ON_VALUES.has(error.code))
        await this.#refused(document, runId, dataset, grant);
      throw error;
    }
  }

  async #input(
    document: ProposalDocument,
    runId: string,
    { name, schema }: Dataset,
    grant: Grant | undefined,
    target: string,
  ): Promise<{ input: StageInput; previous: readonly string[] }> {
    const folder = join(this.#parts.memory, name, document.proposer);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const isRemembered = grant !== undefined && grant.changedRowsMin > 0;
    const previous = isRemembered ? await latest(folder, runId) : [];
    const input: StageInput = {
      schema,
      columns: [...(grant?.columns ?? schema.columns.map((column) => column.name))],
      target,
      minimumRows: grant?.minimumRows ?? 0,
      ...(grant?.rows === undefined ? {} : { rows: grant.rows }),
      ...(isRemembered
        ? {
            memory: {
              keyFile: join(this.#parts.memory, 'key'),
              file: join(folder, runId),
              previous: previous.map((run) => join(folder, run)),
            },
          }
        : {}),
    };
    return { input, previous };
  }

  /** Notes the use before anything is read: a grant for three runs is good for three, whatever happens at once. */
  async #use(document: ProposalDocument, runId: string, { name }: Dataset): Promise<Grant> {
    const { store, clock } = this.#parts;
    const { proposer: partner, purpose } = document;
    return store.change(async (tx) => {
      const at = clock.wallTime();
      const isNoted = (await tx.grants.usesOf(runId)).some(({ dataset }) => dataset === name);
      const asked = { dataset: name, partner, purpose, now: at, isNoted };
      const covered = coveringGrant(await tx.grants.list({ dataset: name, partner }), asked);
      if ('why' in covered) throw new UsageError('PRIVITY_GRANT_MISSING', covered.why);
      const { grant } = covered;
      const isNew = await tx.grants.use({ grant: grant.id, runId, dataset: name, partner, at, table: null });
      if (isNew)
        await tx.audit.add({
          at,
          by: 'node',
          what: 'grant.used',
          about: grant.id,
          detail: { run: runId, dataset: name },
        });
      return grant;
    });
  }

  async #refused(
    { proposer: partner }: ProposalDocument,
    runId: string,
    { name: dataset }: Dataset,
    { id }: Grant,
  ): Promise<void> {
    const { store, clock } = this.#parts;
    const at = clock.wallTime();
    await store.change(async (tx) => {
      const isNew = await tx.grants.refuse({ grant: id, runId, step: 'staging', dataset, partner, at });
      if (isNew)
        await tx.audit.add({
          at,
          by: 'node',
          what: 'grant.refusal',
          about: id,
          detail: { run: runId, dataset },
        });
    });
  }
}

/** Asking again with one row fewer is how a single row is read off two sums. */
function checkChanged(
  { name }: Dataset,
  { id, changedRowsMin }: Grant,
  changed: readonly (number | undefined)[],
  previous: readonly string[],
): void {
  for (const [index, rows] of changed.entries()) {
    // The same question about the same rows tells nothing new.
    if (rows === undefined || rows === 0 || rows >= changedRowsMin) continue;
    throw new DataError(
      'PRIVITY_GRANT_MEMORY',
      `only ${rows} rows of ${name} have changed since ${previous[index] ?? 'an earlier run'}; the grant ${id} asks for at least ${changedRowsMin}`,
    );
  }
}

/** Names of runs that are remembered, the latest ones first; not this one. */
async function latest(folder: string, runId: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter(
    (name) => name !== runId && /^p[0-9a-f]{31}-\d+-\d+$/.test(name),
  );
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const sorted = dated.sort((a, b) => b.at - a.at).map(({ name }) => name);
  // Older ones are compared no more.
  for (const name of sorted.slice(REMEMBERED_USES)) await rm(join(folder, name), { force: true });
  return sorted.slice(0, REMEMBERED_USES);
}

/** Uses of a dataset by a partner that a new one is compared with. */
const REMEMBERED_USES = 20;

/** Partners hear the code, and what it means; the message itself may speak of this party's table. */
function told(error: unknown): Omit<Unable, 'origin'> {
  const code = error instanceof PrivityError ? error.code : 'PRIVITY_INTERNAL';
  return { code, message: errorCatalogue[code].means, own: wordsOf(error) };
}
