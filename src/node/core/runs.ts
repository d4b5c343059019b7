/** The runs of a node: started once each, watched, found again, and kept in the history when they have ended. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, PrivityError } from '../../base/errors.ts';
import { type FailureCode, failureCodes, isFailureCode } from '../../base/failure-codes.ts';
import { ignored } from '../../base/ignored.ts';
import type { Clock } from '../../contracts/index.ts';
import type { RunReport } from '../../observe/report.ts';
import { REPORT_FILE, type RecordFacts } from '../../record/record-file.ts';
import { removeLeftDoor } from '../../transport/door/door.ts';
import { runLabel } from '../../transport/index.ts';
import { doorOf, RUN_DOOR } from '../gate/gate.ts';
import type { Nth } from '../life/life-types.ts';
import { unpackBundle } from '../model/bundle.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import { newRun, type RunRow, type RunState } from '../model/records.ts';
import { runIdOf } from '../model/run-id.ts';
import type { NodeMessage } from '../partners/words.ts';
import { lookAtBegun } from '../runs/begun.ts';
import type { LaunchPlan } from '../runs/launch.ts';
import type { RunFolders } from '../runs/run-folders.ts';
import { RunWatch } from '../runs/watch.ts';
import type { NodeStore, StoreChange } from '../store/store.ts';
import { wordsOf } from '../words-of.ts';
import { learntFrom } from './learnt.ts';
import type { Lives } from './lives.ts';
import type { OpenProposal } from './open-proposal.ts';
import type { Packages } from './packages.ts';
import { refusalIn } from './refusal.ts';
import { needingRoom } from './room.ts';
import type { Staged } from './staging.ts';

export interface RunsParts {
  readonly self: string;
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly folders: RunFolders;
  readonly sockets: string;
  readonly bundleOf: (digest: string) => Promise<Uint8Array>;
  /** Starts a supervisor. */
  readonly launch: (plan: Pick<LaunchPlan, 'jobFile' | 'orderFile' | 'runId' | 'record'>) => Promise<number>;
  readonly packages: Pick<Packages, 'check'>;
  /** Of an attempt. Stages its tables if they are not there. */
  readonly staged: (open: OpenProposal, nth: Nth) => Promise<Staged>;
  readonly lives: () => Lives;
  readonly ended: (runId: string) => void;
  /** How long the supervisors of a run wait for each other. */
  readonly joinTimeoutMs: number;
  /** Something is in the outbox of a partner. */
  readonly wake: (partner: string) => void;
  readonly warn: (message: string) => void;
}

/** Runs of which that is remembered before they begin here: they do within a moment, or never. */
const GONE_KEPT = 1_000;

export class NodeRuns {
  readonly #parts: RunsParts;
  readonly #watches = new Map<string, RunWatch>();
  /** Of which the supervisor has not been started yet. */
  readonly #beginning = new Set<string>();
  /** Whose end somebody has asked for. */
  readonly #asked = new Set<string>();
  /** Of runs that are not watched, which partners have gone. */
  readonly #gone = new Map<string, readonly string[]>();
  #closed = false;

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  /** Within the change that lets it go. */
  async recordStart(tx: StoreChange, open: OpenProposal, nth: Nth, at: number): Promise<void> {
    const { id, document } = open.proposal;
    await tx.runs.add({ ...newRun(id, document.title, nth, at), state: 'starting' });
  }

  /**
   * Starts what was let go. Also after a restart of the node: a run that was begun before is found, not begun, and one
   * for which the others have waited in vain is over.
   * @param letGoAt by a node before this one
   */
  start(open: OpenProposal, nth: Nth, letGoAt?: number): void {
    const runId = runIdOf(open.id, nth.occurrence, nth.attempt);
    this.#beginning.add(runId);
    needingRoom('the folder of a run', () => this.#begin(open, nth, runId, letGoAt)).then(
      () => {
        this.#watch(open, runId);
        if (this.#asked.has(runId)) this.#watches.get(runId)?.cancel();
        this.#beginning.delete(runId);
      },
      (error: unknown) => this.#notBegun(open, runId, error),
    );
  }

  /** Asks the supervisor to cancel the run for all parties. False: it does not run here. */
  cancel(runId: string): boolean {
    const watch = this.#watches.get(runId);
    if (watch === undefined && !this.#beginning.has(runId)) return false;
    this.#asked.add(runId);
    watch?.cancel();
    return true;
  }

  /** A partner's supervisor of an attempt has ended without a verdict; also of one that has not begun here yet. */
  gone(partner: string, { proposal, occurrence, attempt }: Nth & { readonly proposal: string }): void {
    const parties = this.#parts.lives().get(proposal)?.proposal.document.parties ?? [];
    if (!parties.includes(partner)) return;
    const runId = runIdOf(proposal, occurrence, attempt);
    const watch = this.#watches.get(runId);
    if (watch !== undefined) return watch.gone(partner);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size >= GONE_KEPT && oldest !== undefined) this.#gone.delete(oldest);
    this.#gone.set(runId, [...(this.#gone.get(runId) ?? []), partner]);
  }

  /** Removes local sockets of supervisors that were killed, and are not looked for. */
  async sweep(active: ReadonlySet<string>): Promise<void> {
    const { sockets } = this.#parts;
    const wanted = new Set([...active].map(runLabel));
    for (const name of await readdir(sockets)) {
      const label = RUN_DOOR.exec(name)?.[1];
      if (label === undefined || wanted.has(label)) continue;
      await removeLeftDoor(doorOf(sockets, label));
    }
  }

  /** The node ends; runs go on. */
  close(): void {
    this.#closed = true;
    for (const watch of this.#watches.values()) watch.close();
  }

  /** No supervisor comes: the end of the attempt, unless it is this node that ends. */
  #notBegun(open: OpenProposal, runId: string, error: unknown): void {
    this.#beginning.delete(runId);
    if (this.#closed) return;
    this.#parts.warn(`the run ${runId} could not be started: ${wordsOf(error)}`);
    const isOverdue = error instanceof Overdue;
    this.#ended(open, runId, isOverdue ? overdue(this.#parts.self, error) : endWithout(error));
  }

  async #begin(open: OpenProposal, nth: Nth, runId: string, letGoAt: number | undefined): Promise<void> {
    const { folders, bundleOf, staged, launch, sockets, clock, joinTimeoutMs } = this.#parts;
    // A node that has started again finds what it had begun.
    if ((await lookAtBegun(folders.record(runId))) !== 'no') return;
    if (letGoAt !== undefined && clock.wallTime() - letGoAt > joinTimeoutMs) throw new Overdue();
    const { document } = open.proposal;
    const bundle = await bundleOf(document.job.bundle);
    const packages = await this.#parts.packages.check(document, runId, bundle);
    const { tables, minimumRows } = await staged(open, nth);
    const settings = { ...tables, ...(await this.#outputs(document, runId)) };
    const code = await folders.layOut(runId, unpackBundle(bundle), packages);
    const orderFile = await folders.prepare(runId, {
      version: 1,
      runId,
      parties: document.parties,
      args: document.args,
      settings,
      contract: document.contract,
      minimumRows,
      code,
      door: doorOf(sockets, runLabel(runId)),
      ...(document.outputs[this.#parts.self] === undefined ? {} : { results: await folders.results(runId) }),
    });
    const jobFile = join(code[0], document.job.file);
    await launch({ jobFile, orderFile, runId, record: folders.record(runId) });
  }

  /** Paths of the files that the job writes at this party, by the name of the setting. */
  async #outputs({ outputs }: ProposalDocument, runId: string): Promise<Readonly<Record<string, string>>> {
    const own = Object.entries(outputs[this.#parts.self] ?? {});
    if (own.length === 0) return {};
    const folder = await this.#parts.folders.results(runId);
    return Object.fromEntries(own.map(([setting, name]) => [setting, join(folder, name)]));
  }

  #watch(open: OpenProposal, runId: string): void {
    if (this.#closed || this.#watches.has(runId)) return;
    const { self, clock, folders, sockets, store, warn } = this.#parts;
    const watch = new RunWatch({
      runId,
      party: self,
      record: folders.record(runId),
      door: doorOf(sockets, runLabel(runId)),
      clock,
      onRunning: () => {
        const startedAt = clock.wallTime();
        const running = store.change(async (tx) => {
          // A node that has found the run again was not there when it began.
          const known = await tx.runs.get(runId);
          await tx.runs.set(runId, { state: 'running', startedAt: known?.startedAt ?? startedAt });
        });
        void ignored(running, 'the end of the run says the same');
      },
      onEnded: (facts) => {
        this.#watches.delete(runId);
        this.#ended(open, runId, endOf(facts));
      },
      warn,
    });
    this.#watches.set(runId, watch);
    for (const party of this.#gone.get(runId) ?? []) watch.gone(party);
    this.#gone.delete(runId);
  }

  #ended(open: OpenProposal, runId: string, end: End): void {
    this.#end(open, runId, end).catch((error: unknown) =>
      this.#parts.warn(`the end of ${runId}: ${wordsOf(error)}`),
    );
  }

  #othersOf({ parties }: ProposalDocument): readonly string[] {
    return parties.filter((party) => party !== this.#parts.self);
  }

  async #sayGone(tx: StoreChange, open: OpenProposal, runId: string, at: number): Promise<void> {
    const { occurrence, attempt } = open.life;
    const said: NodeMessage = { kind: 'gone', proposal: open.id, occurrence, attempt };
    for (const partner of this.#othersOf(open.proposal.document))
      await tx.outbox.put({ partner, messageId: `gone-${runId}`, body: JSON.stringify(said), createdAt: at });
  }

  async #end(open: OpenProposal, runId: string, end: End): Promise<void> {
    const { clock, folders, self, lives } = this.#parts;
    const path = join(folders.record(runId), self, REPORT_FILE);
    const report = await ignored(readFile(path), 'a supervisor that was killed has written none');
    const at = clock.wallTime();
    const { document } = open.proposal;
    const own = Object.values(document.datasets[self] ?? {});
    const hasBegun = (await lookAtBegun(folders.record(runId))) !== 'no';
    const told = report === undefined ? undefined : (JSON.parse(report.toString('utf8')) as RunReport);
    const lines =
      told === undefined && !hasBegun
        ? []
        : learntFrom(own, told ?? { contract: document.contract, self }, at);
    const step = told && refusalIn(told, self);
    const reportDigest = report === undefined ? null : createHash('sha256').update(report).digest('hex');
    lives().happens(
      open.id,
      { type: 'ended', completed: end.state === 'completed', again: end.again && !this.#asked.has(runId) },
      async (tx) => {
        await tx.runs.set(runId, { ...end.row, state: end.state, endedAt: at, reportDigest });
        if (end.isGone) await this.#sayGone(tx, open, runId, at);
        if (lines.length > 0) await tx.learnt.add(runId, lines);
        if (step !== undefined)
          for (const use of await tx.grants.usesOf(runId)) await tx.grants.refuse({ ...use, step, at });
        await tx.audit.add({
          at,
          by: 'node',
          what: `run.${end.state}`,
          about: runId,
          detail: {
            code: end.row.code,
            report: reportDigest,
            ...(end.why === undefined ? {} : { why: end.why }),
          },
        });
        return true;
      },
    );
    if (end.isGone)
      void open.turn.then(() => {
        for (const partner of this.#othersOf(document)) this.#parts.wake(partner);
      });
    this.#asked.delete(runId);
    // A supervisor that was killed has left its socket, at which its stand-in may answer partners for a while.
    const door = doorOf(this.#parts.sockets, runLabel(runId));
    await ignored(removeLeftDoor(door), 'what is left is removed when the node starts');
    await ignored(folders.clear(runId), 'what is left is removed when the node starts');
    this.#parts.ended(runId);
  }
}

interface End {
  /** There was no verdict: partners may be waiting for this party. */
  readonly isGone: boolean;
  readonly state: RunState;
  readonly row: Pick<RunRow, 'code' | 'origin' | 'incident'>;
  /** Whether the whole run may be tried again. */
  readonly again: boolean;
  /** In words, of a run that has no record to read it in. */
  readonly why?: string;
}

const GONE = { state: 'failed', again: true, isGone: true } as const;

function endOf(facts: RecordFacts | 'not-begun'): End {
  const none = { origin: null, incident: null };
  if (facts === 'not-begun') return { ...GONE, row: { code: 'SETUP_FAILED', ...none } };
  const { verdict, error, ending } = facts;
  if (verdict !== null) {
    const { outcome, code, origin, incident } = verdict;
    if (outcome === 'completed')
      return { state: 'completed', row: { code: null, ...none }, again: false, isGone: false };
    const state = code === 'CANCELLED' ? 'cancelled' : 'failed';
    return { state, row: { code, origin, incident }, again: mayRetry(code), isGone: false };
  }
  if (ending === 'refused') return { ...GONE, row: { code: error?.code ?? null, ...none }, again: false };
  // Killed without a word: what became of it the others know, who lead it or not.
  return { ...GONE, row: { code: 'PEER_CRASHED', ...none } };
}

/**
 * Of an attempt for which no supervisor was started. What this party's own tables refuse, they refuse again; a disk may
 * have room by then.
 */
const endWithout = (error: unknown): End => ({
  ...GONE,
  row: { code: error instanceof PrivityError ? error.code : 'SETUP_FAILED', origin: null, incident: null },
  again: !(error instanceof PrivityError) || error instanceof EnvironmentError,
  why: wordsOf(error),
});

/** The others have given up by now, and say that this party did not join. */
class Overdue extends Error {
  constructor() {
    super('the node was not there to begin it while the other parties waited');
  }
}

const overdue = (origin: string, { message }: Overdue): End => ({
  ...GONE,
  row: { code: 'JOIN_TIMEOUT', origin, incident: null },
  why: message,
});

const mayRetry = (code: FailureCode | null): boolean =>
  code !== null && isFailureCode(code) && failureCodes[code].retryable;
