/**
 * One party's supervisor: it joins the others, starts the program process, keeps watch, agrees on the end, and gives
 * everything back. It runs no code of the job's and never sees a value.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../base/deferred.ts';
import { EnvironmentError } from '../base/errors.ts';
import { failureCodes } from '../base/failure-codes.ts';
import { systemClock } from '../base/system.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { digestOf, signedText } from '../coordination/board.ts';
import { PROTOCOL_VERSION } from '../coordination/handshake.ts';
import type { CoreEvent, Effect, Hello, Outcome } from '../coordination/types.ts';
import type { RunReport } from '../observe/report.ts';
import { Announcer } from './announcer.ts';
import { type Bounds, DEFAULT_BOUNDS } from './bounds.ts';
import { Chronicle } from './chronicle.ts';
import { OwnClaim } from './claim.ts';
import { ControlPlane } from './control-plane.ts';
import { Coordinator } from './coordinator.ts';
import type { PartyOptions } from './options.ts';
import { clearOrphan, findOrphans, orphanText } from './orphans.ts';
import { OwnFailures } from './own-failures.ts';
import { openPlanes, type Planes } from './planes.ts';
import { ProgramLife } from './program-life.ts';
import { RunRecord } from './reclaim.ts';
import { Recorder } from './recorder.ts';
import { rehearse } from './rehearsal.ts';
import { buildReport, prepareReportDir, writeReport } from './report-file.ts';
import { createSigner } from './signer.ts';
import { WAIT_TOLD_MS } from './waits.ts';

export class PartyRun {
  readonly #options: PartyOptions;
  readonly #bounds: Bounds;
  readonly #parties: readonly string[];
  readonly #self: number;
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #startedAt = systemClock.wallTime();
  readonly #origin = systemClock.now();
  readonly #record = new RunRecord();
  readonly #recorder: Recorder;
  readonly #chronicle: Chronicle;
  readonly #own: OwnFailures;
  readonly #program: ProgramLife;
  readonly #ended = deferred<Outcome>();
  readonly #left = deferred<void>();
  readonly #say: Announcer;
  readonly #coordinator: Coordinator;
  #control: ControlPlane | undefined;
  #planes: Planes | undefined;
  #claim: OwnClaim | undefined;

  constructor(options: PartyOptions) {
    this.#options = options;
    this.#bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
    const parties = options.federation.map((member) => member.name);
    this.#parties = parties;
    this.#self = parties.indexOf(options.party);
    const sinceStart = (): number => systemClock.now() - this.#origin;
    const chronicle = new Chronicle(sinceStart, () => systemClock.wallTime());
    this.#chronicle = chronicle;
    const say = new Announcer(options.party, options.runId ?? '', (event) => {
      chronicle.take(event);
      options.onEvent(event);
    });
    this.#say = say;
    const recorder = new Recorder(options.party, sinceStart, (event) => say.emit(event));
    this.#recorder = recorder;
    // Signed beforehand: what this party says when another's failure makes it join.
    const joining = signedText(options.party, { failure: null, ready: false, nonce: this.#nonce });
    const config = {
      self: this.#self,
      parties,
      bounds: this.#bounds,
      nonce: this.#nonce,
      signer: createSigner(options.identity.keyPem, options.federation, [joining]),
    };
    this.#coordinator = new Coordinator(config, systemClock, (effect) => this.#execute(effect));
    const record = this.#record;
    record.hold('timer', 'coordination', () => this.#coordinator.stop());
    const dispatch = (event: CoreEvent): void => this.#coordinator.dispatch(event);
    const nameOf = (stepId: string): string | undefined => recorder.nameOf(stepId);
    const own = new OwnFailures({ party: options.party, parties, say, nameOf, dispatch });
    this.#own = own;
    const loaded = (job: string, args: string): void => {
      chronicle.note({ what: 'ready' });
      dispatch({ type: 'loaded', hello: this.#hello(job, args) });
    };
    const shared = { parties, bounds: this.#bounds, record, recorder, chronicle, say, own, dispatch, loaded };
    this.#program = new ProgramLife({ ...shared, party: options });
  }

  /** @throws {PrivityError} what keeps the run from existing at all: the port is taken, there is no temporary folder. */
  async run(): Promise<RunReport> {
    this.#say.emit({ event: 'process.started', role: 'supervisor', pid: process.pid });
    try {
      await this.#clearOrphans();
      await this.#open();
    } catch (error) {
      await this.#record.releaseAll();
      throw error;
    }
    const outcome = await this.#ended.promise;
    await this.#program.end(outcome);
    await this.#left.promise;
    await this.#control?.flush(this.#bounds.flushMs);
    return this.#close(outcome);
  }

  /** What earlier runs on this machine could not clear up because they were killed; their ports may be needed now. */
  async #clearOrphans(): Promise<void> {
    for (const orphan of findOrphans()) {
      this.#say.warn(`${orphanText(orphan)}; it is cleared now`);
      const { leftovers } = await clearOrphan(orphan);
      for (const left of leftovers) this.#say.warn(`left behind by an earlier run, and still there: ${left}`);
    }
  }

  async #open(): Promise<void> {
    const options = this.#options;
    const record = this.#record;
    if (options.reportDir !== undefined) await prepareReportDir(options.reportDir);
    const tempDir = await this.#makeFolder();
    const planes = await openPlanes(options, (message) => this.#say.warn(message));
    this.#planes = planes;
    record.hold('port', String(options.listen.port), () => planes.close());
    const coordinator = this.#coordinator;
    const control = new ControlPlane(this.#self, this.#parties, planes.connect, {
      onMessage: (peer, message) => coordinator.dispatch({ type: 'received', peer, message }),
      onLink: (peer, up, closed) => coordinator.dispatch({ type: 'link', peer, up, closed }),
      onRefused: (peer, error) => this.#own.refused(peer, error),
    });
    this.#control = control;
    record.hold('control links', `${control.size}`, () => control.close());
    coordinator.start();
    this.#heedSignals();
    await this.#program.start(tempDir);
    if (this.#program.pid !== undefined) this.#claim?.programIs(this.#program.pid);
    this.#tellWaits();
    rehearse(coordinator.state.config);
  }

  /** The run's temporary folder, with this supervisor's claim in it. */
  async #makeFolder(): Promise<string> {
    const { party, listen, runId = '' } = this.#options;
    try {
      const folder = await mkdtemp(join(tmpdir(), `privity-${party}-`));
      this.#record.hold('temporary folder', folder, () => rm(folder, { recursive: true, force: true }));
      const { host, port } = listen;
      const facts = { kind: 'run', party, runId, listen: { host, port } } as const;
      this.#claim = new OwnClaim(folder, facts, this.#startedAt);
      return folder;
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
      throw new EnvironmentError(
        'PRIVITY_TEMPORARY_FOLDER',
        `${tmpdir()}: no temporary folder can be made (${reason})`,
        { cause, ...(reason === 'ENOSPC' || reason === 'EDQUOT' ? { failure: 'RESOURCE_EXHAUSTED' } : {}) },
      );
    }
  }

  #heedSignals(): void {
    const { cancel, kill } = this.#options;
    const onCancel = () => {
      this.#chronicle.note({ what: 'cancelled' });
      this.#own.failed('CANCELLED', 'cancelled by the operator');
    };
    const onKill = () => {
      this.#program.kill();
      this.#left.resolve();
    };
    if (cancel?.aborted) onCancel();
    cancel?.addEventListener('abort', onCancel, { once: true });
    kill?.addEventListener('abort', onKill, { once: true });
    this.#record.hold('listener', 'signals', () => {
      cancel?.removeEventListener('abort', onCancel);
      kill?.removeEventListener('abort', onKill);
    });
  }

  /** Every second, as long as the run goes on: whom this party waits for. */
  #tellWaits(): void {
    const timer = setInterval(() => {
      const { state } = this.#coordinator;
      if (state.phase === 'aborting' || state.phase === 'ended') return;
      const waits = this.#program.waits.now(state, systemClock.now());
      for (const wait of waits) this.#say.emit({ event: 'waiting', ...wait });
    }, WAIT_TOLD_MS);
    this.#record.hold('timer', 'waits', () => clearInterval(timer));
  }

  #execute(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#control?.send(effect.to, effect.message);
        return;
      case 'peer': {
        const { state, reason } = effect;
        this.#say.emit({ event: 'peer.state', peer: this.#parties[effect.peer] ?? '?', state, reason });
        if (state === 'lost') this.#control?.drop(effect.peer);
        return;
      }
      case 'start':
        return this.#start(effect.runId);
      case 'learned':
        this.#chronicle.failure(effect.failure);
        // In a scope that can fail by itself the run goes on, and so do its waits.
        if (this.#coordinator.state.phase === 'aborting')
          this.#program.waits.over(this.#coordinator.state, systemClock.now());
        return this.#say.failure(effect.failure);
      case 'scopeCancelled':
        return this.#program.send(effect);
      case 'scopeEnded':
        return this.#program.send({ ...effect, absent: effect.absent ?? [] });
      case 'excluded':
        this.#say.absent(effect.failure);
        return this.#program.send({ ...effect, party: this.#parties[effect.party] ?? '?' });
      case 'ended':
        this.#program.over(this.#coordinator.state);
        this.#say.verdict(effect.outcome);
        return this.#ended.resolve(effect.outcome);
      case 'leave':
        this.#left.resolve();
    }
  }

  #start(runId: string): void {
    this.#say.runId = runId;
    this.#claim?.runIs(runId);
    this.#say.emit({ event: 'run.started', job: this.#options.jobFile, parties: this.#parties });
    if (this.#planes) this.#program.begin(runId, this.#planes);
  }

  async #close(outcome: Outcome): Promise<RunReport> {
    const { items, leftovers } = await this.#record.releaseAll();
    this.#say.emit({ event: 'reclaimed', items, leftovers });
    if (outcome.result === 'completed') this.#say.emit({ event: 'result', value: this.#program.result });
    const report = buildReport({
      runId: this.#say.runId,
      party: this.#options.party,
      parties: this.#parties,
      job: { file: this.#options.jobFile, hash: this.#program.jobHash },
      startedAt: this.#startedAt,
      endedAt: systemClock.wallTime(),
      outcome,
      board: this.#coordinator.state.board,
      recorder: this.#recorder,
      chronicle: this.#chronicle,
      waits: this.#program.waits,
      reclaimed: { items, leftovers },
    });
    return this.#write(report);
  }

  /** The verdict stands, whatever becomes of the report; but who asked for one and has none must not be told that all is well. */
  async #write(report: RunReport): Promise<RunReport> {
    const { reportDir } = this.#options;
    if (reportDir === undefined) return report;
    try {
      const path = await writeReport(reportDir, report);
      this.#say.emit({ event: 'report', path });
      return report;
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#say.emit({ event: 'log', level: 'error', message: error.message });
      const exitCode = report.exitCode === 0 ? failureCodes[error.failure].exit : report.exitCode;
      return { ...report, exitCode };
    }
  }

  #hello(job: string, args: string): Hello {
    const federation = digestOf(this.#options.federation.map(({ name, fingerprint }) => [name, fingerprint]));
    const runId = this.#options.runId ?? '';
    return {
      protocol: PROTOCOL_VERSION,
      version: PRIVITY_VERSION,
      federation,
      job,
      args,
      runId,
      nonce: this.#nonce,
    };
  }
}
