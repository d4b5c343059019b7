/**
 * One party's supervisor: it joins the others, starts the program process, keeps watch, agrees on the end, and gives
 * everything back. It runs no code of the job's and never sees a value.
 */
import { basename } from 'node:path';
import { deferred } from '../../base/deferred.ts';
import { EnvironmentError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import type { Timer } from '../../contracts/index.ts';
import { signedText } from '../../coordination/board.ts';
import type { Failure } from '../../coordination/failure.ts';
import { differences, type Hellos, ownRunId, runBinding } from '../../coordination/handshake.ts';
import { factsOf, type JobFacts } from '../../coordination/hello-facts.ts';
import type { CoreEvent, Effect, Outcome } from '../../coordination/types.ts';
import { withTexts } from '../../coordination/verdict.ts';
import { contractDigest } from '../../observe/contract/contract.ts';
import type { RunReport } from '../../observe/report.ts';
import type { RunIdentity } from '../../transport/index.ts';
import { Announcer } from '../record/announcer.ts';
import { Chronicle } from '../record/chronicle.ts';
import { EventsInOrder } from '../record/events-in-order.ts';
import { RunRecord } from '../record/reclaim.ts';
import { Recorder } from '../record/recorder.ts';
import { buildReport, prepareReportDir, versionsOf, writeReport } from '../record/report-file.ts';
import { ReportPage } from '../record/report-page.ts';
import { WAIT_TOLD_MS } from '../record/waits.ts';
import { type Bounds, DEFAULT_BOUNDS, FILE_IO_MS, FILE_IO_STOPPED_MS } from '../seam/bounds.ts';
import { cancelWords, type PartyOptions } from '../seam/options.ts';
import type { Planes, ProgramChild, StandIn, SupervisorPlatform, TempFolder } from '../seam/platform.ts';
import { endedBecause } from '../seam/program-exit.ts';
import { within } from '../seam/within.ts';
import { Contacts } from './contacts.ts';
import { ControlPlane } from './control-plane.ts';
import { Coordinator } from './coordinator.ts';
import { OwnFailures } from './own-failures.ts';
import { helloOf, membersByProgramKey } from './own-hello.ts';
import { ProgramLife } from './program-life.ts';

/** 128 bits. */
const NONCE_BYTES = 16;

export class PartyRun<Child extends ProgramChild> {
  readonly #options: PartyOptions;
  readonly #platform: SupervisorPlatform<Child>;
  readonly #bounds: Bounds;
  readonly #parties: readonly string[];
  readonly #self: number;
  readonly #nonce: string;
  /** What the program process has in place of this party's key. */
  readonly #runIdentity: RunIdentity;
  /** What the run is called here until the parties have agreed. */
  readonly #ownRunId: string;
  readonly #startedAt: number;
  readonly #record: RunRecord;
  readonly #recorder: Recorder;
  readonly #chronicle: Chronicle;
  readonly #contacts: Contacts;
  readonly #own: OwnFailures;
  readonly #program: ProgramLife<Child>;
  readonly #ended = deferred<Outcome>();
  readonly #left = deferred<void>();
  readonly #say: Announcer;
  readonly #coordinator: Coordinator;
  #control: ControlPlane | undefined;
  #planes: Planes<Child> | undefined;
  #standIn: StandIn | undefined;
  #folder: TempFolder | undefined;
  readonly #page: ReportPage;

  constructor(options: PartyOptions, platform: SupervisorPlatform<Child>) {
    const { clock, random } = platform;
    this.#options = options;
    this.#platform = platform;
    this.#page = new ReportPage(options.reportDir);
    this.#nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('hex');
    this.#runIdentity = platform.createRunIdentity(options.identity);
    this.#startedAt = clock.wallTime();
    const origin = clock.now();
    this.#record = new RunRecord(platform);
    this.#bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
    const parties = options.federation.map((member) => member.name);
    this.#parties = parties;
    this.#self = parties.indexOf(options.party);
    const sinceStart = (): number => clock.now() - origin;
    const chronicle = new Chronicle(sinceStart, () => clock.wallTime());
    this.#chronicle = chronicle;
    this.#ownRunId = options.runId ?? options.ownRunId ?? ownRunId(this.#nonce);
    const contacts = new Contacts(options, clock);
    this.#contacts = contacts;
    const events = new EventsInOrder(clock, (event) => chronicle.take(event), options.onEvent);
    const say = new Announcer(options.party, this.#ownRunId, clock, events);
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
      signer: platform.createSigner(options.identity.keyPem, options.federation, [joining]),
    };
    this.#coordinator = new Coordinator(
      config,
      clock,
      (effect) => this.#execute(effect),
      (forMs) => this.#stoodStill(forMs),
    );
    const record = this.#record;
    record.hold('timer', 'coordination', () => this.#coordinator.stop());
    const dispatch = (event: CoreEvent): void => this.#coordinator.dispatch(event);
    const nameOf = (stepId: string): string | undefined => recorder.nameOf(stepId);
    const own = new OwnFailures({ party: options.party, parties, random, say, contacts, nameOf, dispatch });
    this.#own = own;
    const loaded = (job: string, args: string, facts: JobFacts): void => {
      chronicle.note({ what: 'ready' });
      const contract = options.contract ? contractDigest(options.contract) : '';
      const words = { job, args, contract, nonce: this.#nonce, programKey: this.#runIdentity.fingerprint };
      dispatch({ type: 'loaded', hello: { ...helloOf(options, words), facts: factsOf(facts) } });
    };
    const shared = {
      platform,
      parties,
      bounds: this.#bounds,
      record,
      recorder,
      chronicle,
      say,
      own,
      dispatch,
      loaded,
    };
    this.#program = new ProgramLife({ ...shared, party: options });
  }

  /**
   * @throws {PrivityError} what keeps the run from existing at all: the port is taken, there is no temporary folder.
   */
  async run(): Promise<RunReport> {
    this.#say.emit({ event: 'process.started', role: 'supervisor', pid: this.#platform.pid });
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

  /** What is left of earlier runs is no reason not to run. */
  async #clearOrphans(): Promise<void> {
    const warn = (message: string): void => this.#say.warn(message);
    try {
      await this.#soon('clearing what earlier runs have left', this.#platform.clearOrphans(warn));
    } catch (error) {
      if (!(error instanceof EnvironmentError) || this.#options.kill?.aborted) throw error;
      warn(error.message);
    }
  }

  /** Whatever the start waits for of this machine, it waits for in bounds, and no longer than its operator. */
  #soon<T>(what: string, work: Promise<T>, undo?: (late: T) => unknown): Promise<T> {
    const { kill: stop } = this.#options;
    return within(this.#platform, { ms: FILE_IO_MS, what, stop, ...(undo ? { undo } : {}) }, work);
  }

  async #open(): Promise<void> {
    const options = this.#options;
    const platform = this.#platform;
    const record = this.#record;
    const { party, reportDir, listen } = options;
    if (reportDir !== undefined)
      await this.#soon(`making the folder for reports, ${reportDir}`, prepareReportDir(reportDir, party));
    const making = platform.tempFolder({ ...options, runId: this.#ownRunId });
    const folder = await this.#soon('making a temporary folder', making, (late) => late.remove());
    this.#folder = folder;
    record.hold('temporary folder', folder.path, () => this.#page.outOf(folder, this.#program.tempDir));
    const opening = platform.openPlanes(options, (message, about) => {
      if (about !== undefined) this.#contacts.turnedAway(about, message);
      this.#say.warn(message);
    });
    const at = `${listen.host}:${listen.port}`;
    const planes = await this.#soon(`listening at ${at}`, opening, (late) => late.close());
    this.#planes = planes;
    record.hold('port', String(options.listen.port), () => planes.close());
    // Before any peer can meet this supervisor: from then on there is somebody who tells them if it is killed.
    await this.#haveStandIn(folder.path);
    const starting = this.#program.start(folder.path);
    await this.#soon('starting the program process', starting, () => this.#program.kill(endedBecause.noRun));
    const coordinator = this.#coordinator;
    const control = new ControlPlane(this.#self, this.#parties, planes.connect, platform, {
      onMessage: (peer, message) => coordinator.dispatch({ type: 'received', peer, message }),
      onLink: (peer, up, closed) => {
        if (up) this.#contacts.up(this.#parties[peer] ?? '?');
        coordinator.dispatch({ type: 'link', peer, up, closed });
      },
      onTrouble: (peer, error) => this.#contacts.trouble(this.#parties[peer] ?? '?', error),
      onRefused: (peer, error) => this.#own.refused(peer, error),
      onUnsent: (peer, error) => this.#own.unsent(peer, error),
    });
    this.#control = control;
    record.hold('control links', `${control.size}`, () => control.close());
    coordinator.start();
    this.#heedSignals();
    if (this.#program.pid !== undefined) folder.programIs(this.#program.pid);
    this.#tellWaits();
    platform.rehearse(coordinator.state.config);
  }

  async #haveStandIn(tempDir: string): Promise<void> {
    const { party, federation, identity, runId, port, door } = this.#options;
    const listen = port === undefined ? this.#options.listen : door === undefined ? null : { door };
    const lost = (): void =>
      this.#say.warn(
        'the process that stands in for this supervisor has ended: should this one be killed, peers hear it by silence only',
      );
    const word = { party, federation, identity, listen, runId, lostAfterMs: this.#bounds.lostAfterMs };
    const starting = this.#platform.startStandIn(word, tempDir, lost);
    const what = 'starting the process that stands in for this one';
    const standIn = await this.#soon(what, starting, (late) => late.end());
    this.#standIn = standIn;
    this.#record.hold('stand-in process', String(standIn.pid), () => standIn.end());
    this.#say.emit({ event: 'process.started', role: 'stand-in', pid: standIn.pid });
  }

  #heedSignals(): void {
    const { cancel, kill, heedGone } = this.#options;
    heedGone?.((peer, words) => this.#own.lost(peer, 'PEER_CRASHED', words));
    const onCancel = () => {
      this.#chronicle.note({ what: 'cancelled' });
      this.#own.failed('CANCELLED', cancelWords(cancel?.reason));
    };
    const onKill = () => {
      this.#program.kill(endedBecause.asked);
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

  /** Every second, as long as the run goes on: whom this party waits for, and whose program does not answer. */
  #tellWaits(): void {
    const { clock } = this.#platform;
    let timer: Timer;
    const again = (): void => {
      timer = this.#platform.hold(WAIT_TOLD_MS, () => {
        again();
        const { state } = this.#coordinator;
        if (state.phase === 'aborting' || state.phase === 'ended') return;
        const waits = this.#program.waits.now(state, clock.now());
        for (const wait of waits) this.#say.emit({ event: 'waiting', ...wait });
        const programs = this.#program.waits.busy.now(state, clock.now());
        for (const program of programs) this.#say.emit({ event: 'busy', ...program });
      });
    };
    again();
    this.#record.hold('timer', 'waits', () => timer.cancel());
  }

  /**
   * What is said of a failure is said behind the messages of the same turn: to put it into words takes as long as to
   * send them.
   */
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
          this.#program.waits.over(this.#coordinator.state, this.#platform.clock.now());
        return this.#sayLearned(effect.failure, this.#platform.clock.wallTime());
      case 'scopeCancelled':
        return this.#program.send(effect);
      case 'scopeEnded':
        return this.#program.send({ ...effect, absent: effect.absent ?? [] });
      case 'excluded':
        this.#say.absent(effect.failure);
        return this.#program.send({ ...effect, party: this.#parties[effect.party] ?? '?' });
      case 'ended':
        this.#program.over(this.#coordinator.state);
        this.#control?.endsFor(effect.outcome.failure?.code);
        return this.#sayVerdict(effect.outcome, this.#platform.clock.wallTime());
      case 'leave':
        this.#left.resolve();
    }
  }

  /** What follows from it is told next, and looks as if it were the others or the network. */
  #stoodStill(ms: number): void {
    if (this.#coordinator.state.phase === 'ended') return;
    const forMs = Math.round(ms);
    this.#chronicle.stoodStill(forMs);
    this.#contacts.stoodStill(forMs);
    this.#say.emit({ event: 'standstill', forMs });
  }

  #sayLearned(failure: Failure, atMs: number): void {
    const contacts = this.#contacts;
    this.#platform.later(() => {
      const seen = { seenHere: contacts.seen(failure), turnedAway: contacts.turnedAwayFor(failure) };
      this.#say.failure(failure, seen, atMs);
    });
  }

  #sayVerdict(outcome: Outcome, atMs: number): void {
    this.#platform.later(() => {
      this.#say.verdict(outcome, atMs);
      this.#ended.resolve(outcome);
    });
  }

  #start(runId: string): void {
    this.#say.runId = runId;
    this.#folder?.runIs(runId);
    const { jobFile } = this.#options;
    this.#say.emit({ event: 'run.started', job: jobFile, parties: this.#parties, ownRunId: this.#ownRunId });
    for (const difference of differences(this.#hellos()))
      this.#say.info(`not the same everywhere: ${difference}`);
    this.#standIn?.begun();
    const hellos = this.#hellos();
    const run = { runId, binding: runBinding(hellos) };
    const programs = membersByProgramKey(this.#options.federation, hellos);
    if (this.#planes) this.#program.begin(run, this.#planes, this.#runIdentity, programs);
  }

  async #close(outcome: Outcome): Promise<RunReport> {
    const { items, leftovers } = await this.#record.releaseAll();
    const { board, texts } = this.#coordinator.state;
    this.#say.emit({ event: 'reclaimed', items, leftovers });
    if (outcome.result === 'completed') this.#say.emit({ event: 'result', value: this.#program.result });
    const report = buildReport({
      runId: this.#say.runId,
      ownRunId: this.#ownRunId,
      versions: versionsOf(this.#hellos()),
      party: this.#options.party,
      parties: this.#parties,
      // Without its folder: parties give their reports to each other.
      job: { file: basename(this.#options.jobFile), hash: this.#program.jobHash },
      startedAt: this.#startedAt,
      endedAt: this.#platform.clock.wallTime(),
      // With texts that have come since it was decided.
      outcome: withTexts(outcome, board.contributions, texts),
      board,
      recorder: this.#recorder,
      chronicle: this.#chronicle,
      waits: this.#program.waits,
      reclaimed: { items, leftovers },
    });
    return this.#write(report);
  }

  /** The verdict stands without a report; but who asked for one and has none must not be told that all is well. */
  async #write(report: RunReport): Promise<RunReport> {
    const { reportDir } = this.#options;
    if (reportDir === undefined) return report;
    try {
      const ms = this.#options.kill?.aborted ? FILE_IO_STOPPED_MS : FILE_IO_MS;
      const what = `${reportDir}: the report cannot be written`;
      const writing = writeReport(reportDir, report, (text) => this.#say.info(text), this.#page);
      const path = await within(this.#platform, { ms, what, failure: 'OUTPUT_FAILED' }, writing);
      this.#say.emit({ event: 'report', path });
      return report;
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#say.emit({ event: 'log', level: 'error', message: error.message });
      const exitCode = report.exitCode === 0 ? failureCodes[error.failure].exit : report.exitCode;
      return { ...report, exitCode };
    }
  }

  /** All that have been said, by party. */
  #hellos(): Hellos {
    const { hello, peers } = this.#coordinator.state;
    const all = this.#parties.map((name, i) => [name, i === this.#self ? hello : peers[i]?.hello] as const);
    return new Map(all.flatMap(([name, said]) => (said ? [[name, said] as const] : [])));
  }
}
