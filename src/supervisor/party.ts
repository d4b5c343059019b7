/**
 * One party's supervisor: it joins the others, starts the program process, keeps watch, agrees on the end, and gives
 * everything back. It runs no code of the job's and never sees a value.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { deferred } from '../base/deferred.ts';
import { PrivityError } from '../base/errors.ts';
import type { FailureCode } from '../base/failure-codes.ts';
import { systemClock } from '../base/system.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { digestOf, emptyBoard } from '../coordination/board.ts';
import type { Failure } from '../coordination/failure.ts';
import { PROTOCOL_VERSION } from '../coordination/handshake.ts';
import type { CoreEvent, Effect, Outcome } from '../coordination/types.ts';
import type { RunReport } from '../observe/report.ts';
import { Announcer } from './announcer.ts';
import { type Bounds, DEFAULT_BOUNDS } from './bounds.ts';
import { ControlPlane } from './control-plane.ts';
import { Coordinator } from './coordinator.ts';
import type { FromProgram, StepNews } from './ipc.ts';
import type { PartyOptions } from './options.ts';
import { openPlanes, type Planes } from './planes.ts';
import { describeExit, type ProgramExit } from './program-exit.ts';
import { ProgramProcess } from './program-process.ts';
import { Pulse } from './pulse.ts';
import { RunRecord } from './reclaim.ts';
import { Recorder } from './recorder.ts';
import { rehearse } from './rehearsal.ts';
import { buildReport, writeReport } from './report-file.ts';
import { createSigner } from './signer.ts';
import { StepWatch } from './step-watch.ts';

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
  readonly #steps: StepWatch;
  readonly #pulse: Pulse;
  readonly #ended = deferred<Outcome>();
  readonly #left = deferred<void>();
  readonly #say: Announcer;
  #jobHash: string | null = null;
  #coordinator: Coordinator | undefined;
  #control: ControlPlane | undefined;
  #planes: Planes | undefined;
  #program: ProgramProcess | undefined;
  #programClosed = false;
  #result: { readonly value: unknown } | null = null;
  #outcome: Outcome | null = null;

  constructor(options: PartyOptions) {
    this.#options = options;
    this.#bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
    this.#parties = options.federation.map((member) => member.name);
    this.#self = this.#parties.indexOf(options.party);
    this.#say = new Announcer(options.party, options.runId ?? '', options.onEvent);
    this.#recorder = new Recorder(
      options.party,
      () => systemClock.now() - this.#origin,
      (event) => this.#say.emit(event),
    );
    this.#steps = new StepWatch({
      clock: systemClock,
      stepDeadlineMs: this.#bounds.stepDeadlineMs,
      ask: () => this.#program?.send({ type: 'ping' }),
      expired: (stepId, isStuck) => this.#expired(stepId, isStuck),
    });
    this.#record.hold('timer', 'step deadlines', () => this.#steps.stop());
    this.#pulse = new Pulse(
      systemClock,
      () => this.#program?.send({ type: 'ping' }),
      (answers) => this.#coordinator?.dispatch({ type: 'answering', answers }),
    );
    this.#record.hold('timer', 'pulse', () => this.#pulse.stop());
  }

  /** @throws {PrivityError} what keeps the run from existing at all: the port is taken, there is no temporary folder. */
  async run(): Promise<RunReport> {
    this.#say.emit({ event: 'process.started', role: 'supervisor', pid: process.pid });
    try {
      await this.#open();
    } catch (error) {
      await this.#record.releaseAll();
      throw error;
    }
    const outcome = await this.#ended.promise;
    await this.#endProgram(outcome);
    await this.#left.promise;
    await this.#control?.flush(this.#bounds.flushMs);
    return this.#close(outcome);
  }

  async #open(): Promise<void> {
    const options = this.#options;
    const record = this.#record;
    const tempDir = await mkdtemp(join(tmpdir(), `privity-${options.party}-`));
    record.hold('temporary folder', tempDir, () => rm(tempDir, { recursive: true, force: true }));
    const planes = await openPlanes(options, (message) => this.#say.warn(message));
    this.#planes = planes;
    record.hold('port', String(options.listen.port), () => planes.close());
    const signer = createSigner(options.identity.keyPem, options.federation);
    const config = {
      self: this.#self,
      parties: this.#parties,
      bounds: this.#bounds,
      nonce: this.#nonce,
      signer,
    };
    const coordinator = new Coordinator(config, systemClock, (effect) => this.#execute(effect));
    this.#coordinator = coordinator;
    record.hold('timer', 'coordination', () => coordinator.stop());
    const control = new ControlPlane(this.#self, this.#parties, planes.connect, {
      onMessage: (peer, message) => coordinator.dispatch({ type: 'received', peer, message }),
      onLink: (peer, up) => coordinator.dispatch({ type: 'link', peer, up }),
      onRefused: (peer, error) => this.#refused(peer, error),
    });
    this.#control = control;
    record.hold('control links', `${control.size}`, () => control.close());
    this.#heedSignals();
    await this.#startProgram(tempDir);
    rehearse(config);
  }

  async #startProgram(tempDir: string): Promise<void> {
    const { party, jobFile, args, settings, errorDetail } = this.#options;
    const program = await ProgramProcess.spawn(dirname(resolve(jobFile)), tempDir, {
      onMessage: (message) => this.#fromProgram(message),
      onLine: (message) => this.#say.emit({ event: 'log', level: 'info', message }),
      onExit: (exit) => this.#programExited(exit),
    });
    this.#program = program;
    this.#say.emit({ event: 'process.started', role: 'program', pid: program.pid });
    this.#record.hold('program process', String(program.pid), async () => {
      program.killTree();
      const members = await program.treeGone();
      if (members.length > 0) throw new Error(`processes ${members.join(', ')} are still there`);
    });
    program.send({
      type: 'load',
      party,
      parties: this.#parties,
      jobFile: resolve(jobFile),
      args,
      settings,
      errorDetail,
      tempDir,
      dataLinkMs: this.#bounds.dataLinkMs,
    });
    const limit = systemClock.after(this.#bounds.loadMs, () => {
      if (this.#jobHash !== null) return;
      this.#failed('SETUP_FAILED', `the job was not loaded within ${this.#bounds.loadMs} ms`);
    });
    this.#record.hold('timer', 'load', () => limit.cancel());
  }

  #heedSignals(): void {
    const { cancel, kill } = this.#options;
    const onCancel = () => this.#failed('CANCELLED', 'cancelled by the operator');
    const onKill = () => {
      this.#program?.killTree();
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

  #execute(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#control?.send(effect.to, effect.message);
        return;
      case 'peer':
        this.#say.emit({
          event: 'peer.state',
          peer: this.#name(effect.peer),
          state: effect.state,
          reason: effect.reason,
        });
        if (effect.state === 'lost') this.#control?.drop(effect.peer);
        return;
      case 'start':
        return this.#start(effect.runId);
      case 'learned':
        this.#say.failure(effect.failure);
        return;
      case 'scopeCancelled':
        return this.#program?.send(effect);
      case 'scopeEnded':
        return this.#program?.send({ ...effect, absent: effect.absent ?? [] });
      case 'excluded':
        this.#say.absent(effect.failure);
        return this.#program?.send({ ...effect, party: this.#name(effect.party) });
      case 'ended':
        this.#outcome = effect.outcome;
        this.#steps.stop();
        this.#pulse.stop();
        this.#say.verdict(effect.outcome);
        this.#ended.resolve(effect.outcome);
        return;
      case 'leave':
        this.#left.resolve();
    }
  }

  #start(runId: string): void {
    this.#say.runId = runId;
    this.#say.emit({ event: 'run.started', job: this.#options.jobFile, parties: this.#parties });
    const { federation, identity } = this.#options;
    this.#program?.send({ type: 'start', runId, federation, identity });
    if (this.#program) this.#planes?.handDataTo(this.#program);
    this.#steps.watchProgram();
    this.#pulse.start();
  }

  #fromProgram(message: FromProgram): void {
    const dispatch = (event: CoreEvent): void => this.#coordinator?.dispatch(event);
    switch (message.type) {
      case 'loaded':
        this.#jobHash = message.jobHash;
        return dispatch({ type: 'loaded', hello: this.#hello(message.jobHash, message.argsDigest) });
      case 'failed':
        this.#say.awaitDetail(message.failure);
        return dispatch({ type: 'failed', failure: message.failure });
      case 'scopeFailed':
        this.#say.awaitDetail(message.failure);
        return dispatch({ type: 'scopeFailed', scope: message.scope, failure: message.failure });
      case 'scopeLeft':
      case 'conclaveLeft':
        return dispatch(message);
      case 'detail':
        return this.#say.failure(message.failure, message.detail);
      case 'diverged':
        return dispatch({
          type: 'diverged',
          peer: this.#parties.indexOf(message.peer),
          branch: message.branch,
          position: message.position,
        });
      case 'silent':
        return this.#silent(message.peer);
      case 'orphaned':
        return dispatch({ type: 'lost', peer: this.#parties.indexOf(message.peer), code: 'PEER_CRASHED' });
      case 'refused':
        this.#say.emit({ event: 'log', level: 'error', message: message.message });
        return dispatch({ type: 'lost', peer: this.#parties.indexOf(message.peer), code: message.code });
      case 'news': {
        const entries = message.news.flatMap((item) => (item.news === 'issued' ? [item.entry] : []));
        for (const item of message.news) {
          this.#recorder.take(item);
          this.#watch(item);
        }
        if (entries.length > 0) dispatch({ type: 'steps', entries });
        return;
      }
      case 'pong':
        this.#pulse.answered();
        return this.#steps.answered();
      case 'waiting':
        for (const wait of message.waits) this.#say.emit({ event: 'waiting', ...wait });
        return;
      case 'finished':
        this.#result = { value: message.result };
        return dispatch({ type: 'finished', fin: message.fin });
      case 'closed':
        this.#programClosed = true;
        this.#record.count(message.reclaimed);
    }
  }

  /** Only tasks have a deadline of their own: the other kinds of steps wait for peers, who have theirs. */
  #watch(item: StepNews): void {
    if (item.news === 'started' && this.#recorder.kindOf(item.stepId) === 'task')
      this.#steps.started(item.stepId);
    if (item.news === 'finished') this.#steps.finished(item.stepId);
  }

  #expired(stepId: string | null, isStuck: boolean): void {
    if (stepId === null) {
      return this.#failed(
        'STALLED',
        `the program has not answered for the step deadline of ${this.#bounds.stepDeadlineMs} ms`,
      );
    }
    const words = isStuck ? 'and its program does not answer' : 'and goes on';
    const facts = `the step is past its deadline of ${this.#bounds.stepDeadlineMs} ms ${words}`;
    this.#failed(isStuck ? 'STALLED' : 'DEADLINE_EXCEEDED', facts, '', stepId);
  }

  /** The program process is gone. Unless it had said goodbye, this is what the others must hear of. */
  #programExited(exit: ProgramExit): void {
    const pid = this.#program?.pid ?? 0;
    this.#say.emit({ event: 'process.exited', role: 'program', pid, code: exit.code, signal: exit.signal });
    this.#say.failuresAwaited();
    if (this.#programClosed || this.#outcome) return;
    const { code, facts } = describeExit(exit);
    this.#failed(code, facts, exit.code === null ? '' : `exit code ${exit.code}`, undefined, true);
  }

  /** After the verdict: the job's own clean-up has `graceMs`, then the whole process tree is ended. */
  async #endProgram(outcome: Outcome): Promise<void> {
    const program = this.#program;
    if (!program) return;
    program.send(outcome.result === 'completed' ? { type: 'close' } : { type: 'abort', outcome });
    let timer: ReturnType<typeof systemClock.after> | undefined;
    const late = new Promise<'late'>((done) => {
      timer = systemClock.after(this.#bounds.graceMs, () => done('late'));
    });
    const killed = this.#options.kill?.aborted === true;
    if (killed || (await Promise.race([program.exited, late])) === 'late') {
      if (!killed) {
        const message = `the program did not end within the grace period of ${this.#bounds.graceMs} ms and was killed`;
        this.#say.warn(message);
      }
      program.killTree();
      await program.exited;
    }
    timer?.cancel();
  }

  async #close(outcome: Outcome): Promise<RunReport> {
    const { items, leftovers } = await this.#record.releaseAll();
    this.#say.emit({ event: 'reclaimed', items, leftovers });
    if (outcome.result === 'completed') this.#say.emit({ event: 'result', value: this.#result?.value });
    const report = buildReport({
      runId: this.#say.runId,
      party: this.#options.party,
      parties: this.#parties,
      job: { file: this.#options.jobFile, hash: this.#jobHash },
      startedAt: this.#startedAt,
      endedAt: systemClock.wallTime(),
      outcome,
      board: this.#coordinator?.state.board ?? emptyBoard(this.#parties.length),
      recorder: this.#recorder,
      reclaimed: { items, leftovers },
    });
    if (this.#options.reportDir !== undefined) {
      const path = await writeReport(this.#options.reportDir, report);
      this.#say.emit({ event: 'report', path });
    }
    return report;
  }

  /** Something that this supervisor itself says of its own party. `facts` cross; `detail` stays in this party's log. */
  #failed(code: FailureCode, facts: string, detail = '', stepId?: string, leaving = false): void {
    const incident = randomBytes(16).toString('hex');
    const party = this.#options.party;
    const stepName = stepId === undefined ? undefined : this.#recorder.nameOf(stepId);
    const step = stepId === undefined ? {} : { stepId, ...(stepName === undefined ? {} : { stepName }) };
    const failure: Failure = { code, origin: party, reporter: party, ...step, incident, facts };
    this.#say.failure(failure, [facts, detail].filter(Boolean).join(', '));
    this.#coordinator?.dispatch({ type: 'failed', failure, leaving });
  }

  /** Whether this is a failure depends on whether the peer's program is only busy: its heartbeats say. */
  #silent(name: string): void {
    const { party } = this.#options;
    const facts = `nothing passes on the data connection between ${[party, name].sort().join(' and ')}`;
    const incident = randomBytes(16).toString('hex');
    const failure: Failure = { code: 'LINK_DOWN', origin: party, reporter: party, incident, facts };
    this.#coordinator?.dispatch({ type: 'silent', peer: this.#parties.indexOf(name), failure });
  }

  #refused(peer: number, error: Error): void {
    const code = error instanceof PrivityError ? error.failure : 'PROTOCOL_VIOLATION';
    this.#say.emit({ event: 'log', level: 'error', message: error.message });
    this.#coordinator?.dispatch({ type: 'lost', peer, code });
  }

  #hello(job: string, args: string) {
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

  #name(party: number): string {
    return this.#parties[party] ?? '?';
  }
}
