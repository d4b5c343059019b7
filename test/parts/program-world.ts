/**
 * Several parties' runtimes in one process over links in memory, with a host that writes down what it is told and, like
 * the supervisors, ends the run everywhere when something fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'node:test';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Random } from '../../src/contracts/random.ts';
import type { Failure, TrailEntry } from '../../src/coordination/failure.ts';
import type { ErrorDetail } from '../../src/coordination/public-details.ts';
import type { Fin } from '../../src/coordination/trail.ts';
import type { TaskEngine } from '../../src/engine/task-engine.ts';
import { Ledger, type LedgerNews } from '../../src/observe/ledger.ts';
import type { Disclosure, SecureCost, StepOutcome, Withheld } from '../../src/observe/report.ts';
import type { Job } from '../../src/program/model/job.ts';
import { type Released, type RunResult, Runtime, type RuntimeLimits } from '../../src/program/runtime.ts';
import type { CapturedFailure } from '../../src/program/state/capture.ts';
import type { DivergenceInfo, ProgramHost } from '../../src/program/state/host.ts';
import { type CrossedMessage, type MemoryLinks, memoryLinks } from '../../src/testing/memory-link.ts';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 0;
  now(): number {
    return this.#now;
  }
  wallTime(): number {
    return this.#now;
  }
  after(): { cancel(): void } {
    return { cancel: () => {} };
  }
  move(ms: number): void {
    this.#now += ms;
  }
}

/** More calls than a party makes. */
const CALLS = 2 ** 24;

/** Bytes that differ on every call and for every party, and are the same in every test run. */
export function countingRandom(party = 0): Random {
  let count = party * CALLS;
  return {
    bytes: (length) => {
      count += 1;
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(0, count);
      return bytes;
    },
  };
}

/** What one party's host was told. */
export class Recorder implements ProgramHost {
  readonly trail: TrailEntry[] = [];
  readonly started: string[] = [];
  readonly finished: { readonly stepId: string; readonly outcome: StepOutcome }[] = [];
  readonly #ledger = new Ledger();
  readonly failures: CapturedFailure[] = [];
  readonly scopeFailures: { readonly scope: string; readonly captured: CapturedFailure }[] = [];
  readonly divergences: DivergenceInfo[] = [];
  readonly progressed: number[] = [];
  readonly costs: SecureCost[] = [];
  readonly lost: string[] = [];
  readonly conclaves: {
    readonly conclave: string;
    readonly members: readonly string[];
    readonly fin: Fin;
  }[] = [];
  /** In the order in which things happened. */
  readonly log: string[] = [];
  onFailed: (captured: CapturedFailure) => void = () => {};
  onDiverged: (info: DivergenceInfo) => void = () => {};
  onScopeFailed: (scope: string, captured: CapturedFailure) => void = () => {};
  onScopeLeft: (scope: string) => void = () => {};

  stepIssued(entry: TrailEntry): void {
    this.trail.push(entry);
  }
  stepStarted({ stepId }: { readonly stepId: string }): void {
    this.started.push(stepId);
    this.log.push(`start ${stepId}`);
  }
  stepFinished({ stepId, outcome }: { readonly stepId: string; readonly outcome: StepOutcome }): void {
    this.finished.push({ stepId, outcome });
    this.log.push(`${outcome} ${stepId}`);
  }
  ledger(news: LedgerNews): void {
    this.#ledger.take(news);
    if (news.news === 'disclosed') this.log.push(`disclose ${news.disclosure.stepId}`);
  }
  get disclosures(): readonly Disclosure[] {
    return this.#ledger.disclosures;
  }
  get withheld(): readonly Withheld[] {
    return this.#ledger.withheld(this.failures.length > 0);
  }
  secured(cost: SecureCost): void {
    this.costs.push(cost);
  }
  progress({ done }: { readonly done: number }): void {
    this.progressed.push(done);
  }
  failed(captured: CapturedFailure): void {
    this.failures.push(captured);
    this.onFailed(captured);
  }
  scopeFailed(scope: string, captured: CapturedFailure): void {
    this.scopeFailures.push({ scope, captured });
    this.onScopeFailed(scope, captured);
  }
  scopeLeft(scope: string): void {
    this.log.push(`left ${scope}`);
    this.onScopeLeft(scope);
  }
  conclaveLeft(conclave: string, members: readonly string[], fin: Fin): void {
    this.conclaves.push({ conclave, members, fin });
  }
  diverged(info: DivergenceInfo): void {
    this.divergences.push(info);
    this.onDiverged(info);
  }
  linkLost(peer: string): void {
    this.lost.push(peer);
  }
}

export interface WorldParty {
  readonly runtime: Runtime;
  readonly host: Recorder;
}

export interface WorldOptions {
  readonly args?: Readonly<Record<string, unknown>>;
  /** Private settings by party. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly errorDetail?: ErrorDetail;
  readonly plaintext?: boolean;
  readonly limits?: Partial<RuntimeLimits>;
  /** Let failures and divergences end the run everywhere, as the supervisors do. Default true. */
  readonly supervised?: boolean;
  readonly pieceBytes?: number;
  readonly parties?: readonly string[];
  /** Of each party's tasks. */
  readonly engineOf?: (party: string) => TaskEngine;
}

export class World {
  readonly parties = new Map<string, WorldParty>();
  readonly clock = new ManualClock();
  readonly #links = new Map<string, MemoryLinks>();
  readonly #scopeFailures = new Map<string, Failure>();
  readonly #scopesLeft = new Map<string, Set<string>>();
  readonly #ended = new Set<string>();
  readonly #lost = new Map<string, Failure>();
  #dir = '';

  /** `jobs`: one for all, or one for each party to play parties with different files. */
  static async create(jobs: Job | Readonly<Record<string, Job>>, options: WorldOptions = {}): Promise<World> {
    const world = new World();
    world.#dir = await mkdtemp(join(tmpdir(), 'privity-world-'));
    try {
      world.#fill(jobs, options);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  #fill(jobs: Job | Readonly<Record<string, Job>>, options: WorldOptions): void {
    const jobOf = (party: string): Job =>
      ('body' in jobs ? (jobs as Job) : (jobs as Record<string, Job>)[party]) as Job;
    const names = options.parties ?? ('body' in jobs ? (jobs as Job).parties : Object.keys(jobs));
    for (const party of names) {
      const host = new Recorder();
      const runtime = new Runtime({
        party,
        parties: names,
        job: jobOf(party),
        args: options.args ?? {},
        settings: options.settings?.[party] ?? {},
        clock: this.clock,
        random: countingRandom(names.indexOf(party)),
        tempDir: this.#dir,
        threads: 1,
        limits: options.limits ?? {},
        host,
        errorDetail: options.errorDetail ?? 'redacted',
        plaintext: options.plaintext,
        engine: options.engineOf?.(party),
      });
      this.parties.set(party, { runtime, host });
      if (options.supervised !== false) this.#supervise(party, host);
    }
    this.#connect(names, options.pieceBytes);
  }

  of(party: string): WorldParty {
    const found = this.parties.get(party);
    if (found === undefined) throw new Error(`no party ${party}`);
    return found;
  }

  between(a: string, b: string): MemoryLinks {
    const found = this.#links.get(`${a} ${b}`) ?? this.#links.get(`${b} ${a}`);
    if (found === undefined) throw new Error(`no links between ${a} and ${b}`);
    return found;
  }

  /** Everything that crossed between any two parties. */
  get crossed(): readonly CrossedMessage[] {
    return [...new Set(this.#links.values())].flatMap((links) => links.crossed);
  }

  abort(failure: Failure): void {
    for (const { runtime } of this.parties.values()) runtime.abort({ failure, digest: 'v' });
  }

  /** The others go on without a party, as their supervisors decide it. */
  lose(party: string, failure: Failure): void {
    this.#lost.set(party, failure);
    const survivors = [...this.parties].filter(([name]) => !this.#lost.has(name));
    for (const [, { runtime }] of survivors) runtime.exclude(party, failure);
    for (const [, { host }] of survivors) {
      for (const { stepId, kind, tolerates } of host.trail) {
        if (kind !== 'attempt' || this.#ended.has(stepId)) continue;
        if (!tolerates?.includes(party)) host.onScopeFailed(stepId, { failure } as CapturedFailure);
        else this.#endIfLeft(host, stepId);
      }
    }
  }

  /** Runs all parties to their ends. */
  async run(): Promise<Map<string, PromiseSettledResult<RunResult>>> {
    const names = [...this.parties.keys()];
    const settled = await Promise.allSettled([...this.parties.values()].map(({ runtime }) => runtime.run()));
    return new Map(names.map((name, index) => [name, settled[index] as PromiseSettledResult<RunResult>]));
  }

  /** Runs all parties and gives their results; throws the first rejection. */
  async results(): Promise<Record<string, unknown>> {
    const outcomes = [...(await this.run())];
    return Object.fromEntries(
      outcomes.map(([name, outcome]) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return [name, outcome.value.result];
      }),
    );
  }

  async close(): Promise<Record<string, Released>> {
    const released: Record<string, Released> = {};
    for (const [name, { runtime }] of this.parties) released[name] = await runtime.close();
    for (const { links } of this.#links.values()) for (const link of links) await link.close();
    await rm(this.#dir, { recursive: true, force: true });
    return released;
  }

  get dir(): string {
    return this.#dir;
  }

  #connect(names: readonly string[], pieceBytes: number | undefined): void {
    names.forEach((a, index) => {
      for (const b of names.slice(index + 1)) {
        const handlers = [this.of(a).runtime.handlersFor(b), this.of(b).runtime.handlersFor(a)] as const;
        const links = memoryLinks([a, b], handlers, pieceBytes);
        this.of(a).runtime.attach(b, links.links[0]);
        this.of(b).runtime.attach(a, links.links[1]);
        this.#links.set(`${a} ${b}`, links);
      }
    });
  }

  #supervise(party: string, host: Recorder): void {
    host.onFailed = ({ failure }) => this.abort(failure);
    host.onDiverged = ({ stepId }) =>
      this.abort({ code: 'DIVERGENCE', origin: party, reporter: party, stepId, incident: '0'.repeat(32) });
    host.onScopeFailed = (scope, { failure }) => {
      const first = this.#scopeFailures.get(scope) ?? failure;
      this.#scopeFailures.set(scope, first);
      for (const [, { runtime }] of this.#members(host, scope)) runtime.cancelScope(scope, first);
    };
    host.onScopeLeft = (scope) => {
      this.#scopesLeft.set(scope, (this.#scopesLeft.get(scope) ?? new Set()).add(party));
      this.#endIfLeft(host, scope);
    };
  }

  #endIfLeft(host: Recorder, scope: string): void {
    const members = this.#members(host, scope);
    const left = this.#scopesLeft.get(scope);
    if (!members.every(([name]) => left?.has(name))) return;
    this.#ended.add(scope);
    const outcome = this.#scopeFailures.get(scope) ?? null;
    const places = this.#places(host, scope);
    const absent = [...this.#lost].flatMap(([name, failure]) => (places.includes(name) ? [failure] : []));
    for (const [, { runtime }] of members) runtime.endScope(scope, outcome, absent);
  }

  /** The parties that a scope includes and that are not lost, as the one that is in it knows them. */
  #members(host: Recorder, scope: string): readonly (readonly [string, WorldParty])[] {
    const here = this.#places(host, scope).filter((name) => !this.#lost.has(name));
    return here.map((name) => [name, this.of(name)] as const);
  }

  #places(host: Recorder, scope: string): readonly string[] {
    return host.trail.findLast((entry) => entry.stepId === scope)?.places ?? [];
  }
}

/** In a test file or a suite: makes worlds, and closes each after the test that has made it. */
export function useWorlds(): typeof World.create {
  const worlds: World[] = [];
  afterEach(async () => {
    for (const made of worlds.splice(0)) await made.close();
  });
  return async (...given) => {
    const made = await World.create(...given);
    worlds.push(made);
    return made;
  };
}
