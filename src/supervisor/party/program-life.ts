/**
 * The life of a party's program process, from its start to its end: what it says, whether it answers, how it is ended.
 */
import { dirname, resolve } from 'node:path';
import type { Timer } from '../../contracts/index.ts';
import type { JobFacts } from '../../coordination/hello-facts.ts';
import type { CoreEvent, CoreState, Outcome } from '../../coordination/types.ts';
import type { Identity } from '../../transport/index.ts';
import type { Announcer } from '../record/announcer.ts';
import { LastHeard } from '../record/busy.ts';
import type { Chronicle } from '../record/chronicle.ts';
import type { RunRecord } from '../record/reclaim.ts';
import type { Recorder } from '../record/recorder.ts';
import { Waits } from '../record/waits.ts';
import { withoutSandboxText } from '../sandbox/choose.ts';
import { TRIED, type Tried } from '../sandbox/policy.ts';
import { type Bounds, KILLED_MS } from '../seam/bounds.ts';
import type { FromProgram, StepNews, ToProgram } from '../seam/ipc.ts';
import { namesOnly } from '../seam/ipc-schema.ts';
import { memoryText } from '../seam/memory-limit.ts';
import type { FederationMember, PartyOptions, RunName } from '../seam/options.ts';
import type { Planes, ProgramChild, SupervisorPlatform } from '../seam/platform.ts';
import { describeExit, endedBecause, type ProgramExit } from '../seam/program-exit.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { OwnFailures } from './own-failures.ts';
import { ProgramWatch } from './program-watch.ts';

export interface ProgramLifeOptions<Child extends ProgramChild> {
  readonly platform: SupervisorPlatform<Child>;
  readonly party: PartyOptions;
  readonly parties: readonly string[];
  readonly bounds: Bounds;
  readonly record: RunRecord;
  readonly recorder: Recorder;
  readonly chronicle: Chronicle;
  readonly say: Announcer;
  readonly own: OwnFailures;
  readonly dispatch: (event: CoreEvent) => void;
  /** The job is loaded: this party can say hello. */
  readonly loaded: (jobHash: string, argsDigest: string, facts: JobFacts) => void;
}

export class ProgramLife<Child extends ProgramChild> {
  readonly waits: Waits;
  readonly #options: ProgramLifeOptions<Child>;
  readonly #watch: ProgramWatch;
  readonly #lastHeard: LastHeard;
  #process: Child | undefined;
  #jobHash: string | null = null;
  #jobDeadlineMs: number | undefined;
  #result: unknown;
  #saidGoodbye = false;
  #isOver = false;
  /** Why Privity has ended the process, if it has. */
  #endedBecause: string | undefined;
  /** Others than Privity speak for it. */
  #isDistrusted = false;
  /** What ended the process has been told as a failure already. */
  #isTold = false;

  constructor(options: ProgramLifeOptions<Child>) {
    this.#options = options;
    this.waits = new Waits(options.parties, (stepId) => options.recorder.nameOf(stepId));
    this.#lastHeard = new LastHeard((stepId) => options.recorder.kindOf(stepId));
    this.#watch = new ProgramWatch({
      clock: options.platform.clock,
      stepDeadlineMs: options.bounds.stepDeadlineMs,
      ask: () => this.send({ type: 'ping' }),
      answering: (answers) => this.#tellAnswering(answers),
      expired: (stepId, isStuck) => this.#expired(stepId, isStuck),
    });
    options.record.hold('timer', 'program watch', () => this.#watch.stop());
  }

  get jobHash(): string | null {
    return this.#jobHash;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The folder that the program can write to, if it is not the run's. */
  get tempDir(): string | undefined {
    return this.#process?.tempDir;
  }

  /** What the job returned here, as JSON. */
  get result(): unknown {
    return this.#result;
  }

  send(message: ToProgram): void {
    this.#process?.send(message);
  }

  /** Starts the process and has it load the job. */
  async start(tempDir: string): Promise<void> {
    const { party: options, platform, parties, bounds, record, say, own } = this.#options;
    const memoryMaxBytes = this.#memoryMaxBytes;
    const handlers = {
      onMessage: (message: FromProgram) => this.#take(message),
      onLine: (message: string) => say.emit({ event: 'log', level: 'info', message }),
      onExit: (exit: ProgramExit) => this.#exited(exit),
    };
    const cwd = dirname(resolve(options.jobFile));
    const { sandbox } = options;
    const isSandboxed = sandbox?.kind === 'bubblewrap';
    if (isSandboxed) say.info('the code of the job runs in a sandbox');
    if (sandbox?.kind === 'none') say.warn(withoutSandboxText(sandbox.reason));
    const { jobFile, settings, federation, resultsDir, code } = options;
    const confined = isSandboxed
      ? { path: sandbox.path, jobFile, settings, federation, resultsDir, code }
      : undefined;
    const program = await platform.spawnProgram(cwd, tempDir, handlers, memoryMaxBytes, confined);
    this.#process = program;
    record.hold('program process', String(program.pid), async () => {
      this.kill(endedBecause.noRun);
      const members = await program.treeGone();
      if (members.length > 0) throw new Error(`processes ${members.join(', ')} are still there`);
    });
    const { party, args, errorDetail, plaintext = false, contract } = options;
    const { minimumRows, psiProtocols } = options;
    program.send({
      type: 'load',
      party,
      parties,
      jobFile: resolve(jobFile),
      ...(code === undefined ? {} : { code }),
      args,
      settings,
      errorDetail,
      ...(contract ? { contract } : {}),
      ...(minimumRows === undefined ? {} : { minimumRows }),
      ...(psiProtocols === undefined ? {} : { psiProtocols }),
      plaintext,
      tempDir: program.tempDir ?? tempDir,
      ...(isSandboxed ? { isSandboxed } : {}),
      ...(memoryMaxBytes === undefined ? {} : { memoryMaxBytes }),
      dataLinkMs: bounds.dataLinkMs,
    });
    say.emit({ event: 'process.started', role: 'program', pid: program.pid });
    const limit = platform.clock.after(bounds.loadMs, () => {
      if (this.#jobHash !== null) return;
      own.failed('SETUP_FAILED', `the job was not loaded within ${bounds.loadMs} ms`);
    });
    record.hold('timer', 'load', () => limit.cancel());
    if (memoryMaxBytes !== undefined) this.#watchMemory(program, memoryMaxBytes);
  }

  get #memoryMaxBytes(): number | undefined {
    return this.#options.party.memoryMaxBytes ?? this.#options.platform.defaultMemoryMax();
  }

  #watchMemory(program: Child, memoryMaxBytes: number): void {
    const { platform, record, say } = this.#options;
    if (program.memory() === undefined)
      return say.warn(
        `this system does not tell what a process holds: memoryMax (${memoryText(memoryMaxBytes)}) bounds the heap of the program only`,
      );
    const watch = new MemoryWatch({
      loop: platform,
      memoryMaxBytes,
      used: () => program.memory(),
      exceeded: (bytes) => this.#holdsTooMuch(bytes, memoryMaxBytes),
    });
    watch.start();
    record.hold('timer', 'memory watch', () => watch.stop());
  }

  /** It is ended before the others have agreed on that: what it holds is needed by everybody else on this machine. */
  #holdsTooMuch(bytes: number, memoryMaxBytes: number): void {
    const { own } = this.#options;
    if (!this.#isOver) {
      const [stepId, ...others] = this.#watch.running;
      const facts = `the program process holds more than its memoryMax of ${memoryText(memoryMaxBytes)}`;
      const held = `it held ${memoryText(bytes)}`;
      this.#isTold = true;
      own.failed('RESOURCE_EXHAUSTED', facts, held, others.length > 0 ? undefined : stepId, true);
    }
    this.kill(endedBecause.memory(memoryMaxBytes));
  }

  /** All parties are there: lets the program begin, with its key of this run and the keys of its peers. */
  begin(
    run: RunName,
    planes: Planes<Child>,
    identity: Identity,
    federation: readonly FederationMember[],
  ): void {
    this.send({ type: 'start', run, federation, identity });
    if (this.#process) planes.handDataTo(this.#process, run);
    this.#watch.start();
  }

  /** The run is decided: whatever the program does from now on is no failure. */
  over(state: CoreState): void {
    this.#isOver = true;
    this.#watch.stop();
    this.waits.over(state, this.#options.platform.clock.now());
  }

  /** Ends the process tree at once. `because`: behind `was ended by Privity`; the first reason counts. */
  kill(because: string): void {
    this.#endedBecause ??= because;
    this.#process?.killTree();
  }

  /** After the verdict: the job's own clean-up has `graceMs`, then the whole process tree is ended. */
  async end(outcome: Outcome): Promise<void> {
    const program = this.#process;
    if (!program) return;
    const { bounds, platform, say, chronicle, party } = this.#options;
    program.send(outcome.result === 'completed' ? { type: 'close' } : { type: 'abort', outcome });
    let timer: Timer | undefined;
    const late = new Promise<'late'>((done) => {
      timer = platform.clock.after(bounds.graceMs, () => done('late'));
    });
    const killed = party.kill?.aborted === true;
    if (killed || (await Promise.race([program.exited, late])) === 'late') {
      const because = killed ? endedBecause.asked : endedBecause.grace(bounds.graceMs);
      if (!killed) say.warn(`the program did not end by itself and is ended by Privity ${because}`);
      chronicle.note({ what: 'killed' });
      this.kill(because);
      await this.#gone(program);
    }
    timer?.cancel();
  }

  /**
   * A process that waits for a dead disk does not even end when it is killed; what is left of it is reported as a
   * leftover.
   */
  async #gone(program: Child): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((done) => {
      timer = this.#options.platform.hold(KILLED_MS, done);
    });
    await Promise.race([program.exited, late]);
    timer?.cancel();
  }

  #tellAnswering(answers: boolean): void {
    const { busy } = this.#lastHeard;
    this.#options.dispatch({ type: 'answering', answers, ...(answers ? {} : { busy }) });
  }

  #take(message: FromProgram): void {
    if (this.#isDistrusted) return;
    this.#lastHeard.heard(this.#options.platform.clock.now());
    if (namesOnly(this.#options.parties, message)) this.#heed(message);
    else this.#tried('channel');
    // It has said something, though not what it was asked: it goes from one piece of work to the next.
    if (!this.#watch.answers) this.#tellAnswering(false);
  }

  #heed(message: FromProgram): void {
    const { dispatch, say, own, record, parties, chronicle, platform } = this.#options;
    switch (message.type) {
      case 'loaded':
        this.#jobHash = message.jobHash;
        this.#jobDeadlineMs = message.stepDeadlineMs;
        this.#watch.limitSteps(message.stepDeadlineMs);
        return this.#options.loaded(message.jobHash, message.argsDigest, message.facts);
      case 'failed':
        say.awaitDetail(message.failure);
        return dispatch({ type: 'failed', failure: message.failure });
      case 'scopeFailed':
        say.awaitDetail(message.failure);
        return dispatch({ type: 'scopeFailed', scope: message.scope, failure: message.failure });
      case 'scopeLeft':
      case 'conclaveLeft':
        return dispatch(message);
      case 'detail':
        return say.failure(message.failure, message);
      case 'diverged': {
        const { branch, position } = message;
        return dispatch({ type: 'diverged', peer: parties.indexOf(message.peer), branch, position });
      }
      case 'dial':
        // Answered where the process is.
        return;
      case 'tried':
        return this.#tried(message.what);
      case 'silent':
        return own.silent(message.peer);
      case 'orphaned':
        return own.lost(
          message.peer,
          'PEER_CRASHED',
          `what is left of ${message.peer} says that its supervisor has ended`,
        );
      case 'refused':
        say.emit({ event: 'log', level: 'error', message: message.message });
        return own.lost(message.peer, message.code, message.message);
      case 'news':
        return this.#news(message.news);
      case 'pong':
        return this.#watch.answered();
      case 'waiting':
        return this.waits.take(message.waits, platform.clock.now());
      case 'finished':
        this.#result = message.result;
        this.waits.through(platform.clock.now());
        chronicle.note({ what: 'through' });
        return dispatch({ type: 'finished', fin: message.fin });
      case 'closed':
        // Before the verdict it has no leave to go.
        this.#saidGoodbye ||= this.#isOver;
        record.count(message.reclaimed);
    }
  }

  /** The job is not trusted any more, whatever it makes of the error. What it tried is in static words, which cross. */
  #tried(what: Tried): void {
    const { own, say } = this.#options;
    const by = this.#options.party.sandbox?.kind === 'bubblewrap' ? 'its sandbox' : 'Privity';
    const facts = `the code of the job tried ${TRIED[what]}, which ${by} refuses`;
    if (this.#isOver) say.warn(facts);
    else {
      const [stepId, ...others] = this.#watch.running;
      const leaves = what === 'channel';
      this.#isTold ||= leaves;
      own.failed('POLICY_DENIED', facts, '', others.length > 0 ? undefined : stepId, leaves);
    }
    // What it says is nothing to rely on any more.
    this.#isDistrusted ||= what === 'channel';
    if (this.#isDistrusted) this.kill(endedBecause.channel);
  }

  #news(news: readonly StepNews[]): void {
    const { recorder, dispatch } = this.#options;
    const entries = news.flatMap((item) => (item.news === 'issued' ? [item.entry] : []));
    for (const item of news) {
      recorder.take(item);
      // Only tasks have a deadline of their own: the other kinds of steps wait for peers, who have theirs.
      if (item.news === 'started' && recorder.kindOf(item.stepId) === 'task')
        this.#watch.stepStarted(item.stepId);
      if (item.news === 'started') this.#lastHeard.stepStarted(item.stepId);
      if (item.news !== 'finished') continue;
      this.#lastHeard.stepFinished(item.stepId);
      this.#watch.stepFinished(item.stepId);
      this.waits.stepFinished(item.stepId);
    }
    if (entries.length > 0) dispatch({ type: 'steps', entries });
  }

  #expired(stepId: string | null, isStuck: boolean): void {
    const { own, bounds, party } = this.#options;
    const partys = `${bounds.stepDeadlineMs} ms (stepDeadlineMs of ${party.party})`;
    if (stepId === null)
      return own.failed('STALLED', `the program has not answered for the step deadline of ${partys}`);
    const jobs = this.#jobDeadlineMs ?? Number.POSITIVE_INFINITY;
    const deadline = jobs < bounds.stepDeadlineMs ? `${jobs} ms (stepDeadlineMs of the job)` : partys;
    const words = isStuck ? ', and its program does not answer' : '';
    const facts = `the step has not ended within its deadline of ${deadline}${words}`;
    own.failed(isStuck ? 'STALLED' : 'DEADLINE_EXCEEDED', facts, '', stepId);
  }

  /** The program process is gone. Unless it had said goodbye, this is what the others must hear of. */
  #exited(exit: ProgramExit): void {
    const { say, own } = this.#options;
    const pid = this.pid ?? 0;
    const because = exit.signal === 'SIGKILL' ? this.#endedBecause : undefined;
    const ended = because === undefined ? {} : { endedByPrivity: because };
    say.emit({
      event: 'process.exited',
      role: 'program',
      pid,
      code: exit.code,
      signal: exit.signal,
      ...ended,
    });
    say.failuresAwaited();
    if (this.#saidGoodbye || this.#isOver || this.#isTold) return;
    const { code, facts } = describeExit(exit, this.#memoryMaxBytes);
    own.failed(code, facts, exit.code === null ? '' : `exit code ${exit.code}`, undefined, true);
  }
}
